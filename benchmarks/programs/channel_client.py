"""Our async client as a caller of channels."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.programs.commands import Command, answer, read_commands, summary
from ocs.client.aio import connect


async def main(name: str) -> None:
    """Obey until stdin ends."""
    loop = asyncio.get_running_loop()
    commands: asyncio.Queue[Command] = asyncio.Queue()
    async with connect() as obs:
        device = await obs.device(name)
        asks: dict[str, Callable[[], Awaitable[Any]]] = {
            "read": device.channels["cached"].read,
            "read_many": lambda: device.read("c_*"),
            "write": lambda: device.channels["target"].put(1.5),
            "spectrum": device.channels["spectrum"].read,
        }
        read_commands(lambda command: loop.call_soon_threadsafe(commands.put_nowait, command))
        answer(ready=True)
        while True:
            await obey(device, asks, **await commands.get())


async def obey(device: Any, asks: dict[str, Callable[[], Awaitable[Any]]], do: str, **params: Any) -> None:
    """Ask `count` times and tell the median, or start a task of the device with parameters."""
    if do == "start":
        await device.operations[params.pop("op")].start(**params)
        answer(started=True)
        return
    durations: list[float] = []
    begin = time.perf_counter()
    for _ in range(params["count"]):
        called = time.perf_counter()
        await asks[do]()
        durations.append(time.perf_counter() - called)
    answer(**summary(time.perf_counter() - begin, durations))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
