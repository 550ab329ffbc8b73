"""What else the machine does: rounds wait for a quiet moment, and figures tell how much others took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import psutil

from benchmarks.peer import cpu_seconds

QUIET_CORES = 0.35
LOOK_S, MOST_S = 0.4, 4.0


def busy_seconds() -> float:
    """Return the processor time that all programs of the machine have used since its start, in s."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def quietly(measure: Callable[[], float]) -> Callable[[], float]:
    """Return the same measurement, begun when hardly a third of a core is busy, or 4 s later at the latest."""

    def measured() -> float:
        pause, end = threading.Event(), time.monotonic() + MOST_S
        while time.monotonic() < end:
            before, began = busy_seconds(), time.monotonic()
            pause.wait(LOOK_S)
            if busy_seconds() - before < QUIET_CORES * (time.monotonic() - began):
                break
        return measure()

    return measured


def others_cores(pids: Iterable[int], measure: Callable[[], float]) -> tuple[float, float]:
    """Return what is measured, and how many cores other programs than these kept busy meanwhile."""
    known = list(pids)
    busy, own, began = busy_seconds(), cpu_seconds(known), time.monotonic()
    value = measure()
    taken = busy_seconds() - busy - (cpu_seconds(known) - own)
    return value, max(0.0, taken / (time.monotonic() - began))
