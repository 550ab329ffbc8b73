"""An asyncio loop whose time stands still until it is moved, and Twisted's timers upon it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

Args = TypeVarTuple("Args")

BEGINNING_S = 1000.0
"""The loop's time at its start: not 0, so that nobody takes it for "never"."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that waits for nothing: `time` is what `move_to` made it."""

    def __init__(self) -> None:
        self._now_s = BEGINNING_S
        self._sources = selectors.DefaultSelector()
        super().__init__(self._sources)
        # asyncio runs timers early by this much; with whole nanoseconds nothing is ever early.
        self._clock_resolution = 1e-10

    def time(self) -> float:
        """Return the virtual time in s."""
        return self._now_s

    def move_to(self, moment_s: float) -> None:
        """Set the time; it never goes back."""
        self._now_s = max(self._now_s, round(moment_s, 9))

    def call_at(
        self,
        when: float,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call a function at a moment, in whole nanoseconds."""
        return super().call_at(round(when, 9), callback, *args, context=context)

    def turn(self) -> None:
        """Run once what is due now, and take in what came from other threads."""
        self.call_soon(self.stop)
        self.run_forever()

    def listen(self, longest_s: float) -> None:
        """Wait in real time, at most `longest_s` s, until another thread or a file has something for the loop."""
        self._sources.select(longest_s)

    @property
    def has_work(self) -> bool:
        """Whether something is due now."""
        if self._ready:  # type: ignore[attr-defined] # asyncio has no public way to look at its queue
            return True
        upcoming = self.next_timer()
        return upcoming is not None and upcoming <= self._now_s

    def next_timer(self) -> float | None:
        """Return when the earliest timer is due, None when there is none."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined] # the same
        return min((timer.when() for timer in timers if not timer.cancelled()), default=None)


@implementer(IReactorTime)
class VirtualReactor:
    """The timers of Twisted's reactor on a virtual loop; never the process's reactor."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._asyncioEventloop = loop
        self._log = Logger("ocs.testing")
        self._handles: dict[DelayedCall, asyncio.TimerHandle] = {}

    def seconds(self) -> float:
        """Return the virtual time in s."""
        return self._asyncioEventloop.time()

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> DelayedCall:  # noqa: A002, N802 - Twisted's names
        """Call `callable` after `delay` s."""
        call = DelayedCall(self.seconds() + delay, callable, args, kwargs, self._cancel, self._reset, self.seconds)
        self._arm(call)
        return call

    def callFromThread(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:  # noqa: N802 - Twisted's
        """Call `function` in the loop, from any thread."""
        self._asyncioEventloop.call_soon_threadsafe(lambda: function(*args, **kwargs))

    def getDelayedCalls(self) -> list[DelayedCall]:  # noqa: N802 - Twisted's name
        """Return the calls that are still to come."""
        return list(self._handles)

    def _arm(self, call: DelayedCall) -> None:
        self._handles[call] = self._asyncioEventloop.call_at(call.getTime(), self._fire, call)

    def _cancel(self, call: DelayedCall) -> None:
        self._handles.pop(call).cancel()

    def _reset(self, call: DelayedCall) -> None:
        self._cancel(call)
        call.activate_delay()
        self._arm(call)

    def _fire(self, call: DelayedCall) -> None:
        del self._handles[call]
        if call.delayed_time > 0:
            call.activate_delay()
            self._arm(call)
            return
        call.called = 1
        try:
            call.func(*call.args, **call.kw)
        except Exception:  # noqa: BLE001 - as the reactor does: one call's error ends no other
            self._log.failure("a delayed call failed")
