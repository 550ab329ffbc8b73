"""One exchange at a time: a re-entrant lock in order of arrival, whose wait can be cancelled."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ocs.model.cancellation import current, wait
from ocs.model.errors import DeadlineError


class Turn:
    """Whose turn it is to use a line.

    Args:
        name: What is waited for, in error messages.
        monotonic: A clock in seconds.
    """

    def __init__(self, name: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: deque[_Waiter] = deque()
        self._owner: threading.Thread | None = None
        self._since = 0.0
        self._depth = 0

    @contextmanager
    def taken(self, timeout_s: float) -> Iterator[None]:
        """Have the turn in the block; a thread that has it may take it again.

        Getting it is a cancel point.

        Raises:
            Cancelled: The run was asked to end.
            DeadlineError: Another thread kept the turn for longer than `timeout_s` seconds.
        """
        self._take(timeout_s)
        try:
            yield
        finally:
            self._give_back()

    def _take(self, timeout_s: float) -> None:
        cancellation = current()
        if cancellation is not None:
            cancellation.check()
        me = threading.current_thread()
        with self._lock:
            if self._owner is me:
                self._depth += 1
                return
            if self._owner is None:
                self._hand_to(me)
                return
            waiter = _Waiter(me)
            self._waiting.append(waiter)
        try:
            self._await(waiter, timeout_s)
        except BaseException:
            self._leave(waiter)
            raise

    def _await(self, waiter: _Waiter, timeout_s: float) -> None:
        deadline = self._monotonic() + timeout_s
        while True:
            wait(waiter.called, max(0.0, deadline - self._monotonic()))
            with self._lock:
                if self._owner is waiter.thread:
                    return
                if self._monotonic() >= deadline:
                    raise self._kept_too_long(timeout_s)
                # A cancel request that another wait has taken already rang here too.
                waiter.called.clear()

    def _leave(self, waiter: _Waiter) -> None:
        with self._lock:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                return
        # The turn came in the moment in which the wait ended.
        self._give_back()

    def _give_back(self) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth > 0:
                return
            self._owner = None
            if self._waiting:
                waiter = self._waiting.popleft()
                self._hand_to(waiter.thread)
                waiter.called.set()

    def _hand_to(self, thread: threading.Thread) -> None:
        self._owner = thread
        self._since = self._monotonic()
        self._depth = 1

    def _kept_too_long(self, timeout_s: float) -> DeadlineError:
        holder = self._owner.name if self._owner is not None else "nobody"
        held_s = self._monotonic() - self._since
        return DeadlineError(
            f"{self._name} was not free within {timeout_s:g} s: the thread '{holder}' uses it since {held_s:.1f} s"
        )


class _Waiter:
    """A thread in the queue."""

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread
        self.called = threading.Event()
