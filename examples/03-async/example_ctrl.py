"""An asynchronous control program: two devices at once, progress as it comes, one time limit for all."""

import asyncio
from typing import Any

from ocs.client.aio import connect
from ocs.model.errors import AbortedError


async def watched(device: Any, name: str, times: int) -> str:
    """Start a greeting, print its progress, return its result."""
    run = await device.greet.start(name=name, times=times)
    async for progress in run.progress(timeout_s=10):
        if progress.message:
            print(f"{device.name}: {progress.fraction:4.0%} {progress.message}")
    return str(run.session.result)


async def main() -> None:
    """Control two devices."""
    async with connect() as obs:
        first, second = await asyncio.gather(obs.device("hello-1"), obs.device("hello-2"))

        async with asyncio.timeout(30):
            both = await asyncio.gather(first.greet(name="Ada", times=1), second.greet(name="Grace", times=2))
        print([session.result for session in both])

        print(await watched(first, "Emmy", times=2))

        run = await second.greet.start(times=100)
        await run.abort()
        try:
            await run.wait(timeout_s=10)
        except AbortedError as error:
            print(error)

        await first.count()
        async for message in first.feeds["counter"].follow(timeout_s=5):
            print(message.device, message.samples[0].data)
            break
        await first.count.stop()
        print((await first.count.wait(timeout_s=10)).sentence)


if __name__ == "__main__":
    asyncio.run(main())
