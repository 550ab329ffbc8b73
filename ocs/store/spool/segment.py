"""One file of a spool: its entries, which of them have arrived, which are on their way, and which wait."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgpack

from ocs.model.series import SeriesKey
from ocs.store.durability import sync
from ocs.store.framed_log import HEAD, Frame, FramedLog, LogReport, check, scan
from ocs.store.spool.limits import Entry, Ticket
from ocs.store.spool.mark import End

_LENGTH = struct.Struct("<H")
LARGEST_HEAD = 4096
"""Bytes in which the head of an entry is looked for."""


class Stored(NamedTuple):
    """An entry as it lies in a file.

    Attributes:
        names: Device, feed and block of its series, empty for a gap.
        numbers: Epoch, number of the first row, number of rows, times of the first and the last, ns.
        time: When it was committed, ns.
        body: What is sent.
        end: Where the next one begins, in bytes.
    """

    names: tuple[str, str, str]
    numbers: tuple[int, int, int, int, int]
    time: int
    body: bytes
    end: int

    @property
    def series(self) -> SeriesKey | None:
        """Whose rows it has; None for a gap."""
        return SeriesKey(*self.names) if self.names[0] else None

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.numbers[2]


class Segment:
    """A file of entries of one priority. Places count on when it is cleared, so that a ticket never means two.

    Attributes:
        size: Its bytes.
        synced: Bytes that are on the disk, whatever happens.
        begun: When its first entry was committed, ns; 0 without any.
        newest: When the last was.
        oldest: Time of the earliest row since then, ns; of a gap when it was committed.
        series: Whose rows have been in it.
        left_rows: Rows that have not arrived.
        left_bytes: Bytes of their entries.
        readable: Whether nothing says that it is damaged.

    Args:
        path: The file.
        number: Its number.
        priority: Of its entries.
        log: What writes it; None for a file that is only read.
    """

    def __init__(self, path: Path, number: int, priority: int, log: FramedLog | None = None) -> None:
        self.path = path
        self.number = number
        self.priority = priority
        self.log = log
        self.size = len(HEAD)
        self.left_rows = 0
        self.left_bytes = 0
        self.begun = 0
        self.newest = 0
        self.oldest = 0
        self.synced = 0
        self.series: set[SeriesKey] = set()
        self._first = 0
        self._count = 0
        self._arrived: set[int] = set()
        self._out: dict[int, int] = {}
        self.waiting_since = 0
        self._cursor = (0, 0)
        self.readable = True

    # -- for the thread that writes --------------------------------------------------------------

    def load(self) -> LogReport:
        """Find what a file of an earlier process has, all of which waits; return what comes behind that.

        Raises:
            OSError: It cannot be read.
        """
        good = 0
        for stored in self._scan(0):
            first = stored.time if stored.series is None else stored.numbers[3]
            self._count_in(stored.series, first, stored.rows, len(stored.body), stored.time)
            good = stored.end
        self.waiting_since = self.begun
        self.size = max(good, len(HEAD))
        return check(self.path, good)

    def write(self, entries: Sequence[Entry], now: int) -> None:
        """Append entries to the file; they count once they are `added`.

        Raises:
            OSError: The disk refuses; the file is as it was.
        """
        if self.log is None:
            raise OSError("this file is not written any more")
        self.log.append([_pieces(entry, now) for entry in entries])
        self.size = self.log.size

    def sync(self) -> None:
        """Have all that was written on the disk.

        Raises:
            OSError: The disk refuses.
        """
        if self.log is None:
            sync(self.path)
        else:
            self.log.sync()
        self.synced = self.size

    def clear(self) -> None:
        """Empty the file, of which all has arrived.

        Raises:
            OSError: The disk refuses.
        """
        if self.log is None:
            raise OSError("this file is not written any more")
        self.log.clear()
        self.size = self.synced = self.log.size

    def left(self) -> Iterator[Entry]:
        """Yield the entries that have not arrived, as far as the file can be read."""
        try:
            for place, stored in zip(range(self._first, self._count), self._scan(0), strict=False):
                if place not in self._arrived:
                    yield Entry(stored.series, *stored.numbers, self.priority, stored.body)
        except OSError:
            return

    def close(self) -> None:
        """Write no more into it."""
        if self.log is not None:
            self.log.close()
            self.log = None

    # -- for whoever has the spool's lock --------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether all that was added has arrived."""
        return len(self._arrived) == self._count - self._first

    @property
    def waits(self) -> bool:
        """Whether entries are to be read from the file."""
        return self.readable and len(self._out) + len(self._arrived) < self._count - self._first

    @property
    def end(self) -> End:
        """Up to where it is written."""
        return End(self.number, self.begun, self.oldest, self.size, self.synced)

    @property
    def lost(self) -> bool:
        """Whether somebody has deleted the file, and nothing of it is on its way any more."""
        return not self.readable and not self._out and not self.path.exists()

    @property
    def since(self) -> int | None:
        """When the oldest entry that has not arrived was committed, ns; None when all have."""
        times = list(self._out.values())
        if len(self._out) + len(self._arrived) < self._count - self._first:
            times.append(self.waiting_since)
        return min(times, default=None)

    def added(self, entries: Sequence[Entry], now: int) -> list[Ticket]:
        """Count entries that were written; they are on their way."""
        tickets = []
        for entry in entries:
            self._out[self._count] = now
            tickets.append(Ticket(self.number, self._count, entry.rows, len(entry.body)))
            self._count_in(entry.series, now if entry.series is None else entry.first, entry.rows, len(entry.body), now)
        return tickets

    def cleared(self) -> None:
        """Take note that the file is empty."""
        self._first = self._count
        self._arrived.clear()
        self._cursor = (0, self._first)
        self.begun = 0
        self.series.clear()

    def let_wait(self, place: int) -> None:
        """Take note that an entry is not on its way any more, and is to be read from the file."""
        if place not in self._out:
            return
        others = self.waits
        time = self._out.pop(place)
        self.waiting_since = min(self.waiting_since, time) if others else time
        self.readable = True
        if place < self._cursor[1]:
            self._cursor = (0, self._first)

    def arrive(self, ticket: Ticket) -> None:
        """Take note that an entry has arrived."""
        self._out.pop(ticket.place, None)
        if ticket.place >= self._first and ticket.place not in self._arrived:
            self._arrived.add(ticket.place)
            self.left_rows -= ticket.rows
            self.left_bytes -= ticket.size

    def take(self, max_bytes: int) -> list[tuple[Ticket, bytes]]:
        """Return entries that wait, up to `max_bytes` but at least one; they are on their way.

        When none is found though some wait, the file has become unreadable.
        """
        found: list[tuple[Ticket, bytes]] = []
        room = max_bytes
        offset, first = self._cursor
        try:
            for place, stored in zip(range(first, self._count), self._scan(offset), strict=False):
                body = stored.body
                if place not in self._out and place not in self._arrived:
                    if found and len(body) > room:
                        break
                    found.append((Ticket(self.number, place, stored.rows, len(body)), body))
                    self._out[place] = self.waiting_since = stored.time
                    room -= len(body)
                self._cursor = (stored.end, place + 1)
                if found and len(body) > room:  # the next one is as large, most likely: it is not read in vain
                    break
        except FileNotFoundError:
            pass
        except OSError:  # as when too many files are open: it is tried again
            return found
        self.readable = bool(found) or not self.waits
        return found

    def _count_in(self, series: SeriesKey | None, first: int, rows: int, size: int, time: int) -> None:
        if series is not None:
            self.series.add(series)
        self._count += 1
        self.left_rows += rows
        self.left_bytes += size
        self.oldest = min(self.oldest, first) if self.begun else first
        self.begun = self.begun or time
        self.newest = time

    def _scan(self, offset: int) -> Iterator[Stored]:
        for frame in scan(self.path, offset):
            stored = _stored(frame)
            if stored is None:
                return
            yield stored


def time_at(path: Path, offset: int) -> int:
    """Return the time (ns) of the first row of a damaged entry, as far as its head can be read; 0 else."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(Frame(offset, b"").end)
        stored = _stored(Frame(offset, file.read(LARGEST_HEAD)))
        if stored is not None and isinstance(stored.numbers[3], int):
            return stored.numbers[3]
    return 0


def _pieces(entry: Entry, now: int) -> tuple[bytes, bytes, bytes]:
    key = entry.series
    names = ("", "", "") if key is None else (key.device, key.feed, key.block)
    head = msgpack.packb([*names, entry.epoch, entry.seq, entry.rows, entry.first, entry.last, now])
    return _LENGTH.pack(len(head)), head, entry.body


def _stored(frame: Frame) -> Stored | None:
    payload = frame.payload
    try:
        begin = _LENGTH.size + _LENGTH.unpack_from(payload)[0]
        device, feed, block, *numbers, time = msgpack.unpackb(payload[_LENGTH.size : begin])
        epoch, seq, rows, first, last = numbers
    except (struct.error, ValueError, TypeError, msgpack.UnpackException):
        return None
    return Stored((device, feed, block), (epoch, seq, rows, first, last), time, payload[begin:], frame.end)
