"""What went wrong of late: sentences and counts that make the archiver unwell for a while."""

from __future__ import annotations

import threading
from collections import deque

from ocs.model.health import Cause, HealthLevel

REMEMBERED_S = 3600.0
"""For so long, in s, what happened makes the archiver unwell."""

MOST_KEPT = 1000


class Troubles:
    """Sentences of the last hour; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: deque[tuple[float, str]] = deque(maxlen=MOST_KEPT)

    def add(self, now: float, sentence: str) -> None:
        """Take note of one (POSIX s, UTC)."""
        with self._lock:
            self._told.append((now, sentence))

    def cause(self, now: float) -> Cause | None:
        """Return the newest of the last hour as a cause, None without any."""
        with self._lock:
            while self._told and now - self._told[0][0] > REMEMBERED_S:
                self._told.popleft()
            if not self._told:
                return None
            count, (since, _), (_, newest) = len(self._told), self._told[0], self._told[-1]
        more = f"; {count} such in the last hour, see the log" if count > 1 else ""
        return Cause(HealthLevel.DEGRADED, "archive", since, newest + more)


class Refusals:
    """How many parts were refused in the last hour, from a count that only grows."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()
        self._base = 0

    def look(self, now: float, count: int) -> None:
        """Take note of the count as it is now (POSIX s, UTC)."""
        if count != (self._counts[-1][1] if self._counts else self._base):
            self._counts.append((now, count))
        while self._counts and now - self._counts[0][0] > REMEMBERED_S:
            self._base = self._counts.popleft()[1]

    def cause(self, where: str) -> Cause | None:
        """Return what makes the archiver unwell, None while nothing was refused.

        Args:
            where: Where the refused parts are.
        """
        if not self._counts:
            return None
        refused = self._counts[-1][1] - self._base
        told = (
            f"{refused} parts were refused in the last hour; they are in {where}, each with the reason: tell its sender"
        )
        return Cause(HealthLevel.DEGRADED, "refused data", self._counts[0][0], told)
