"""A blocking client of ours as a caller: the default one, or with `wampy` the one on wampy."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks.programs.commands import answer, summary


def main(flavour: str) -> None:
    """Obey until stdin ends."""
    if flavour == "wampy":
        from ocs.client_wampy import connect
    else:
        from ocs.client import connect
    with connect() as obs:
        device = obs["bench-1"]
        answer(ready=True)
        for line in sys.stdin:
            obey(device, **json.loads(line))


def obey(device: Any, do: str, op: str, count: int) -> None:
    """Call `run` or `status` of an operation `count` times."""
    function = getattr(device.operations[op], do)
    durations = []
    start = time.perf_counter()
    for _ in range(count):
        begin = time.perf_counter()
        function()
        durations.append(time.perf_counter() - begin)
    answer(**summary(time.perf_counter() - start, durations))


if __name__ == "__main__":
    main(sys.argv[1])
