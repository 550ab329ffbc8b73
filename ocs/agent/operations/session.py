"""What an operation's function gets as its session: to sleep, to tell progress, to keep data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.calling.timing import Timing
from ocs.model.cancellation import Cancellation
from ocs.model.errors import ParameterError
from ocs.model.run import RunRecord

FASTEST_RATE = 1000.0


class RunSession:
    """The run, as its own function sees it; every method may be called from any thread.

    Args:
        run: The record that clients see.
        cancellation: The request to end it.
        timing: The agent's loop.
        changed: Told of each change, so that it is pushed to clients.
    """

    def __init__(self, run: RunRecord, cancellation: Cancellation, timing: Timing, changed: Callable[[], None]) -> None:
        self._run = run
        self._cancellation = cancellation
        self._timing = timing
        self._changed = changed
        self._trouble = ""

    @property
    def params(self) -> dict[str, Any]:
        """The checked parameters of this run."""
        return self._run.params

    @property
    def data(self) -> Any:
        """What clients see as the session's data: any numbers, texts, lists, maps and arrays."""
        return self._run.data

    @data.setter
    def data(self, value: Any) -> None:
        self._run.data = value
        self._changed()

    @property
    def running(self) -> bool:
        """Whether nobody asked the run to end; a function that learns of it here gets no exception any more."""
        return self._cancellation.reason is None or (self._cancellation.mark_delivered(), False)[1]

    @property
    def degraded(self) -> bool:
        """Whether the run goes on with less than it should have."""
        return self._run.degraded

    @degraded.setter
    def degraded(self, value: bool) -> None:
        if self._run.degraded != value:
            self._run.degraded = value
            self._changed()

    def add_message(self, text: str) -> None:
        """Tell clients in one line what happens."""
        self._run.add_message(str(text), self._timing.now())
        self._changed()

    def progress(self, fraction: float, text: str = "") -> None:
        """Tell clients how much is done.

        Args:
            fraction: 0 to 1.
            text: What is being done.
        """
        self._run.set_progress(fraction, text)
        self._changed()

    def update(self, **data: Any) -> None:
        """Set keys of the session's data."""
        if not isinstance(self._run.data, dict):
            self._run.data = {}
        self._run.data.update(data)
        self._changed()

    def check(self) -> None:
        """Be a cancel point without waiting.

        Raises:
            Cancelled: The run was asked to end.
        """
        self._cancellation.check()
        self.recovered()

    def trouble(self, text: str) -> None:
        """Take note that a cycle failed; the run is degraded until one succeeds."""
        repeated, self._trouble = text == self._trouble, text
        self._run.degraded = True
        if not repeated:
            self.add_message(text)

    def recovered(self) -> None:
        """Take note that a cycle succeeded."""
        if self._trouble:
            self._trouble = ""
            self._run.degraded = False
            self.add_message("the device answers again")

    def _period(self, rate: float) -> float:
        if not 0 < rate <= FASTEST_RATE:
            raise ParameterError(f"the rate is {rate:g} Hz; it must be more than 0 and at most {FASTEST_RATE:g} Hz")
        return 1.0 / rate

    def _until(self, tick: float, period: float) -> tuple[float, float]:
        """Return the next tick on the grid after now, and the time until it; missed ticks are left out."""
        now = self._timing.seconds()
        upcoming = tick + period
        if upcoming <= now:
            upcoming += period * int((now - upcoming) / period + 1)
        return upcoming, upcoming - now


class Session(RunSession):
    """The session of a plain function, which runs in a thread of its own and may block."""

    def sleep(self, seconds: float) -> None:
        """Wait; an abort or stop is raised here.

        Raises:
            Cancelled: The run was asked to end.
        """
        self.check()
        if seconds > 0:
            self._timing.sleep(seconds)

    def pause_in_trouble(self, seconds: float) -> None:
        """Wait without taking the wait as a sign that a cycle succeeded."""
        self._cancellation.check()
        self._timing.sleep(seconds)

    def ticks(self, rate: float) -> Iterator[int]:
        """Yield 0, 1, 2 ... at `rate` Hz (0 to 1000) until the run is asked to end; late ticks are left out.

        Raises:
            Cancelled: The run was asked to end.
        """
        period, tick, number = self._period(rate), self._timing.seconds(), 0
        self._cancellation.check()
        while True:
            yield number
            number += 1
            tick, pause = self._until(tick, period)
            self.sleep(pause)


class AsyncSession(RunSession):
    """The session of an `async def` or inlineCallbacks function, which runs in the event loop."""

    def sleep(self, seconds: float) -> Deferred[None]:
        """Return what fires after `seconds`; to be awaited or yielded. An abort or stop is raised there."""
        self.check()
        return self._timing.pause(seconds)

    def pause_in_trouble(self, seconds: float) -> Deferred[None]:
        """Wait without taking the wait as a sign that a cycle succeeded."""
        return self._timing.pause(seconds)

    async def ticks(self, rate: float) -> AsyncIterator[int]:
        """Yield 0, 1, 2 ... at `rate` Hz (0 to 1000) until the run is asked to end; late ticks are left out."""
        period, tick, number = self._period(rate), self._timing.seconds(), 0
        while True:
            yield number
            number += 1
            tick, pause = self._until(tick, period)
            await self.sleep(pause)
