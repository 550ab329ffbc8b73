"""How often a lost device is looked for, and the thread that does it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class BackOff:
    """Growing waits between attempts, in seconds."""

    first_s: float = 0.3
    factor: float = 1.5
    max_s: float = 10.0

    def delay_s(self, attempt: int) -> float:
        """Return the wait before the attempt of this number, counted from 0."""
        # Beyond some sixty attempts the power would overflow at last.
        return float(min(self.max_s, self.first_s * self.factor ** min(attempt, 60)))


class Attempts:
    """Tries something again and again in a thread of its own, until it succeeds or is ended.

    Args:
        name: Of the thread.
        attempt: Returns whether it succeeded; must not raise.
        delay_s: Returns the wait before the next attempt in seconds.
    """

    def __init__(self, name: str, attempt: Callable[[], bool], delay_s: Callable[[], float]) -> None:
        self._name = name
        self._attempt = attempt
        self._delay_s = delay_s
        self._lock = threading.Lock()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin, instead of what goes on already."""
        with self._lock:
            self._over.set()
            self._over = threading.Event()
            threading.Thread(target=self._run, args=(self._over,), name=self._name, daemon=True).start()

    def end(self) -> None:
        """Try no more; an attempt that goes on ends by itself."""
        with self._lock:
            self._over.set()

    def _run(self, over: threading.Event) -> None:
        while not over.wait(self._delay_s()):
            if self._attempt():
                return
