from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.gap import GapCause
from ocs.store.archive.blocks.parquet import row_groups
from ocs.store.archive.catalogue.catalogue import Block
from ocs.store.archive.upkeep.compaction import MANY, MOST_BYTES, SMALL_BYTES, CompactReport, compact, due
from tests.ocs.store.archive.shelf import DAY, SECOND, START, Shelf

NOON = START + DAY // 2
DAYS_LATER = START + 3 * DAY


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.catalogue.close()


def block(number: int, rows: int, size: int) -> Block:
    return Block(1, 1, f"{number:012}-1-0.parquet", rows, number, number, "2026-03-01", size, number, number)


def test_eleven_small_blocks_wait_and_the_twelfth_has_them_merged(shelf: Shelf) -> None:
    for number in range(MANY - 1):
        shelf.add([START + number * SECOND], seq=number + 1)
    assert compact(shelf.catalogue, shelf.layout, now=NOON) == CompactReport()

    shelf.add([START + 100 * SECOND], seq=MANY)
    report = compact(shelf.catalogue, shelf.layout, now=NOON)

    assert report == CompactReport(before=MANY, after=1, rows=MANY)
    assert len(shelf.catalogue.blocks()) == 1


def test_a_day_that_is_over_becomes_one_block_of_all_its_rows_in_order(shelf: Shelf) -> None:
    shelf.add(range(START, START + 5000 * SECOND, SECOND), epoch=1)
    shelf.add(range(START + 1000 * SECOND, START + 6000 * SECOND, SECOND), epoch=2, quality=2)
    before = sorted(shelf.rows)

    compact(shelf.catalogue, shelf.layout, now=START + DAY + 60 * SECOND)
    assert len(shelf.catalogue.blocks()) == 2
    compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)

    assert len(shelf.catalogue.blocks()) == 1
    assert shelf.rows == before
    assert shelf.rolled == {"1m": 10_000, "1h": 10_000}


def test_only_the_merged_files_are_left(shelf: Shelf) -> None:
    for number in range(3):
        shelf.add(range(START + number, START + 3000 * SECOND, SECOND), epoch=number)

    compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)

    assert shelf.files == shelf.catalogue.paths()
    path = shelf.layout.folder / shelf.catalogue.blocks()[0].path
    assert path.name == "000000000003-1-1.parquet"
    metadata = pq.ParquetFile(path).schema_arrow.metadata
    assert metadata[b"merged"] == b"000000000001-1-0,000000000002-1-0,000000000003-1-0"
    assert metadata[b"device"] == b"lab/thermo-1"


def test_days_are_not_mixed(shelf: Shelf) -> None:
    for number in range(4):
        shelf.add([START + number % 2 * DAY + number], seq=number + 1)

    compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)

    assert [(found.day, found.rows) for found in shelf.catalogue.blocks()] == [("2024-10-04", 2), ("2024-10-05", 2)]


def test_merging_goes_on_over_what_was_merged_before(shelf: Shelf) -> None:
    numbers = list(range(40))
    random.Random(4).shuffle(numbers)
    for number in numbers:
        shelf.add([START + number * SECOND, START + number * SECOND + 5], seq=2 * number + 1)
        compact(shelf.catalogue, shelf.layout, now=NOON)

    compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)

    assert len(shelf.catalogue.blocks()) == 1
    assert shelf.rows == [(START + n * SECOND + k, 1, 2 * n + 1 + k // 5) for n in range(40) for k in (0, 5)]
    assert shelf.files == shelf.catalogue.paths()


def test_row_groups_of_a_merged_block_are_full(shelf: Shelf) -> None:
    for number in range(3):
        shelf.add(range(START + number * 30_000, START + (number + 1) * 30_000), seq=1 + number * 30_000)

    compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)

    groups = row_groups(shelf.layout.folder / shelf.catalogue.blocks()[0].path)
    assert [last - first + 1 for first, last in groups] == [32_768, 32_768, 24_464]


def test_a_damaged_block_is_set_aside_and_the_others_are_merged_the_next_time(shelf: Shelf) -> None:
    paths = [shelf.add([START + number], seq=number + 1) for number in range(3)]
    os.truncate(paths[1], 100)

    first = compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)
    second = compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)

    assert (first.after, first.damaged) == (0, (shelf.layout.relative(paths[1]),))
    assert (second.before, second.after) == (2, 1)
    assert [(gap.cause, gap.start, gap.rows) for gap in shelf.catalogue.gaps()] == [(GapCause.DAMAGED, START + 1, 1)]


def test_a_disk_that_refuses_leaves_the_blocks_as_they_were(shelf: Shelf) -> None:
    path = shelf.add([START])
    shelf.add([START + 1], seq=2)
    blocks, files = shelf.catalogue.blocks(), shelf.files
    (path.parent / "000000000002-1-1.parquet.part").mkdir()  # nothing can be written under this name

    with pytest.raises(OSError, match="part"):
        compact(shelf.catalogue, shelf.layout, now=DAYS_LATER)

    assert (shelf.catalogue.blocks(), shelf.files) == (blocks, files)


def test_merging_ends_early_when_it_is_asked_to(shelf: Shelf) -> None:
    shelf.add([START])
    shelf.add([START + 1], seq=2)

    assert compact(shelf.catalogue, shelf.layout, now=DAYS_LATER, stopping=lambda: True) == CompactReport()


def test_days_before_an_instant_are_not_looked_at(shelf: Shelf) -> None:
    for day in range(2):
        shelf.add([START + day * DAY])
        shelf.add([START + day * DAY + 1], seq=2)

    compact(shelf.catalogue, shelf.layout, now=DAYS_LATER, since=START + DAY)

    assert [found.rows for found in shelf.catalogue.blocks()] == [1, 1, 2]


blocks_of_a_day = st.lists(st.tuples(st.integers(1, 200), st.integers(1, 3 * SMALL_BYTES)), max_size=40).map(
    lambda sizes: [block(number, rows, size) for number, (rows, size) in enumerate(sizes)]
)


@given(blocks_of_a_day, st.booleans())
def test_groups_are_of_different_blocks_and_not_too_large(blocks: list[Block], over: bool) -> None:  # noqa: FBT001 - drawn
    groups = due(blocks, over=over, most_rows=150)

    merged = [found.id for group in groups for found in group]
    assert len(merged) == len(set(merged))
    assert all(len(group) > 1 and sum(found.rows for found in group) <= 150 for group in groups)


@given(blocks_of_a_day)
def test_merging_comes_to_an_end(blocks: list[Block]) -> None:
    for _ in range(len(blocks) + 1):
        groups = due(blocks, over=True, most_rows=150)
        if not groups:
            break
        gone = {found.id for group in groups for found in group}
        made = [block(g[0].id, sum(b.rows for b in g), sum(b.size for b in g)) for g in groups]
        blocks = sorted([b for b in blocks if b.id not in gone] + made, key=lambda b: b.first)

    assert due(blocks, over=True, most_rows=150) == []


def test_blocks_are_not_merged_to_a_file_that_is_too_large() -> None:
    blocks = [block(number, 10, MOST_BYTES // 2 - 1) for number in range(5)]

    assert [len(group) for group in due(blocks, over=True, most_rows=1000)] == [2, 2]


def test_few_late_rows_do_not_have_a_large_block_written_again() -> None:
    large = block(1, 1000, 800_000_000)

    assert due([large, block(2, 10, 8000)], over=True, most_rows=10_000) == []
    assert len(due([large, block(2, 400, 300_000_000)], over=True, most_rows=10_000)) == 1
    late = [block(number, 10, 8000) for number in range(2, 2 + MANY)]
    assert due([large, *late], over=True, most_rows=10_000) == [late]
