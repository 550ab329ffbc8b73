"""Our blocking client as whoever starts recordings and reads the archive."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.programs.commands import answer
from ocs.client import connect


def main() -> None:
    """Obey until stdin ends."""
    with connect() as obs:
        answer(ready=True)
        for line in sys.stdin:
            obey(obs, **json.loads(line))


def obey(obs: Any, do: str, **command: Any) -> None:
    """Carry one command out."""
    functions: dict[str, Callable[..., None]] = {"run": run, "command": call, "window": window}
    functions[do](obs, **command)


def run(obs: Any, device: str, op: str, params: dict[str, Any]) -> None:
    """Run an operation and tell its result."""
    answer(**(obs[device].operations[op].run(params).result or {}))


def call(obs: Any, device: str, name: str, params: dict[str, Any]) -> None:
    """Run a command."""
    answer(result=str(obs[device].command(name, **params)))


def window(obs: Any, channels: str, start: int, end: int) -> None:
    """Read a window over WAMP."""
    moments = np.datetime64(start, "ns"), np.datetime64(end, "ns")
    begin = time.perf_counter()
    rows = len(obs.history(channels, *moments).table)
    answer(rows=rows, p50_us=(time.perf_counter() - begin) * 1e6)


if __name__ == "__main__":
    main()
