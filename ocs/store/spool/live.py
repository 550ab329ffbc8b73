"""The newest entries of a spool, kept in memory, so that they are sent without reading a file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from ocs.store.spool.limits import Taken, Ticket


class LiveQueue:
    """Bodies in the order of their commits.

    Args:
        most: So many bytes at most, but one entry always.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._bodies: OrderedDict[Ticket, bytes] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._bodies)

    def add(self, ticket: Ticket, body: bytes) -> None:
        """Put an entry at the end."""
        self._bodies[ticket] = body
        self._bytes += ticket.size

    def overflow(self) -> Iterator[Ticket]:
        """Remove and yield the oldest, for as long as there are too many bytes."""
        while self._bytes > self._most and len(self._bodies) > 1:
            ticket, _ = self._bodies.popitem(last=False)
            self._bytes -= ticket.size
            yield ticket

    def take(self, max_bytes: int) -> Taken | None:
        """Remove and return entries, up to `max_bytes` but at least one; None when there are none."""
        tickets: list[Ticket] = []
        room = max_bytes
        for ticket in self._bodies:
            if tickets and ticket.size > room:
                break
            tickets.append(ticket)
            room -= ticket.size
        self._bytes -= max_bytes - room
        bodies = [self._bodies.pop(ticket) for ticket in tickets]
        return Taken(tickets, bodies, sum(ticket.rows for ticket in tickets), live=True) if tickets else None

    def forget(self, segment: int) -> None:
        """Remove what lies in a file that is gone."""
        for ticket in [ticket for ticket in self._bodies if ticket.segment == segment]:
            del self._bodies[ticket]
            self._bytes -= ticket.size
