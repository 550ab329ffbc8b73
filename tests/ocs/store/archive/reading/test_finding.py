from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.errors import NotFoundError
from ocs.model.gap import Gap, GapCause
from ocs.model.name_pattern import Pattern
from ocs.model.series import FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Catalogue, Version
from ocs.store.archive.reading.finding import Finder

FLOAT = FieldType(DataType.FLOAT64)
FAST, SLOW, STAGE = SeriesKey("thermo", "fast", "a"), SeriesKey("thermo", "slow", "slow"), SeriesKey("stage", "f", "f")


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue(tmp_path / "catalogue.sqlite") as catalogue:
        for key, versions in {FAST: ["x y", "x z"], SLOW: ["x"], STAGE: ["position"]}.items():
            number = catalogue.add_series(key)
            for at, names in enumerate(versions):
                catalogue.add_version(Version(number, at + 1, dict.fromkeys(names.split(), FLOAT), 0))
        yield catalogue


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with Catalogue(tmp_path_factory.mktemp("empty") / "catalogue.sqlite") as catalogue:
        yield catalogue


def test_fields_of_all_versions_are_meant_the_newest_first(catalogue: Catalogue) -> None:
    found = list(Finder(catalogue).meant(Pattern("thermo.fast.*")))

    assert [(each.series, list(each.fields)) for each in found] == [(FAST, ["x", "z", "y"])]


def test_series_of_which_nothing_is_meant_are_left_out(catalogue: Catalogue) -> None:
    finder = Finder(catalogue)

    assert [each.series for each in finder.meant(Pattern("*.x"))] == [FAST, SLOW]
    assert [each.series for each in finder.meant(Pattern("thermo.y, stage"))] == [STAGE, FAST]
    assert list(finder.meant(Pattern("nobody"))) == []


def test_selections_have_what_was_asked_of_each_series(catalogue: Catalogue) -> None:
    found = Finder(catalogue).selections(Pattern("thermo.y, thermo.x"))

    assert [(each.series, each.schema.names) for each in found] == [
        (FAST, ["time", "x", "y"]),
        (SLOW, ["time", "x"]),
    ]


@pytest.mark.parametrize("word", ["thermo.q", "thermo.slow.y", "thermo.fast.slow.x", "nobody", "nobody*", "*.q", "t.x"])
def test_each_word_must_mean_something(catalogue: Catalogue, word: str) -> None:
    with pytest.raises(NotFoundError, match="was ever archived") as refused:
        Finder(catalogue).selections(Pattern(["thermo.x", word]))

    assert refused.value.given == word


def test_names_that_are_like_an_unknown_one_are_told(catalogue: Catalogue) -> None:
    with pytest.raises(NotFoundError) as refused:
        Finder(catalogue).selections(Pattern("STAGE.positon"))

    assert refused.value.allowed == ["stage.position"]
    assert refused.value.message == (
        "nothing called STAGE.positon was ever archived; like it are stage.position; "
        "`ocs policy` tells what is archived"
    )


def test_a_device_that_is_like_an_unknown_one_is_told(catalogue: Catalogue) -> None:
    with pytest.raises(NotFoundError, match="like it are thermo, thermo"):
        Finder(catalogue).selections(Pattern("therm"))


@pytest.mark.parametrize(
    ("gap", "patterns"),
    [
        (Gap("thermo", 10, 20, GapCause.AGENT_DOWN), "thermo, thermo.x, thermo.slow.x, *"),
        (Gap("thermo", 10, 20, GapCause.MISSED, "fast"), "thermo, thermo.fast.x, thermo.y, *"),
        (Gap("thermo", 10, 20, GapCause.MISSED, "fast", "a"), "thermo, thermo.fast.x, thermo.y, *"),
        (Gap("nobody", 10, 20, GapCause.REFUSED, "what", "ever"), "nobody, nobody.x, *"),
        (Gap("thermo", 10, 20, GapCause.REFUSED, "new", "new"), "thermo, thermo.x, *"),
    ],
)
def test_gaps_concern_what_they_are_about(catalogue: Catalogue, gap: Gap, patterns: str) -> None:
    catalogue.add_gaps([gap])
    finder = Finder(catalogue)

    for pattern in patterns.split(", "):
        assert finder.gaps(Pattern(pattern), None, None) == [gap]
    assert finder.gaps(Pattern("stage"), None, None) == []


@pytest.mark.parametrize("name", ["thermo.fast", "THERMO.fast.a", "thermo.f*"])
def test_a_feed_has_the_gaps_of_all_of_it(catalogue: Catalogue, name: str) -> None:
    gap = Gap("thermo", 10, 20, GapCause.MISSED, "fast")
    catalogue.add_gaps([gap, Gap("thermo", 10, 20, GapCause.MISSED, "slow")])

    assert Finder(catalogue).gaps(Pattern(name), None, None) == [gap]


@pytest.mark.parametrize("name", ["thermo-2", "stage.positon", "thermo, nobody"])
def test_a_name_of_which_nothing_is_known_has_no_gaps_to_tell(catalogue: Catalogue, name: str) -> None:
    catalogue.add_gaps([Gap("thermo", 10, 20, GapCause.MISSED, "fast")])

    with pytest.raises(NotFoundError, match="was ever archived"):
        Finder(catalogue).gaps(Pattern(name), None, None)


@pytest.mark.parametrize("name", ["thermo", "thermo.fast", "thermo.x", "stage.f.position", "nobody*", "*", "away.x"])
def test_a_name_that_is_known_may_have_no_gaps(catalogue: Catalogue, name: str) -> None:
    catalogue.add_gaps([Gap("away", 1, 2, GapCause.AGENT_DOWN)])

    assert Finder(catalogue).gaps(Pattern(name), 5, 6) == []


def test_a_gap_in_which_nothing_was_lost_is_none(catalogue: Catalogue) -> None:
    catalogue.add_gaps([Gap("thermo", 10, 10, GapCause.MISSED), lost := Gap("thermo", 11, 11, GapCause.MISSED, rows=1)])

    assert Finder(catalogue).gaps(Pattern("thermo"), None, None) == [lost]


def test_gaps_of_another_feed_or_block_are_left_out(catalogue: Catalogue) -> None:
    catalogue.add_version(Version(catalogue.add_series(SeriesKey("thermo", "fast", "b")), 1, {"other": FLOAT}, 0))
    catalogue.add_gaps(
        [Gap("thermo", 1, 2, GapCause.MISSED, "slow"), Gap("thermo", 1, 2, GapCause.MISSED, "fast", "b")]
    )

    assert Finder(catalogue).gaps(Pattern("thermo.fast.x"), None, None) == []


@given(st.integers(0, 9), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9))
def test_gaps_touch_the_span(
    empty: Catalogue, start: int, length: int | None, first: int | None, last: int | None
) -> None:
    assume(first is None or last is None or first <= last)
    gap = Gap("thermo", start, None if length is None else start + length, GapCause.DAMAGED, rows=1)

    found = Finder(empty).gaps(Pattern("*"), first, last, [gap])

    touching = [
        moment
        for moment in range(start, 30 if gap.end is None else gap.end + 1)
        if (first is None or moment >= first) and (last is None or moment <= last)
    ]
    assert bool(found) is bool(touching)


def test_gaps_of_both_sources_are_told_once_in_the_order_of_their_start(catalogue: Catalogue) -> None:
    late, early = Gap("thermo", 9, None, GapCause.PAUSED), Gap("thermo", 1, 2, GapCause.DAMAGED, "slow")
    catalogue.add_gaps([late])

    assert Finder(catalogue).gaps(Pattern("*"), None, None, [early, late]) == [early, late]
