"""A loop in real time beside the process's own, for tests with a real router."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred

from ocs.model.errors import DeadlineError

Value = TypeVar("Value")

LIMIT_S = 30.0


class RealLoop:
    """A reactor on a loop of its own; it runs only while a test waits for something."""

    def __init__(self) -> None:
        self.loop = asyncio.SelectorEventLoop()
        self.reactor: Any = AsyncioSelectorReactor(self.loop)

    def run_until(self, happened: Callable[[], Any], limit_s: float = LIMIT_S) -> None:
        """Run until `happened()`.

        Raises:
            DeadlineError: It did not happen within `limit_s` seconds.
        """
        patience = time.monotonic() + limit_s
        while not happened():
            if time.monotonic() > patience:
                raise DeadlineError(f"it did not happen within {limit_s:g} s")
            # The look ends at the next event; the timer only makes sure that the deadline is seen.
            timer = self.loop.call_later(0.02, self.loop.stop)
            self.loop.call_soon(self.loop.call_soon, self.loop.stop)
            self.loop.run_forever()
            timer.cancel()

    def result_of(self, deferred: Deferred[Value], limit_s: float = LIMIT_S) -> Value:
        """Return what a Deferred fires with, or raise what it fails with."""
        ends: list[Value] = []
        failures: list[BaseException] = []
        deferred.addCallbacks(ends.append, lambda failure: failures.append(failure.value))
        self.run_until(lambda: ends or failures, limit_s)
        if failures:
            raise failures[0]
        return ends[0]

    def close(self) -> None:
        """End the loop."""
        self.reactor.removeAll()
        self.reactor.waker.connectionLost(None)
        self.loop.close()
