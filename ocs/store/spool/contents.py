"""What a spool has: which entries of which file wait, which are on their way, and which have arrived."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from ocs.store.spool.limits import Entry, Taken, Ticket
from ocs.store.spool.live import LiveQueue
from ocs.store.spool.segment import Segment


class Contents:
    """The files of a spool and the newest entries, for any thread; no call waits for a write.

    Args:
        live_bytes: Of the newest entries so many bytes are kept in memory.
    """

    def __init__(self, live_bytes: int) -> None:
        self._lock = threading.Lock()
        self._segments: dict[int, Segment] = {}
        self._live = LiveQueue(live_bytes)
        self._backlog_next = False
        self._done: set[int] = set()

    def __len__(self) -> int:
        return len(self._segments)

    @property
    def segments(self) -> list[Segment]:
        """The files, oldest first."""
        with self._lock:
            return list(self._segments.values())

    # -- for the thread that writes --------------------------------------------------------------

    def add(self, segment: Segment) -> None:
        """Take a file in."""
        with self._lock:
            self._segments[segment.number] = segment

    def remove(self, segment: Segment) -> None:
        """Forget a file; what of it is on its way does not matter any more."""
        with self._lock:
            self._segments.pop(segment.number, None)
            if not segment.done:
                self._live.forget(segment.number)

    def cleared(self, segment: Segment) -> None:
        """Take note that a file is empty, of which all had arrived."""
        with self._lock:
            segment.cleared()

    def added(self, segment: Segment, entries: Sequence[Entry], now: int) -> list[Ticket]:
        """Take note that entries were written to a file; they are the newest, and sent from memory."""
        with self._lock:
            tickets = segment.added(entries, now)
            for ticket, entry in zip(tickets, entries, strict=True):
                self._live.add(ticket, entry.body)
            for oldest in self._live.overflow():
                self._segments[oldest.segment].let_wait(oldest.place)
        return tickets

    def take_done(self) -> list[Segment]:
        """Return the files of which all has arrived since the last call."""
        with self._lock:
            numbers, self._done = self._done, set()
            found = [self._segments[number] for number in numbers if number in self._segments]
            return [segment for segment in found if segment.done]

    # -- for whoever sends -----------------------------------------------------------------------

    def take(self, max_bytes: int) -> tuple[Taken | None, list[Segment]]:
        """Return entries to send, None when none wait; and files that ought to have some and cannot be read.

        The newest come first, from memory; when older ones wait in files, every second call returns of those.
        """
        unreadable: list[Segment] = []
        with self._lock:
            taken = self._take_backlog(max_bytes, unreadable) if self._backlog_next or not self._live else None
            taken = taken or self._live.take(max_bytes)
            self._backlog_next = taken is not None and taken.live
        return taken, unreadable

    def _take_backlog(self, max_bytes: int, unreadable: list[Segment]) -> Taken | None:
        waiting = [segment for segment in self._segments.values() if segment.waits]
        for segment in sorted(waiting, key=lambda segment: segment.waiting_since):
            found = segment.take(max_bytes)
            if found:
                tickets = [ticket for ticket, _ in found]
                return Taken(tickets, [body for _, body in found], sum(ticket.rows for ticket in tickets), live=False)
            unreadable.append(segment)
        return None

    def acknowledge(self, tickets: Iterable[Ticket]) -> bool:
        """Take note that entries have arrived; True when there are files of which all has."""
        with self._lock:
            for ticket in tickets:
                segment = self._segments.get(ticket.segment)
                if segment is not None:
                    segment.arrive(ticket)
                    if segment.done:
                        self._done.add(segment.number)
            return bool(self._done)

    def give_back(self, tickets: Iterable[Ticket]) -> None:
        """Take note that entries have not arrived; they will be taken again, from the files."""
        with self._lock:
            for ticket in tickets:
                if ticket.segment in self._segments:
                    self._segments[ticket.segment].let_wait(ticket.place)

    # -- how much that is ------------------------------------------------------------------------

    @property
    def file_bytes(self) -> int:
        """What the files have, in bytes."""
        return sum(segment.size for segment in self.segments)

    @property
    def left_rows(self) -> int:
        """Rows that have not arrived."""
        return sum(segment.left_rows for segment in self.segments)

    @property
    def left_bytes(self) -> int:
        """Bytes of the entries that have not arrived."""
        return sum(segment.left_bytes for segment in self.segments)

    @property
    def since(self) -> int | None:
        """When the oldest entry that has not arrived was committed, ns; None when all have."""
        with self._lock:
            times = [segment.since for segment in self._segments.values()]
        return min((time for time in times if time is not None), default=None)
