"""One story about the oven, told by each flavour of the client; prints what happened as JSON.

python story.py blocking|wampy|async ws://127.0.0.1:8001/ws
"""

from __future__ import annotations

import asyncio
import json
import queue
import sys
from typing import Any

from ocs.model.errors import ConfigurationError, DeadlineError, OutOfRangeError

WAIT_S = 20.0


def blocking(url: str, flavour: str) -> dict[str, Any]:
    """Tell it by a client that blocks."""
    if flavour == "wampy":
        from ocs.client_wampy import connect
    else:
        from ocs.client import connect
    told: dict[str, Any] = {}
    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with connect(url) as obs:
        oven = obs["oven"]
        told["value"] = oven.temperature.get()
        told["unit"] = oven.temperature.read().unit
        told["profile"] = oven.profile.get().tolist()
        told["readback"] = oven.setpoint.put(310, readback=True).value
        told["refused"] = refused_by(lambda: oven.setpoint.put(500), OutOfRangeError)
        told["sourceless"] = refused_by(lambda: oven.pressure.subscribe(print), ConfigurationError)
        subscription = oven.setpoint.subscribe(heard.put)
        with oven.setpoint.follow(timeout_s=WAIT_S) as events:
            oven.setpoint.put(320)
            told["followed"] = [event.value for event in (next(events), next(events))]
        told["heard"] = [(event.value, event.reason.value) for event in (heard.get(timeout=WAIT_S) for _ in range(2))]
        subscription.close()
        oven.heat(actual=320.0)
        told["waited"] = oven.temperature.wait_until(lambda reading: reading.value > 310, timeout_s=WAIT_S).value
        told["settled"] = oven.temperature.wait_settled(timeout_s=WAIT_S).settled
        told["late"] = refused_by(lambda: oven.temperature.wait_until(lambda _: False, timeout_s=0.2), DeadlineError)
        told["state"] = oven.state.switch_on(reason="story").state
        told["tango"] = str(oven.state)
        told["calibrated"] = oven.state.switch_off().state, oven.calibrate(4.0, times=2)
        told["health"] = oven.health.level.value
        told["feed"] = [message.feed for message in (next(oven.feeds["thermal"].follow(WAIT_S)),)]
    return told


async def in_a_loop(url: str) -> dict[str, Any]:
    """Tell it by the async client."""
    from ocs.client.aio import connect

    told: dict[str, Any] = {}
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with connect(url) as realm:
        oven = await realm.device("oven")
        told["value"] = await oven.temperature.get()
        told["unit"] = (await oven.temperature.read()).unit
        told["profile"] = (await oven.profile.get()).tolist()
        told["readback"] = (await oven.setpoint.put(310, readback=True)).value
        told["refused"] = await refused_in_a_loop(oven.setpoint.put(500), OutOfRangeError)
        told["sourceless"] = await refused_in_a_loop(oven.pressure.subscribe(print), ConfigurationError)
        subscription = await oven.setpoint.subscribe(heard.put_nowait)
        told["followed"] = []
        async for event in oven.setpoint.follow(timeout_s=WAIT_S):
            told["followed"].append(event.value)
            if len(told["followed"]) == 2:
                break
            await oven.setpoint.put(320)
        events = [await heard.get() for _ in range(2)]
        told["heard"] = [(event.value, event.reason.value) for event in events]
        await subscription.close()
        await oven.heat(actual=320.0)
        told["waited"] = (await oven.temperature.wait_until(lambda reading: reading.value > 310, WAIT_S)).value
        told["settled"] = (await oven.temperature.wait_settled(WAIT_S)).settled
        told["late"] = await refused_in_a_loop(oven.temperature.wait_until(lambda _: False, 0.2), DeadlineError)
        told["state"] = (await oven.state.switch_on(reason="story")).state
        told["tango"] = (await oven.state.read()).tango.name
        told["calibrated"] = (await oven.state.switch_off()).state, await oven.calibrate(4.0, times=2)
        told["health"] = (await oven.health).level.value
        async for message in oven.feeds["thermal"].follow(WAIT_S):
            told["feed"] = [message.feed]
            break
    return told


def refused_by(function: Any, kind: type[Exception]) -> str:
    """Return the sentence with which a call is refused."""
    try:
        function()
    except kind as error:
        return str(error)
    return "it was not refused"


async def refused_in_a_loop(awaitable: Any, kind: type[Exception]) -> str:
    """Return the sentence with which a call is refused."""
    try:
        await awaitable
    except kind as error:
        return str(error)
    return "it was not refused"


if __name__ == "__main__":
    _, flavour, where = sys.argv
    happened = asyncio.run(in_a_loop(where)) if flavour == "async" else blocking(where, flavour)
    print(json.dumps(happened))  # noqa: T201 - its result
