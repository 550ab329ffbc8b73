"""Our async client as a caller."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from benchmarks.programs.commands import Command, answer, read_commands, summary
from ocs.client.aio import connect


async def main(name: str = "bench-1") -> None:
    """Obey until stdin ends."""
    loop = asyncio.get_running_loop()
    commands: asyncio.Queue[Command] = asyncio.Queue()
    async with connect() as obs:
        device = await obs.device(name)
        read_commands(lambda command: loop.call_soon_threadsafe(commands.put_nowait, command))
        answer(ready=True)
        while True:
            await obey(device, **await commands.get())


async def obey(device: Any, do: str, op: str, count: int = 1, in_flight: int = 1, **params: Any) -> None:
    """Call `run` or `status` of an operation `count` times, or once with parameters."""
    durations: list[float] = []

    async def chain(operation: Any, number: int) -> None:
        function = operation.run if do == "run" else operation.status
        for _ in range(number):
            begin = time.perf_counter()
            await (function(params["params"]) if params else function())
            durations.append(time.perf_counter() - begin)

    names = [op] if in_flight == 1 else [f"{op}_{number}" for number in range(in_flight)]
    begin = time.perf_counter()
    await asyncio.gather(*(chain(device.operations[name], count // in_flight) for name in names))
    answer(**summary(time.perf_counter() - begin, durations))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
