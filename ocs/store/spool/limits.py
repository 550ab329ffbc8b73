"""What a spool may hold, what goes into it and comes out, and what a start finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ocs.model.series import SeriesKey

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """The bounds of a spool.

    Attributes:
        max_bytes: What its files may have; beyond that the oldest of the lowest priority goes.
        max_age_s: How long an entry may wait, in s.
        segment_bytes: A file that has so many is closed, and the next begun.
        reserve_bytes: A file of this size is given up when the disk is full, so that deleting works everywhere.
        live_bytes: Of the newest entries so many are kept in memory, to be sent first.
    """

    max_bytes: int = 1_000_000_000
    max_age_s: float = 7 * 86400.0
    segment_bytes: int = 8_000_000
    reserve_bytes: int = 1_000_000
    live_bytes: int = 8_000_000


def limits_of(megabytes: float) -> SpoolLimits:
    """Return the bounds of a spool of so many MB; its files are so small that the oldest are a small part of it."""
    usual, size = SpoolLimits(), int(megabytes * 1e6)
    part = min(usual.segment_bytes, max(size // 10, 10_000))
    return SpoolLimits(size, segment_bytes=part, reserve_bytes=min(usual.reserve_bytes, part), live_bytes=part)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is committed and sent as one.

    Attributes:
        series: Whose rows it has; None for a gap.
        epoch: Epoch of the rows.
        seq: Number of the first.
        rows: How many there are.
        first: Time of the first, ns.
        last: Time of the last, ns.
        priority: 0 is for gap records, which are kept however old they are; of 1 and 2, 2 goes first.
        body: What is sent.
    """

    series: SeriesKey | None
    epoch: int
    seq: int
    rows: int
    first: int
    last: int
    priority: int
    body: bytes


class Ticket(NamedTuple):
    """Which entry it was.

    Attributes:
        segment: Number of its file.
        place: Its place there, from 0.
        rows: Its rows.
        size: Bytes of its body.
    """

    segment: int
    place: int
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Entries that are on their way.

    Attributes:
        tickets: What to acknowledge, or to give back.
        bodies: What to send.
        rows: How many rows that is.
        live: Whether they are of the newest; else of the backlog.
    """

    tickets: list[Ticket]
    bodies: list[bytes]
    rows: int
    live: bool


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that was damaged and set aside, or cut.

    Attributes:
        path: Where it lies now.
        first: What is missing begins here at the earliest, ns.
        last: And ends here at the latest, ns.
        cut_bytes: So many bytes are missing at its end; 0 where something else is wrong with it.
    """

    path: str
    first: int
    last: int
    cut_bytes: int = 0

    @property
    def sentence(self) -> str:
        """What has happened, for people."""
        if self.cut_bytes:
            return f"{self.cut_bytes} bytes that were committed are missing at the end of {self.path}"
        return f"a file of the spool was damaged; it was set aside as {self.path}"


@dataclass(frozen=True, slots=True)
class Opening:
    """What was found at the start.

    Attributes:
        last_commit: Up to when an earlier process had committed all that there was, ns; None when there was none.
        orderly: Whether the process that made it closed its spool.
        damaged: Files that were set aside.
        backlog_rows: Rows that wait from before.
        untold: Between which times (ns) the earlier process gave rows up without a gap, as the disk was full up to
            its end; None when it did not.
    """

    last_commit: int | None
    orderly: bool
    damaged: list[Damage] = field(default_factory=list)
    backlog_rows: int = 0
    untold: tuple[int, int] | None = None
