"""wampy as it is, as a caller."""

from __future__ import annotations

import json
import logging
import sys
import time

from wampy.peers.clients import Client

from benchmarks.programs.commands import answer, summary


def main(url: str) -> None:
    """Obey until stdin ends."""
    logging.disable(logging.CRITICAL)
    with Client(url=url, realm="test_realm") as client:
        answer(ready=True)
        for line in sys.stdin:
            command = json.loads(line)
            durations = []
            start = time.perf_counter()
            for _ in range(command["count"]):
                begin = time.perf_counter()
                client.call("observatory.bench-1.ops", command["do"], command["op"])
                durations.append(time.perf_counter() - begin)
            answer(**summary(time.perf_counter() - start, durations))


if __name__ == "__main__":
    main(sys.argv[1])
