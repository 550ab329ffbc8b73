"""Time and the event loop, as an argument: the reactor in an agent, a virtual clock in a test."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from ocs.model import cancellation
from ocs.realm.reactor import loop_of


class Timing:
    """The loop of one agent, its timers and its wall clock.

    Args:
        reactor: Twisted's reactor on asyncio.
        wall: Returns POSIX seconds, UTC, for stamps.

    Attributes:
        working: The threads in which an author's function is under way; changed in the loop only.
    """

    def __init__(self, reactor: Any, wall: Callable[[], float] = time.time) -> None:
        self.reactor = reactor
        self.now = wall
        self.loop: asyncio.AbstractEventLoop = loop_of(reactor)
        self.seconds: Callable[[], float] = self.loop.time
        self.working: set[threading.Thread] = set()
        self._thread = threading.get_ident()

    def adopt_thread(self) -> None:
        """Take the calling thread as the loop's."""
        self._thread = threading.get_ident()

    @property
    def in_loop(self) -> bool:
        """Whether the caller runs in the loop's thread."""
        return threading.get_ident() == self._thread

    def later(self, delay_s: float, function: Callable[..., object], *args: Any) -> Any:
        """Call `function` in the loop after `delay_s` seconds; returns what can be cancelled."""
        return self.reactor.callLater(delay_s, function, *args)

    def soon(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` in the loop, from any thread; forgotten when the loop has ended."""
        try:
            self.loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    def here_or_soon(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` at once when the caller is in the loop, else soon in the loop."""
        if threading.get_ident() == self._thread:
            function(*args)
        else:
            self.soon(function, *args)

    def pause(self, delay_s: float) -> Deferred[None]:
        """Return what fires after `delay_s` seconds; for async functions."""
        return deferLater(self.reactor, delay_s)

    def sleep(self, delay_s: float) -> None:
        """Wait in a thread for `delay_s` seconds of the loop's time.

        Raises:
            Cancelled: The run was asked to end.
        """
        over = threading.Event()
        timers: list[Any] = []

        def begin() -> None:
            timers.append(self.later(delay_s, over.set))

        def end() -> None:
            if timers and timers[0].active():
                timers[0].cancel()

        self.soon(begin)
        try:
            cancellation.wait(over, None)
        finally:
            self.soon(end)
