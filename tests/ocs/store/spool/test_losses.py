"""Losses: as many gap records as there are series, however long a disk is full."""

from __future__ import annotations

import msgpack

from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.spool.losses import MOST_HELD, Losses, gap_entry
from ocs.store.spool.spool import Entry
from ocs.wire.archive import decode_gap

KEY = SeriesKey("thermo-1", "temperatures", "fast")


def lost(seq: int, rows: int = 10, epoch: int = 7, key: SeriesKey = KEY) -> Entry:
    return Entry(key, epoch, seq, rows, 1000 + seq, 1000 + seq + rows, 1, b"")


def told(losses: Losses) -> list[Gap]:
    return [decode_gap(msgpack.unpackb(entry.body)["gap"]) for entry in losses.entries()]


def test_rows_of_one_series_epoch_and_cause_are_one_gap() -> None:
    losses = Losses()
    for seq in (51, 1, 101):
        losses.add(lost(seq), GapCause.DISK_FULL)

    (gap,) = told(losses)

    assert gap == Gap(
        "thermo-1", 1001, 1111, GapCause.DISK_FULL, "temperatures", "fast", rows=30, epoch=7, first=1, last=110
    )


def test_another_series_epoch_or_cause_is_another_gap() -> None:
    losses = Losses()
    losses.add(lost(1), GapCause.DISK_FULL)
    losses.add(lost(1), GapCause.SPOOL_FULL)
    losses.add(lost(1, epoch=8), GapCause.DISK_FULL)
    losses.add(lost(1, key=SeriesKey("thermo-2", "temperatures", "fast")), GapCause.DISK_FULL)

    assert [gap.rows for gap in told(losses)] == [10] * 4


def test_a_gap_says_what_else_was_wrong() -> None:
    losses = Losses()
    losses.add(lost(1), GapCause.DISK_FULL, "Read-only file system")

    assert told(losses)[0].detail == "Read-only file system"


def test_a_gap_record_that_could_not_be_written_is_held_as_it_is() -> None:
    losses = Losses()
    entry = gap_entry(Gap("thermo-1", 5, None, GapCause.LINK_LOST))

    losses.add(entry, GapCause.DISK_FULL)

    assert losses.entries() == [entry]
    assert (entry.series, entry.rows, entry.priority, entry.first, entry.last) == (None, 0, 0, 5, 5)


def test_what_is_held_is_bounded() -> None:
    losses = Losses()
    for start in range(MOST_HELD + 5):
        losses.add(gap_entry(Gap("thermo-1", start, None, GapCause.LINK_LOST)), GapCause.DISK_FULL)

    assert [gap.start for gap in told(losses)] == list(range(5, MOST_HELD + 5))


def test_what_was_put_in_is_told_no_more() -> None:
    losses = Losses()
    losses.add(lost(1), GapCause.DISK_FULL)
    losses.add(gap_entry(Gap("thermo-1", 5, None, GapCause.LINK_LOST)), GapCause.DISK_FULL)

    losses.clear()

    assert losses.entries() == []
