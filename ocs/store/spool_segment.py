"""One file of a spool: its entries, which of them are acknowledged, and which are on their way."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgpack

from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.framed_log import FramedLog, scan
from ocs.store.spool_limits import Entry, Ticket

_LENGTH = struct.Struct("<H")


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it lies in a file, and where the next one begins."""

    entry: Entry
    time: int
    end: int


class Segment:
    """A file of entries of one priority.

    Args:
        path: The file.
        number: Its number; higher ones are younger.
        priority: Of its entries.
        log: What writes it; None for a file of an earlier process.
    """

    def __init__(self, path: Path, number: int, priority: int, log: FramedLog | None) -> None:
        self.path = path
        self.number = number
        self.priority = priority
        self.log = log
        self.size = log.size if log is not None else path.stat().st_size
        self.count = 0
        self.left_rows = 0
        self.left_bytes = 0
        self.newest = 0
        self.acknowledged: set[int] = set()
        self.out: set[int] = set()
        self.waiting_since: int | None = None
        self._cursor = (0, 0)

    @property
    def done(self) -> bool:
        """Whether nothing in it is needed any more."""
        return len(self.acknowledged) == self.count

    def append(self, entries: Sequence[Entry], now: int) -> list[Ticket]:
        """Append entries; they are on their way at once.

        Raises:
            OSError: The disk refuses; nothing was appended.
        """
        if self.log is None:
            raise OSError("this file is not written any more")
        self.log.append([_pieces(entry, now) for entry in entries])
        first, self.count = self.count, self.count + len(entries)
        self.size, self.newest = self.log.size, now
        tickets = [
            Ticket(self.number, first + place, entry.rows, len(entry.body)) for place, entry in enumerate(entries)
        ]
        self.out.update(ticket.place for ticket in tickets)
        self.left_rows += sum(ticket.rows for ticket in tickets)
        self.left_bytes += sum(ticket.size for ticket in tickets)
        return tickets

    def load(self) -> None:
        """Count what a file of an earlier process has; all of it waits."""
        for stored in self.scan():
            self.count += 1
            self.left_rows += stored.entry.rows
            self.left_bytes += len(stored.entry.body)
            self.newest = stored.time
            self.waiting_since = stored.time if self.waiting_since is None else self.waiting_since

    def let_wait(self, index: int, time: int) -> None:
        """Take note that an entry is not on its way any more, and is to be read from the file."""
        self.out.discard(index)
        if self.waiting_since is None or time < self.waiting_since:
            self.waiting_since = time
        if index < self._cursor[1]:
            self._cursor = (0, 0)

    def acknowledge(self, ticket: Ticket) -> None:
        """Take note that an entry has arrived."""
        self.out.discard(ticket.place)
        if ticket.place not in self.acknowledged:
            self.acknowledged.add(ticket.place)
            self.left_rows -= ticket.rows
            self.left_bytes -= ticket.size

    def take(self, max_bytes: int) -> Iterator[tuple[Ticket, bytes]]:
        """Yield entries that wait, up to `max_bytes` but at least one, and take note that they are on their way."""
        offset, index = self._cursor
        size = 0
        for stored in self.scan(offset):
            body = stored.entry.body
            free = index not in self.out and index not in self.acknowledged
            if free and size and size + len(body) > max_bytes:
                return
            if free:
                self.out.add(index)
                size += len(body)
                yield Ticket(self.number, index, stored.entry.rows, len(body)), body
            index += 1
            self._cursor = (stored.end, index)
            if size >= max_bytes:
                return
        if not self.waits:
            self.waiting_since = None

    @property
    def waits(self) -> bool:
        """Whether entries wait in the file."""
        return len(self.out) + len(self.acknowledged) < self.count

    def gaps(self, cause: GapCause) -> list[Gap]:
        """Return a gap for each series and epoch of which rows are lost with this file."""
        found: dict[tuple[SeriesKey, int], Gap] = {}
        for index, stored in enumerate(self.scan()):
            entry = stored.entry
            if entry.series is None or index in self.acknowledged:
                continue
            key, last = entry.series, entry.seq + entry.rows - 1
            before = found.get((key, entry.epoch))
            rows, first_time, last_time, first_row, last_row = entry.rows, entry.first, entry.last, entry.seq, last
            if before is not None:
                rows += before.rows
                first_time, last_time = min(before.start, first_time), max(before.end or 0, last_time)
                first_row, last_row = min(before.first, first_row), max(before.last, last_row)
            found[key, entry.epoch] = Gap(
                key.device, first_time, last_time, cause, key.feed, key.block, rows, entry.epoch, first_row, last_row
            )
        return list(found.values())

    def scan(self, offset: int = 0) -> Iterator[Stored]:
        """Yield the entries from an offset on; a frame that is none of ours ends it."""
        for frame in scan(self.path, offset):
            stored = _stored(frame.payload, self.priority, frame.end)
            if stored is None:
                return
            yield stored

    def close(self) -> None:
        """Write no more into it."""
        if self.log is not None:
            self.log.close()
            self.log = None

    def remove(self) -> None:
        """Delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)


def _pieces(entry: Entry, now: int) -> tuple[bytes, bytes, bytes]:
    key = entry.series
    names = ("", "", "") if key is None else (key.device, key.feed, key.block)
    head = msgpack.packb([*names, entry.epoch, entry.seq, entry.rows, entry.first, entry.last, now])
    return _LENGTH.pack(len(head)), head, entry.body


def _stored(payload: bytes, priority: int, end: int) -> Stored | None:
    try:
        begin = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
        device, feed, block, epoch, seq, rows, first, last, time = msgpack.unpackb(payload[_LENGTH.size : begin])
    except (struct.error, ValueError, TypeError, msgpack.UnpackException):
        return None
    series = SeriesKey(device, feed, block) if device else None
    return Stored(Entry(series, epoch, seq, rows, first, last, priority, payload[begin:]), time, end)
