from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.model.gap import Gap, GapCause
from ocs.store.archive.upkeep.verification import DAMAGED, CheckReport, check
from tests.ocs.store.archive.shelf import DAY, KEY, SECOND, START, Shelf

ROWS = 4000


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Three days of 4000 rows each: a block and two roll-ups a day."""
    shelf = Shelf(tmp_path)
    for day in range(3):
        start = START + day * DAY
        shelf.add(range(start, start + ROWS * SECOND, SECOND), seq=1 + day * ROWS)
    yield shelf
    shelf.catalogue.close()


def files_of(shelf: Shelf, day: int) -> tuple[Path, list[Path]]:
    """Return the block of a day and its roll-ups."""
    rollups = [rollup for rollup in shelf.catalogue.rollups() if rollup.day == shelf.catalogue.blocks()[day].day]
    block = shelf.catalogue.blocks()[day]
    return shelf.layout.folder / block.path, [shelf.layout.folder / rollup.path for rollup in rollups]


def flip(path: Path, part: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * part)] ^= 0x10
    path.write_bytes(content)


def test_a_good_archive_stays_as_it_is(shelf: Shelf) -> None:
    rows = shelf.rows
    told: list[float] = []

    assert check(shelf.catalogue, shelf.layout, on_progress=told.append) == CheckReport(files=9)

    assert shelf.rows == rows
    assert shelf.catalogue.gaps() == []
    assert told == [pytest.approx(number / 9) for number in range(1, 10)]


@pytest.mark.parametrize("thorough", [True, False])
@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.9999])
def test_a_truncated_block_becomes_a_gap_and_nothing_else_suffers(shelf: Shelf, kept: float, thorough: bool) -> None:  # noqa: FBT001 - a parameter
    path, _ = files_of(shelf, 1)
    others = [row for row in shelf.rows if not START + DAY <= row[0] < START + 2 * DAY]
    rolled = shelf.rolled
    os.truncate(path, int(path.stat().st_size * kept))

    report = check(shelf.catalogue, shelf.layout, thorough=thorough)

    assert report.damaged == (shelf.layout.relative(path),)
    assert (path.exists(), path.with_name(path.name + DAMAGED).exists()) == (False, True)
    assert shelf.rows == others
    assert shelf.rolled == rolled
    (gap,) = shelf.catalogue.gaps()
    assert gap.detail.startswith(f"{shelf.layout.relative(path)} has ")
    assert gap == Gap(
        KEY.device, START + DAY, START + DAY + (ROWS - 1) * SECOND, GapCause.DAMAGED, KEY.feed, KEY.block, ROWS,
        detail=gap.detail,
    )  # fmt: skip


def test_damage_within_a_block_is_found_by_reading_it(shelf: Shelf) -> None:
    path, _ = files_of(shelf, 0)
    flip(path, 0.5)

    assert check(shelf.catalogue, shelf.layout, thorough=False).damaged == ()
    assert check(shelf.catalogue, shelf.layout).damaged == (shelf.layout.relative(path),)
    assert check(shelf.catalogue, shelf.layout).damaged == ()
    assert len(shelf.rows) == 2 * ROWS


def test_a_block_that_somebody_deleted_is_a_gap_too(shelf: Shelf) -> None:
    path, _ = files_of(shelf, 0)
    path.unlink()

    assert check(shelf.catalogue, shelf.layout).damaged == (shelf.layout.relative(path),)

    assert [(gap.rows, gap.detail) for gap in shelf.catalogue.gaps()] == [
        (ROWS, f"{shelf.layout.relative(path)} is gone")
    ]


def test_a_gap_covers_all_blocks_that_are_gone_though_their_rows_begin_at_the_same_time(shelf: Shelf) -> None:
    path, _ = files_of(shelf, 0)
    other = shelf.add(range(START, START + 5 * SECOND, SECOND), epoch=2)
    for each in (path, other):
        each.unlink()

    check(shelf.catalogue, shelf.layout)

    (gap,) = shelf.catalogue.gaps()
    assert (gap.start, gap.end, gap.rows) == (START, START + (ROWS - 1) * SECOND, ROWS + 5)


def test_a_damaged_roll_up_is_made_again_from_its_block(shelf: Shelf) -> None:
    rolled = shelf.rolled
    _, rollups = files_of(shelf, 2)
    for path in rollups:
        os.truncate(path, 50)

    report = check(shelf.catalogue, shelf.layout)

    assert (len(report.damaged), report.remade) == (2, 2)
    assert shelf.rolled == rolled
    assert shelf.catalogue.gaps() == []
    assert shelf.catalogue.rollups()[-1].last == START + 2 * DAY + (ROWS - 1) * SECOND


def test_a_damaged_roll_up_whose_block_is_damaged_too_is_forgotten(shelf: Shelf) -> None:
    path, rollups = files_of(shelf, 2)
    for each in (path, *rollups):
        os.truncate(each, 50)

    report = check(shelf.catalogue, shelf.layout)

    assert (len(report.damaged), report.remade) == (3, 0)
    assert shelf.rolled == {"1m": 2 * ROWS, "1h": 2 * ROWS}


def test_a_check_ends_early_when_it_is_asked_to(shelf: Shelf) -> None:
    assert check(shelf.catalogue, shelf.layout, stopping=lambda: True) == CheckReport()
