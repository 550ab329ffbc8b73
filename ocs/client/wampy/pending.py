"""Requests under way: each has a number of its own, and only its own answer reaches it."""

from __future__ import annotations

import threading
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any

from ocs.model.errors import DeadlineError, RouterLostError

Answer = list[Any]
"""An answer as it came: a WAMP message that begins with its type."""


class PendingRequests:
    """The requests of one session that wait for their answers; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._waiting: dict[int, SimpleQueue[Answer | None]] = {}
        self._lost: str | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def open(self) -> int:
        """Return the number of a new request (1, 2, 3 ...: WAMP's "session scope").

        Raises:
            RouterLostError: The session is over.
        """
        with self._lock:
            if self._lost is not None:
                raise RouterLostError(self._lost)
            number = next(self._numbers)
            self._waiting[number] = SimpleQueue()
            return number

    def answer(self, number: int, answer: Answer) -> bool:
        """Hand an answer over; False when nobody waits for it any more."""
        waiting = self._waiting.get(number)
        if waiting is None:
            return False
        waiting.put(answer)
        return True

    def wait(self, number: int, timeout_s: float) -> Answer:
        """Return the answer to request `number`, which is forgotten in any case.

        Raises:
            DeadlineError: None came within `timeout_s`.
            RouterLostError: The session ended before it came.
        """
        waiting = self._waiting.get(number)
        if waiting is None:
            raise RouterLostError(self._lost or f"request {number} was answered or given up before")
        try:
            answer = waiting.get(timeout=timeout_s)
        except Empty:
            raise DeadlineError(f"no answer to request {number}") from None
        finally:
            self.forget(number)
        if answer is None:
            raise RouterLostError(self._lost or "the session is over")
        return answer

    def forget(self, number: int) -> None:
        """Let an answer that still comes fall to the ground."""
        with self._lock:
            self._waiting.pop(number, None)

    def fail(self, reason: str) -> None:
        """Wake everybody who waits with RouterLostError; `reason` is its sentence."""
        with self._lock:
            if self._lost is None:
                self._lost = reason
            waiting = list(self._waiting.values())
        for each in waiting:
            each.put(None)
