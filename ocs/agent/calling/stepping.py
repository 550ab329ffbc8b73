"""Awaiting both dialects in one `async def`: asyncio's futures and Twisted's Deferreds.

A coroutine in an asyncio Task fails at a Deferred, one driven by Twisted at `asyncio.sleep`. Here a Task
drives the author's coroutine through an awaitable that steps it by hand: what it yields is passed on,
but for a Deferred, which is waited for through a future.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from twisted.internet.defer import Deferred


class Stepping:
    """An awaitable that runs `coroutine`, Deferreds included; to be awaited in an asyncio Task."""

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        step, value = self._coroutine.send, None
        while True:
            try:
                yielded = step(value)
            except StopIteration as end:
                return end.value
            try:
                value = yield from self._wait(yielded)
            except BaseException as error:  # noqa: BLE001 - it belongs to the author's coroutine, cancellation too
                step, value = self._coroutine.throw, error
            else:
                step = self._coroutine.send

    def _wait(self, yielded: Any) -> Generator[Any, Any, Any]:
        if not isinstance(yielded, Deferred):
            return (yield yielded)
        try:
            yield from _woken_by(yielded)
        except asyncio.CancelledError:
            yielded.cancel()
            yield from _woken_by(yielded)  # inlineCallbacks may clean up first
            yielded.addErrback(lambda _: None)
            raise
        except BaseException:
            yielded.cancel()
            yielded.addErrback(lambda _: None)
            raise
        # A Deferred yields itself until it has fired; only then does it give its result to its awaiter.
        return None


def _woken_by(deferred: Deferred[Any]) -> asyncio.Future[None]:
    """Return a future of the moment at which a Deferred fires, its result left in place."""
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(result: Any) -> Any:
        if not woken.done():
            woken.set_result(None)
        return result

    deferred.addBoth(wake)
    return woken
