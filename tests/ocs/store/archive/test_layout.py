from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ocs.model.errors import ParameterError
from ocs.model.series import SeriesKey
from ocs.store.archive.layout import Layout, check_name, day_of, decoded, encoded

LAYOUT = Layout(Path("/archive"))
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(names)
def test_a_name_comes_back_from_its_part_of_a_path(name: str) -> None:
    assert decoded(encoded(name)) == name
    assert not set("/.\0") & set(encoded(name))


@given(names, names, names)
def test_the_series_comes_back_from_the_path_of_a_block(device: str, feed: str, block: str) -> None:
    series = SeriesKey(device, feed, block)

    assert LAYOUT.series_of(LAYOUT.block(series, "2026-03-01", "1-1-0")) == series
    assert LAYOUT.series_of(LAYOUT.rollup(series, "2026-03-01", "1-1-0", "1s")) == series


@given(st.tuples(names, names, names), st.tuples(names, names, names))
def test_no_two_series_share_a_folder(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assume(one != other)
    paths = {LAYOUT.block(SeriesKey(*key), "2026-03-01", "1-1-0") for key in (one, other)}

    assert len(paths) == 2


def test_paths_can_be_read_by_people() -> None:
    path = LAYOUT.block(SeriesKey("lab/thermo-1", "temperatures", "temperatures"), "2026-03-01", "000000000001-1-0")

    assert LAYOUT.relative(path) == "blocks/lab%2Fthermo-1/temperatures/2026-03-01/000000000001-1-0.parquet"


def test_files_that_are_no_blocks_are_refused() -> None:
    for path in (Path("/archive/blocks/a"), Path("/elsewhere/a/b/c/d")):
        with pytest.raises(ParameterError, match="no block of the archive"):
            LAYOUT.series_of(path)


def test_files_of_the_journal_are_found_in_their_order(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.journals.mkdir()
    for number in (10, 2, 1_000_000_000_000):
        layout.journal(number).touch()
    for name in ("notes.log", "1.log", "000000000003.log.damaged", "000000000004"):
        (layout.journals / name).touch()

    assert layout.journal_numbers() == [2, 10, 1_000_000_000_000]


@pytest.mark.parametrize("key", [SeriesKey("ä" * 41, "a", "a"), SeriesKey("a", "b" * 120, "c" * 120)])
def test_a_series_whose_names_make_no_folder_is_refused(key: SeriesKey) -> None:
    with pytest.raises(ParameterError, match="240 are allowed"):
        check_name(key)


@pytest.mark.parametrize(
    ("instant", "day"),
    [(0, "1970-01-01"), (-1, "1969-12-31"), (2**63 - 1, "2262-04-11"), (-(2**63), "1677-09-21")],
)
def test_each_instant_has_its_day(instant: int, day: str) -> None:
    assert day_of(instant) == day
