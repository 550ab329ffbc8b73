"""The instant at which a chain of waits must be over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Deadline:
    """A budget of seconds that several waits share.

    Args:
        timeout_s: Seconds from now; what is too long for the system's timers is cut to their limit.
        clock: Monotonic seconds.
    """

    def __init__(self, timeout_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.timeout_s = min(timeout_s, threading.TIMEOUT_MAX)
        self._clock = clock
        self._end = clock() + self.timeout_s

    def left_s(self) -> float:
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self._end - self._clock())
