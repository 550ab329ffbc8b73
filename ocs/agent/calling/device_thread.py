"""The thread in which one device's handlers run: readers, writers, commands, actions, one after the other.

A handler that hangs holds up its own device's handlers only. Whoever waits for it, or behind it, is
answered at a deadline with its name, and since when.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.calling.execution import Worker
from ocs.agent.calling.timing import Timing
from ocs.model.errors import DeadlineError

HANDLER_S = 8.0
"""A request to a device's handlers is answered after so many seconds at the latest; below a client's deadline."""


class DeviceThread:
    """One device's handlers at work.

    Args:
        name: Of the device.
        timing: The loop.
    """

    def __init__(self, name: str, timing: Timing) -> None:
        self._name = name
        self._timing = timing
        self._worker = Worker(f"{name} channels", timing)
        self._waiting: list[_Job] = []
        self._since = 0.0

    @property
    def under_way(self) -> str:
        """What is being done, empty when the thread is idle."""
        return self._waiting[0].what if self._waiting else ""

    @property
    def queue_depth(self) -> int:
        """How many requests wait or are being done."""
        return len(self._waiting)

    @property
    def busy_s(self) -> float:
        """How long that has taken until now, in s; 0 when the thread is idle."""
        return self._timing.seconds() - self._since if self._waiting else 0.0

    def where(self) -> str:
        """Tell in one phrase at which line the thread is."""
        return self._worker.where()

    def run(
        self,
        what: str,
        body: Callable[[], Any],
        deadline_s: float | None = HANDLER_S,
        goes_on: Callable[[], None] | None = None,
    ) -> Deferred[Any]:
        """Have `body` called in the thread; from the loop.

        Args:
            what: What it does, for whoever waits too long: "temperature.read".
            body: The work.
            deadline_s: The answer comes after so many seconds at the latest, as a DeadlineError; None for no limit.
                Work that has not begun then is not done at all: whoever asked for it was told so.
            goes_on: Called at the deadline instead, for work that has begun; its end is the answer then.
        """
        answer: Deferred[Any] = Deferred()
        job = _Job(what, body)
        if not self._waiting:
            self._since = self._timing.seconds()
        self._waiting.append(job)

        def done(result: Any, error: BaseException | None) -> None:
            if job in self._waiting:
                self._waiting.remove(job)
                self._since = self._timing.seconds()
            if not answer.called:
                answer.errback(error) if error is not None else answer.callback(result)

        if deadline_s is not None:
            timer = self._timing.loop.call_later(deadline_s, self._too_late, job, answer, deadline_s, goes_on)
            answer.addBoth(_cancelled, timer)
        self._worker.run(None, job.work, done)
        return answer

    def close(self) -> None:
        """Let the thread end when it has done its work."""
        self._worker.close()

    def _too_late(
        self, job: _Job, answer: Deferred[Any], deadline_s: float, goes_on: Callable[[], None] | None
    ) -> None:
        if answer.called:
            return
        told = f"{job.what} of {self._name} has not answered within {deadline_s:g} s"
        at_work = f"in {self.where()} for {self.busy_s:.0f} s; other devices go on"
        if job.give_up():
            told = f"{told} and is not done any more: {self.under_way} before it is {at_work}"
            self._waiting.remove(job)
        elif goes_on is not None:
            goes_on()
            return
        else:
            told = f"{told}: it is {at_work}"
        answer.errback(DeadlineError(told, field=job.what))


class _Job:
    """Work for the thread, which is either begun or given up."""

    def __init__(self, what: str, body: Callable[[], Any]) -> None:
        self.what = what
        self._body = body
        self._lock = threading.Lock()
        self._begun = False
        self._given_up = False

    def work(self) -> Any:
        """Do it, unless it was given up."""
        with self._lock:
            if self._given_up:
                return None
            self._begun = True
        return self._body()

    def give_up(self) -> bool:
        """Have it not done, unless it has begun; return whether it will not be."""
        with self._lock:
            self._given_up = not self._begun
            return self._given_up


def _cancelled(result: Any, timer: Any) -> Any:
    timer.cancel()
    return result
