"""Rows that a spool had to give up, as gap records that wait until they are in the spool themselves."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import msgpack

from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.spool.limits import Entry
from ocs.store.spool.mark import Span
from ocs.store.spool.segment import Segment
from ocs.wire.archive import encode_gap
from ocs.wire.plain import sendable

LONGEST_DETAIL = 1000
"""Characters of a gap's words that are kept."""

MOST_HELD = 10_000
"""So many gap records of others wait in memory while the disk is full; beyond that the oldest go."""


class Losses:
    """Gaps by series, epoch and cause: bounded, however long a disk is full."""

    def __init__(self) -> None:
        self._gaps: dict[tuple[SeriesKey, int, GapCause], Gap] = {}
        self._held: deque[Entry] = deque(maxlen=MOST_HELD)

    def add(self, entry: Entry, cause: GapCause, detail: str = "") -> None:
        """Take note that the rows of an entry are lost; if it is a gap record itself, hold it."""
        series = entry.series
        if series is None:
            self._held.append(entry)
            return
        gap = Gap(
            series.device, entry.first, entry.last, cause, series.feed, series.block, rows=entry.rows,
            epoch=entry.epoch, first=entry.seq, last=entry.seq + entry.rows - 1, detail=detail,
        )  # fmt: skip
        key = (series, entry.epoch, cause)
        self._gaps[key] = _joined(self._gaps[key], gap) if key in self._gaps else gap

    def add_unreadable(self, segment: Segment) -> None:
        """Take note that the rest of a file cannot be read: nobody knows which rows it had, only whose and when."""
        for series in segment.series:
            gap = Gap(
                series.device, segment.oldest, segment.newest, GapCause.SPOOL_DAMAGED, series.feed, series.block,
                detail=str(segment.path),
            )  # fmt: skip
            self._held.append(gap_entry(gap))

    @property
    def span(self) -> Span | None:
        """Between which times, in ns, is missing what has no gap in the spool yet."""
        spans = [(entry.first, entry.last) for entry in self._held]
        spans += [(gap.start, gap.end or gap.start) for gap in self._gaps.values()]
        return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None

    def entries(self) -> list[Entry]:
        """Return what is to be put into the spool."""
        return [*self._held, *map(gap_entry, self._gaps.values())]

    def clear(self) -> None:
        """Take note that it is there."""
        self._held.clear()
        self._gaps.clear()


def gap_entry(gap: Gap) -> Entry:
    """Return a gap as an entry that is kept longest."""
    end = gap.start if gap.end is None else gap.end
    told = replace(gap, detail=sendable(gap.detail[:LONGEST_DETAIL]))  # what a device said, and no UTF-8 perhaps
    return Entry(None, gap.epoch, 0, 0, gap.start, end, 0, msgpack.packb({"gap": encode_gap(told)}))


def _joined(one: Gap, other: Gap) -> Gap:
    return replace(
        one, start=min(one.start, other.start), end=max(one.end or 0, other.end or 0), rows=one.rows + other.rows,
        first=min(one.first, other.first), last=max(one.last, other.last),
    )  # fmt: skip
