"""A spool with numbered entries and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgpack

from ocs.model.gap import Gap
from ocs.model.series import SeriesKey
from ocs.store.spool.spool import Entry, Opening, Spool, SpoolLimits, Taken
from ocs.wire.archive import decode_gap

EPOCH = 1_795_000_000_000_000_000
NS = 1_000_000_000
ROWS = 3
"""Rows of each entry."""


def series(number: int = 0) -> SeriesKey:
    return SeriesKey(f"device-{number}", "feed", "block")


class Desk:
    """One spool, and all its lives.

    Args:
        folder: Its folder.
        limits: Its bounds.
    """

    def __init__(self, folder: Path, limits: SpoolLimits | None = None) -> None:
        self.folder = folder
        self.limits = limits or SpoolLimits(reserve_bytes=1000)
        self.now = 1.8e9
        self.troubles: list[str] = []
        self.committed: list[Entry] = []
        self.spool, self.opening = self._open()

    def _open(self) -> tuple[Spool, Opening]:
        spool = Spool(self.folder, self.limits, now=lambda: self.now, on_trouble=self.troubles.append)
        return spool, spool.open()

    def entry(self, size: int = 20, priority: int = 1, number: int = 0) -> Entry:
        """Return the next entry; its body is its number, filled up."""
        place = len(self.committed)
        at = int(self.now * NS)
        body = (b"%08d" % place).ljust(size, b".")
        made = Entry(series(number), EPOCH, place * ROWS + 1, ROWS, at, at + 1, priority, body)
        self.committed.append(made)
        return made

    def commit(self, count: int = 1, size: int = 20, priority: int = 1, number: int = 0) -> list[int]:
        """Commit entries by one commit; return their numbers."""
        first = len(self.committed)
        self.spool.commit([self.entry(size, priority, number) for _ in range(count)])
        return list(range(first, first + count))

    def taken(self, max_bytes: int = 10**9) -> Taken:
        """Take what must be there."""
        taken = self.spool.take(max_bytes)
        assert taken is not None
        return taken

    def drain(self, max_bytes: int = 10**9) -> Iterator[Taken]:
        """Take and acknowledge until nothing waits."""
        while (taken := self.spool.take(max_bytes)) is not None:
            yield taken
            self.spool.acknowledge(taken.tickets)

    def drained(self, max_bytes: int = 10**9) -> list[int]:
        """Return the numbers of the entries that come, gaps left out."""
        return [number for taken in self.drain(max_bytes) for number in numbers(taken.bodies)]

    def drained_with_gaps(self) -> tuple[list[int], list[Gap]]:
        """Return the numbers of the entries that come, and the gaps."""
        bodies = [body for taken in self.drain() for body in taken.bodies]
        return numbers(bodies), gaps(bodies)

    def kill(self) -> None:
        """End the process of this spool, and open it in the next; the files are as the kill left them."""
        self.abandon()
        self.spool, self.opening = self._open()

    def abandon(self) -> None:
        """Close what the kernel closes for a killed process."""
        for segment in self.spool._contents.segments:
            segment.close()
        self.spool._chains._mark.close()

    def restart(self) -> None:
        """End in good order, and open again."""
        self.spool.close()
        self.spool, self.opening = self._open()

    @property
    def files(self) -> list[Path]:
        """The segment files, oldest first of each priority."""
        return sorted(self.folder.glob("*.segment"))


def numbers(bodies: Sequence[bytes]) -> list[int]:
    return [int(body[:8]) for body in bodies if body[:1].isdigit()]


def gaps(bodies: Sequence[bytes]) -> list[Gap]:
    return [decode_gap(msgpack.unpackb(body)["gap"]) for body in bodies if not body[:1].isdigit()]


def told_rows(found: Sequence[Gap]) -> int:
    return sum(gap.rows for gap in found)
