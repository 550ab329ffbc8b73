"""The async client: what ends with it, and what it finds again after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import pytest

from ocs.agent import AsyncSession, Device, Feed, task
from ocs.client.aio import AsyncClient
from ocs.client.settings import Place
from ocs.client.surface import Realm
from ocs.model.errors import RouterLostError
from ocs.testing.clock import VirtualClock
from ocs.testing.memory_router import WAY, MemoryRouter
from ocs.testing.running import REALM, ROOT, Site
from tests.ocs.client.oven import Oven

PLACE = Place("ws://memory:1/ws", (WAY,), REALM, ROOT, "registry")


class Kiln(Device):
    """A kiln."""

    heat = Feed(doc="its heat")

    @task
    async def ramp(self, session: AsyncSession, seconds: float) -> str:
        """Ramp.

        Args:
            seconds: How long.
        """
        await session.sleep(seconds)
        return "hot"


@pytest.fixture
def client(clock: VirtualClock, memory_router: MemoryRouter, monkeypatch: pytest.MonkeyPatch) -> AsyncClient:
    monkeypatch.setattr("ocs.realm.connection.RealmConnection", memory_router.connection)
    monkeypatch.setattr("ocs.client.aio.running_reactor", lambda _loop: clock.reactor)
    return AsyncClient(PLACE)


def result(clock: VirtualClock, coroutine: Coroutine[Any, Any, Any], limit_s: float = 60.0) -> Any:
    task = clock.loop.create_task(coroutine)
    clock.run_until(task.done, limit_s)
    return task.result()


def test_a_join_that_is_cancelled_is_given_up(
    clock: VirtualClock, memory_router: MemoryRouter, client: AsyncClient
) -> None:
    memory_router.stop()
    joining = clock.loop.create_task(client.join(100.0))
    clock.advance(2.0)

    joining.cancel()
    clock.settle()

    assert joining.cancelled()
    memory_router.start()
    clock.advance(10.0)
    assert not client.connection.joined


def test_who_follows_a_feed_is_told_that_the_client_left(
    clock: VirtualClock, memory_site: Site, client: AsyncClient
) -> None:
    memory_site.start(Kiln("oven"))
    result(clock, client.join())

    async def follow() -> None:
        oven = await Realm(client, ROOT).device("oven")
        async for _ in oven.feeds["heat"].follow():
            pass

    following = clock.loop.create_task(follow())
    clock.settle()
    result(clock, client.leave())
    clock.settle()

    with pytest.raises(RouterLostError, match="left"):
        following.result()


def test_the_end_of_a_run_is_found_although_its_event_was_missed(
    clock: VirtualClock, memory_site: Site, memory_router: MemoryRouter, client: AsyncClient
) -> None:
    memory_site.start(Kiln("oven"))
    result(clock, client.join())

    async def follow() -> str:
        oven = await Realm(client, ROOT).device("oven")
        run = await oven.ramp.start(seconds=7.0)
        async for _ in run.progress():
            pass
        return str(run.session.result)

    following = clock.loop.create_task(follow())
    clock.advance(6.0)
    memory_router.stop()
    clock.advance(1.5)
    memory_router.start()
    clock.run_until(following.done, 30.0)

    assert following.result() == "hot"
    result(clock, client.leave())


def test_a_call_that_is_cancelled_leaves_nothing_behind(
    clock: VirtualClock, memory_site: Site, client: AsyncClient
) -> None:
    agent = memory_site.start(Kiln("oven"))
    result(clock, client.join())

    async def wait() -> None:
        oven = await Realm(client, ROOT).device("oven")
        await oven.ramp(seconds=50.0)

    waiting = clock.loop.create_task(wait())
    clock.advance(1.0)
    waiting.cancel()
    clock.settle()

    assert waiting.cancelled()
    member = next(each for each in agent.members if each.device.name == "oven")
    assert not member.operations["ramp"]._waiting
    assert member.operations["ramp"].active
    result(clock, client.leave())


def test_a_program_that_left_is_told_so(clock: VirtualClock, memory_site: Site, client: AsyncClient) -> None:
    memory_site.start(Kiln("oven"))
    result(clock, client.join())
    oven = result(clock, Realm(client, ROOT).device("oven"))
    result(clock, client.leave())

    async def subscribe() -> None:
        await oven.feeds["heat"].subscribe(lambda _: None)

    with pytest.raises(RouterLostError, match="closed"):
        result(clock, subscribe())
    with pytest.raises(RouterLostError, match="closed"):
        result(clock, oven.ramp.status())


def test_two_clients_share_a_loop(clock: VirtualClock, memory_site: Site, client: AsyncClient) -> None:
    memory_site.start(Kiln("oven"))
    other = AsyncClient(PLACE)

    async def both() -> list[str]:
        await asyncio.gather(client.join(), other.join())
        ovens = [await Realm(each, ROOT).device("oven") for each in (client, other)]
        first = await ovens[0].ramp(seconds=1.0)
        await client.leave()
        second = await ovens[1].ramp(seconds=1.0)
        await other.leave()
        return [first.result, second.result]

    assert result(clock, both()) == ["hot", "hot"]


def test_a_wait_that_is_cancelled_listens_no_more(
    clock: VirtualClock, hardware: Oven, memory_router: MemoryRouter, client: AsyncClient
) -> None:
    result(clock, client.join())

    async def wait() -> None:
        oven = await Realm(client, ROOT).device("oven")
        await oven.temperature.wait_until(lambda reading: reading.value > 310, timeout_s=600)

    waiting = clock.loop.create_task(wait())
    clock.advance(3.0)
    before = len(client.mailboxes)
    waiting.cancel()
    clock.settle()

    assert waiting.cancelled()
    assert (before, len(client.mailboxes)) == (1, 0)
    assert client.connection._roster.subscriptions == []
    result(clock, client.leave())


def test_who_waits_is_told_that_the_client_left(clock: VirtualClock, hardware: Oven, client: AsyncClient) -> None:
    result(clock, client.join())

    async def wait() -> None:
        oven = await Realm(client, ROOT).device("oven")
        await oven.state.wait_until(lambda report: report.state == "ON", timeout_s=600)

    waiting = clock.loop.create_task(wait())
    clock.advance(3.0)
    result(clock, client.leave())
    clock.settle()

    with pytest.raises(RouterLostError, match="left the realm"):
        waiting.result()


def test_a_channel_is_followed_one_event_in_a_while(clock: VirtualClock, hardware: Oven, client: AsyncClient) -> None:
    result(clock, client.join())

    async def follow() -> list[float]:
        oven = await Realm(client, ROOT).device("oven")
        times: list[float] = []
        async for event in oven.temperature.follow("periodic", keep=3.0):
            assert event.reading.value == 300.0
            times.append(clock.now)
            if len(times) == 4:
                break
        return times

    times = result(clock, follow())

    assert [later - earlier for earlier, later in pairwise(times[1:])] == [3.0, 3.0]
    result(clock, client.leave())


def test_a_subscriber_gets_the_present_value_first_and_no_more_after_the_end(
    clock: VirtualClock, hardware: Oven, client: AsyncClient
) -> None:
    heard: list[Any] = []
    result(clock, client.join())

    async def subscribe() -> Any:
        oven = await Realm(client, ROOT).device("oven")
        return await oven.temperature.subscribe(lambda event: heard.append(event.value))

    subscription = result(clock, subscribe())
    for actual in (301.0, 302.0):
        hardware.actual = actual
        clock.advance(1.0)
    result(clock, subscription.close())
    hardware.actual = 303.0
    clock.advance(2.0)

    assert heard == [300.0, 301.0, 302.0]
    result(clock, client.leave())


def test_a_state_cannot_be_asked_for_by_str(clock: VirtualClock, hardware: Oven, client: AsyncClient) -> None:
    result(clock, client.join())
    oven = result(clock, Realm(client, ROOT).device("oven"))

    assert str(oven.state) == "<state of oven: switch_on, switch_off>"
    result(clock, client.leave())
