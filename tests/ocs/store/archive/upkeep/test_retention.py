from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.model.archive_policy import Policy, read_policy
from ocs.model.gap import GapCause
from ocs.store.archive.upkeep.retention import RetainReport, disk_used, retain
from tests.ocs.store.archive.shelf import DAY, KEY, SECOND, START, Row, Shelf

DAYS = 10


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Ten days of 4000 rows each, with roll-ups."""
    shelf = Shelf(tmp_path)
    for day in range(DAYS):
        start = START + day * DAY
        shelf.add(range(start, start + 4000 * SECOND, SECOND), seq=1 + day * 4000)
    yield shelf
    shelf.catalogue.close()


def rule(**what: object) -> Policy:
    return read_policy([{"match": "lab/*", **what}])


def expired(shelf: Shelf) -> list[tuple[int, int | None, int]]:
    return [(gap.start, gap.end, gap.rows) for gap in shelf.catalogue.gaps() if gap.cause is GapCause.EXPIRED]


def rows_since(shelf: Shelf, instant: int) -> list[Row]:
    return [row for row in shelf.rows if row[0] >= instant]


def test_blocks_go_when_their_last_row_is_too_old_and_roll_ups_stay_longer(shelf: Shelf) -> None:
    kept = rows_since(shelf, START + 7 * DAY)

    report = retain(
        shelf.catalogue, shelf.layout, rule(keep_days=3, keep_rollup_days=8).keeping, now=START + DAYS * DAY
    )

    assert shelf.rows == kept
    assert len(kept) == 3 * 4000
    assert shelf.rolled == {"1m": 8 * 4000, "1h": 8 * 4000}
    assert shelf.files == shelf.catalogue.paths()
    assert (report.blocks, report.rollups, report.rows) == (7, 4, 7 * 4000)
    assert report.size > 0


def test_what_expired_is_one_gap_that_grows(shelf: Shelf) -> None:
    last = START + 3999 * SECOND

    retain(shelf.catalogue, shelf.layout, rule(keep_days=3).keeping, now=START + 5 * DAY)
    assert expired(shelf) == [(START, last + DAY, 2 * 4000)]
    retain(shelf.catalogue, shelf.layout, rule(keep_days=3).keeping, now=START + 6 * DAY)

    assert expired(shelf) == [(START, last + 2 * DAY, 3 * 4000)]
    assert shelf.catalogue.gaps()[0].device == KEY.device


def test_older_rows_that_came_late_and_expired_have_a_gap_of_their_own(shelf: Shelf) -> None:
    retain(shelf.catalogue, shelf.layout, rule(keep_days=3).keeping, now=START + 5 * DAY)
    shelf.add([START - DAY])

    retain(shelf.catalogue, shelf.layout, rule(keep_days=3).keeping, now=START + 5 * DAY)

    assert expired(shelf) == [(START - DAY, START - DAY, 1), (START, START + DAY + 3999 * SECOND, 8000)]


def test_nothing_goes_without_a_rule_that_fits(shelf: Shelf) -> None:
    before = shelf.rows

    for policy in (Policy(), read_policy([{"match": "stage-1.*", "keep_days": 1}])):
        report = retain(shelf.catalogue, shelf.layout, policy.keeping, now=START + 1000 * DAY)
        assert report == RetainReport()

    assert shelf.rows == before
    assert shelf.catalogue.gaps() == []


def test_rows_stay_when_only_roll_ups_expire(shelf: Shelf) -> None:
    retain(shelf.catalogue, shelf.layout, rule(keep_rollup_days=1).keeping, now=START + 1000 * DAY)

    assert len(shelf.rows) == DAYS * 4000
    assert shelf.rolled == {}
    assert shelf.catalogue.gaps() == []


def test_folders_of_days_that_are_gone_go_too(shelf: Shelf) -> None:
    retain(shelf.catalogue, shelf.layout, rule(keep_days=1, keep_rollup_days=1).keeping, now=START + 1000 * DAY)

    assert [path.name for path in shelf.layout.folder.rglob("20??-??-??")] == []


def test_the_disk_is_used_to_some_part(tmp_path: Path) -> None:
    assert 0.0 < disk_used(tmp_path) < 1.0
    with pytest.raises(FileNotFoundError):
        disk_used(tmp_path / "nowhere")
