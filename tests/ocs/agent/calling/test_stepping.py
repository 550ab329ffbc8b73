"""Both dialects of waiting in one function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed

from ocs.agent.calling.stepping import Stepping
from ocs.testing.clock import VirtualClock


def run(clock: VirtualClock, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    async def stepped() -> Any:
        return await Stepping(coroutine)

    return clock.loop.create_task(stepped())


def test_deferreds_and_asyncio_are_awaited_in_turn(clock: VirtualClock) -> None:
    async def both() -> list[float]:
        times = [clock.now]
        await clock.timing.pause(1.0)
        times.append(clock.now)
        await asyncio.sleep(2.0)
        times.append(clock.now)
        async with asyncio.timeout(10.0):
            await asyncio.gather(asyncio.sleep(1.0), clock.timing.pause(3.0).asFuture(clock.loop))
        times.append(clock.now)
        return times

    task = run(clock, both())
    clock.advance(10.0)

    assert task.result() == pytest.approx([0.0, 1.0, 3.0, 6.0])


@pytest.mark.parametrize("make", [lambda: succeed(4), lambda: _later(4)])
def test_a_deferred_gives_its_result(clock: VirtualClock, make: Callable[[], Deferred[int]]) -> None:
    async def wait() -> int:
        return await make()

    task = run(clock, wait())
    clock.settle()

    assert task.result() == 4


def _later(value: int) -> Deferred[int]:
    waiting: Deferred[int] = Deferred()
    asyncio.get_running_loop().call_soon(waiting.callback, value)
    return waiting


def test_an_error_of_a_deferred_is_raised_where_it_is_awaited(clock: VirtualClock) -> None:
    async def wait() -> str:
        try:
            await fail(ValueError("red"))
        except ValueError as error:
            return str(error)
        return "nothing"

    task = run(clock, wait())
    clock.settle()

    assert task.result() == "red"


def test_a_timeout_of_asyncio_ends_the_wait_for_a_deferred(clock: VirtualClock) -> None:
    cancelled: list[Any] = []

    async def wait() -> str:
        never: Deferred[None] = Deferred(cancelled.append)
        try:
            async with asyncio.timeout(2.0):
                await never
        except TimeoutError:
            await clock.timing.pause(1.0)
            return "late"
        return "nothing"

    task = run(clock, wait())
    clock.advance(3.0)

    assert task.result() == "late"
    assert len(cancelled) == 1


def test_a_cancelled_task_may_wait_for_its_clean_up(clock: VirtualClock) -> None:
    async def wait() -> None:
        try:
            await clock.timing.pause(100.0)
        finally:
            await clock.timing.pause(1.0)
            await asyncio.sleep(1.0)

    task = run(clock, wait())
    clock.advance(1.0)
    task.cancel()
    clock.advance(1.9)
    assert not task.done()

    clock.advance(0.2)

    assert task.cancelled()


def test_a_generator_that_is_awaited_cleans_up_before_the_cancellation_goes_on(clock: VirtualClock) -> None:
    told: list[str] = []

    @inlineCallbacks
    def inner() -> Generator[Deferred[None], Any, None]:
        try:
            yield clock.timing.pause(100.0)
        finally:
            yield clock.timing.pause(2.0)
            told.append("inner")

    async def outer() -> None:
        try:
            await inner()
        finally:
            told.append("outer")

    task = run(clock, outer())
    clock.advance(1.0)
    task.cancel()
    clock.advance(10.0)

    assert task.cancelled()
    assert told == ["inner", "outer"]
