"""Drives an agent of OCS 0.12 with our async client and prints what it saw; the client wants a loop of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from ocs.client.aio import connect


async def main(url: str, name: str) -> dict[str, Any]:
    """Run a task, and follow a feed for one message."""
    async with connect(url) as obs:
        device = await obs.device(name)
        session = await device.delay_task(delay=0.1)
        await device.acq()
        samples = []
        async for message in device.feeds["false_temperatures"].follow(10):
            samples = message.samples
            break
        await device.acq.stop()
        stopped = await device.acq.wait(10)
        return {"success": session.success, "fields": sorted(samples[0].data), "stopped": stopped.success}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2]))))  # noqa: T201 - its result
