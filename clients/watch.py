"""Record every feed of the realm until told to end: one JSON object a line.

    python -m clients.watch --output build/demo/feeds.jsonl

Async, on autobahn. It ends at Ctrl-C or SIGTERM, or after `--for` seconds, and prints how much it saw.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from ocs.client.aio import connect
from ocs.client.events import FeedMessage
from ocs.model.errors import OcsError


async def record(file: TextIO, seconds: float | None) -> Counter[str]:
    """Write each feed message to `file`; return how many came of each feed."""
    seen: Counter[str] = Counter()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)

    def keep(message: FeedMessage) -> None:
        if message.feed == "heartbeat":
            return
        seen[f"{message.device}.{message.feed}"] += 1
        line = {"device": message.device, "feed": message.feed, "seq": message.seq, "message": message.message}
        file.write(json.dumps(line) + "\n")

    async with connect() as obs:
        await obs.subscribe("", "", keep)
        sys.stdout.write("watching\n")
        sys.stdout.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await over.wait()
    return seen


def main(argv: Sequence[str] | None = None) -> int:
    """Record; 0 when it ended as asked, 1 with one sentence on stderr when not."""
    parser = argparse.ArgumentParser(prog="watch", description="Record every feed of the realm.")
    parser.add_argument("--output", default="build/demo/feeds.jsonl", help="file of the records [%(default)s]")
    parser.add_argument("--for", dest="seconds", type=float, help="end after so many seconds")
    options = parser.parse_args(argv)
    path = Path(options.output)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("w") as file:
            seen = asyncio.run(record(file, options.seconds))
    except OcsError as error:
        sys.stderr.write(f"watch: {error}\n")
        return 1
    sys.stdout.write(json.dumps({"feed_events": seen.total(), "feeds": dict(seen)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
