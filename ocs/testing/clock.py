"""The clock of a test: time moves when the test says so, and nobody sleeps."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from ocs.agent.calling.timing import Timing
from ocs.model import cancellation
from ocs.model.errors import DeadlineError
from ocs.testing.virtual_loop import VirtualLoop, VirtualReactor

Value = TypeVar("Value")

PATIENCE_S = 10.0
"""Real seconds that a thread may work between two waits; reached only by what is broken."""

BORN = 1_700_000_000.0
"""Wall time at the start of a clock, POSIX s, UTC."""

_LOOK_S = 0.001


class VirtualClock:
    """A loop, its timers and its wall clock, all virtual.

    Threads of blocking operations take part: time moves on only when each of them waits, sleeps or has ended.

    Attributes:
        errors: What went wrong in the loop with nobody to see it.
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.loop = VirtualLoop()
        self.loop.set_exception_handler(self._note)
        self.reactor = VirtualReactor(self.loop)
        self._began = self.loop.time()
        self.timing = Timing(self.reactor, self.wall)

    @property
    def now(self) -> float:
        """Virtual seconds since the clock was made."""
        return self.loop.time() - self._began

    def wall(self) -> float:
        """Return the virtual wall time, POSIX s, UTC."""
        return BORN + self.now

    def settle(self) -> None:
        """Run what is due now, threads included, until everybody waits.

        Raises:
            DeadlineError: A thread neither waits nor ends, or the loop never comes to rest.
        """
        patience = time.monotonic() + PATIENCE_S
        while True:
            busy = self._busy_threads()
            if self.loop.has_work:
                self.loop.turn()
            elif not busy:
                return
            else:
                self.loop.listen(_LOOK_S)
                self.loop.turn()
            if time.monotonic() > patience:
                names = ", ".join(thread.name for thread in busy) or "the event loop"
                raise DeadlineError(f"{names} did not come to rest within {PATIENCE_S:g} s of real time")

    def advance(self, seconds: float) -> None:
        """Move the time on, running on the way what becomes due, each at its own moment."""
        target = self.loop.time() + seconds
        self.settle()
        while (upcoming := self.loop.next_timer()) is not None and upcoming <= target:
            self.loop.move_to(upcoming)
            self.settle()
        self.loop.move_to(target)
        self.settle()

    def run_until(self, happened: Callable[[], Any], limit_s: float = 60.0) -> None:
        """Move the time on until `happened()`, from timer to timer.

        Where no timer is left, the answer may come from a thread or process that the clock does not know; it
        is waited for in real time.

        Raises:
            DeadlineError: It did not happen within `limit_s` virtual seconds.
        """
        target = self.loop.time() + limit_s
        patience = time.monotonic() + PATIENCE_S
        self.settle()
        while not happened():
            upcoming = self.loop.next_timer()
            if upcoming is not None and upcoming <= target:
                self.loop.move_to(upcoming)
                patience = time.monotonic() + PATIENCE_S
            elif upcoming is not None or time.monotonic() > patience:
                raise DeadlineError(f"it did not happen within {limit_s:g} s")
            else:
                self.loop.listen(_LOOK_S)
                self.loop.turn()
            self.settle()

    def result_of(self, deferred: Deferred[Value], limit_s: float = 60.0) -> Value:
        """Return what a Deferred fires with, or raise what it fails with; the time moves on until then.

        Raises:
            DeadlineError: It did not fire within `limit_s` virtual seconds.
        """
        ends: list[Value] = []
        failures: list[BaseException] = []
        deferred.addCallbacks(ends.append, lambda failure: failures.append(failure.value))
        self.run_until(lambda: ends or failures, limit_s)
        if failures:
            raise failures[0]
        return ends[0]

    def close(self) -> None:
        """End the loop."""
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _note(self, _loop: Any, context: dict[str, Any]) -> None:
        self.errors.append(f"{context['message']}: {context.get('exception')!r}")

    def _busy_threads(self) -> list[threading.Thread]:
        waiting = cancellation.waiting_threads()
        return [thread for thread in self.timing.working if _is_busy(waiting.get(thread.ident or 0))]


def _is_busy(event: threading.Event | None) -> bool:
    return event is None or event.is_set()


def wait_deaf(event: threading.Event) -> None:
    """Wait in a thread for an event of the test, deaf to requests to end; a clock takes it for a wait.

    Raises:
        DeadlineError: It was not set within the real patience.
    """
    if not contextvars.Context().run(cancellation.wait, event, PATIENCE_S):
        raise DeadlineError(f"the test did not set its event within {PATIENCE_S:g} s of real time")
