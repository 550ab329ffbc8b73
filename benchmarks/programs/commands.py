"""Commands on stdin, answers on stdout; and the one way in which a series of calls is timed."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from statistics import median
from typing import Any

Command = dict[str, Any]


def answer(**told: Any) -> None:
    """Print one answer."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def read_commands(take: Callable[[Command], object]) -> None:
    """Call `take` with each command, in a thread of its own; the process ends with its stdin."""

    def serve() -> None:
        for line in sys.stdin:
            take(json.loads(line))

    threading.Thread(target=serve, daemon=True).start()


def summary(seconds: float, durations: list[float]) -> Command:
    """Return what is told of a series of calls: its rate, and the median of one call in us."""
    return {"rate": len(durations) / seconds, "p50_us": median(durations) * 1e6}
