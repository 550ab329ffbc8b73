from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ocs.model.gap import GapCause
from ocs.model.name_pattern import Pattern
from ocs.store.archive.catalogue.catalogue import Block, Catalogue
from ocs.store.archive.reading.finding import Finder
from ocs.store.archive.reading.holdings import BadBlockError, Holding, Holdings
from ocs.store.archive.reading.selection import Selection
from ocs.store.archive.reading.unsealed import DamageWarning, Piece, VanishedError
from tests.ocs.store.archive.filling import Filled, at, ticks

SPAN = (at(0), at(1000))


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        filled.put(ticks(10))
        yield filled


@pytest.fixture
def catalogue(filled: Filled) -> Iterator[Catalogue]:
    with Catalogue(filled.layout.catalogue, read_only=True) as catalogue:
        yield catalogue


@pytest.fixture
def holdings(filled: Filled, catalogue: Catalogue) -> Holdings:
    return Holdings(filled.layout, catalogue)


@pytest.fixture
def selection(catalogue: Catalogue) -> Selection:
    return Finder(catalogue).selections(Pattern("thermo-1"))[0]


def kinds(holding: Holding) -> list[type]:
    return [type(source.rows) for source in holding.sources]


def rows(holding: Holding) -> int:
    return sum(table.num_rows for source in holding.sources for table in source.tables(*SPAN))


def test_rows_are_in_the_journal_or_in_blocks(filled: Filled, holdings: Holdings, selection: Selection) -> None:
    assert kinds(holdings.of(selection, *SPAN)) == [Piece]
    filled.seal()
    assert kinds(holdings.of(selection, *SPAN)) == [Block]
    filled.put(ticks(10))
    assert sorted(kind.__name__ for kind in kinds(holdings.of(selection, *SPAN))) == ["Block", "Piece"]


def test_what_lies_outside_the_span_is_not_there(filled: Filled, holdings: Holdings, selection: Selection) -> None:
    assert kinds(holdings.of(selection, at(10), at(20))) == []
    filled.seal()
    assert kinds(holdings.of(selection, at(10), at(20))) == []
    assert kinds(holdings.of(selection, at(9), at(20))) == [Block]


@pytest.mark.parametrize("look_first", [False, True])
def test_a_file_that_is_sealed_during_the_look_is_seen_once(
    filled: Filled,
    holdings: Holdings,
    selection: Selection,
    monkeypatch: pytest.MonkeyPatch,
    look_first: bool,  # noqa: FBT001
) -> None:
    look: Callable[[int], None] = holdings.unsealed.look
    sealed: list[int] = []

    def look_meanwhile(number: int) -> None:
        if look_first:
            look(number)
        if not sealed:
            filled.seal()
        sealed.append(number)
        if not look_first:
            look(number)

    monkeypatch.setattr(holdings.unsealed, "look", look_meanwhile)

    assert rows(holdings.of(selection, *SPAN)) == 10
    assert sealed == [0, 1]


def test_a_block_that_was_merged_needs_only_another_look(
    filled: Filled, holdings: Holdings, selection: Selection
) -> None:
    filled.seal()
    filled.put(ticks(10))
    filled.seal()
    before = holdings.of(selection, *SPAN)
    filled.archive.compact()

    with pytest.raises(VanishedError) as gone:
        rows(before)
    holdings.settle(selection, gone.value, SPAN[0])

    assert rows(holdings.of(selection, *SPAN)) == 20
    assert holdings.damaged == {}


def test_a_bad_block_is_met_once_and_a_gap_from_where_it_was_read_to(
    filled: Filled, holdings: Holdings, selection: Selection
) -> None:
    filled.seal()
    (path,) = filled.blocks()
    path.write_bytes(b"nothing")

    with pytest.raises(BadBlockError) as bad:
        rows(holdings.of(selection, *SPAN))
    with pytest.warns(DamageWarning, match=r"rows of thermo-1\.temperatures are left out"):
        holdings.settle(selection, bad.value, at(4))

    assert rows(holdings.of(selection, *SPAN)) == 0
    (gap,) = holdings.damaged.values()
    assert (gap.cause, gap.start, gap.end, gap.rows) == (GapCause.DAMAGED, at(4), at(9), 0)


def test_a_missing_roll_up_is_looked_for_once(filled: Filled, holdings: Holdings, selection: Selection) -> None:
    filled.put(ticks(5000))
    filled.seal()
    holding = holdings.of(selection, *SPAN)
    (source,) = holding.sources
    rollup = holding.rollups_of(source)["1m"]
    (filled.layout.folder / rollup.path).unlink()

    with pytest.raises(VanishedError) as gone:
        holding.read_rollup(rollup, *SPAN)
    holdings.settle(selection, gone.value, SPAN[0])

    again = holdings.of(selection, *SPAN)
    assert "1m" not in again.rollups_of(again.sources[0])
    assert rows(again) == 10 + 1001
