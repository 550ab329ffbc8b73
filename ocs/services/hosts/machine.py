"""The figures of this machine, in blocks whose fields are fixed when they are first looked for.

What this machine does not have (a temperature, say) has no field. What it had and lost (a disk taken
out) makes its block absent for that reading: a block never changes its fields.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psutil

Values = dict[str, float]
Counters = Callable[[], Mapping[str, float] | None]

_NOT_A_FIELD = re.compile(r"[^A-Za-z0-9]+")
_PSEUDO = ("lo",)


@dataclass(frozen=True, slots=True)
class Figures:
    """One block of figures.

    Attributes:
        block: Its name on the feed.
        units: Unit of each field; these are all its fields.
        read: Returns the values, or None while the thing is away.
    """

    block: str
    units: Mapping[str, str]
    read: Callable[[], Values | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look at the machine gave: values by block, and the blocks that were away."""

    blocks: Mapping[str, Values]
    absent: tuple[str, ...]


class Machine:
    """This machine; what it has is found once, when the object is made.

    Args:
        clock: Returns monotonic seconds, for rates.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._figures = [_processor(), _memory(), *_disks(), *_networks(clock), *_temperatures()]
        if psutil.disk_io_counters() is not None:
            self._figures.append(_disk_traffic(clock))
        self.read()  # rates and percentages need an earlier look

    @property
    def units(self) -> dict[str, dict[str, str]]:
        """Unit of each field, by block."""
        return {figures.block: dict(figures.units) for figures in self._figures}

    def read(self) -> Reading:
        """Look at everything once."""
        blocks: dict[str, Values] = {}
        absent = []
        for figures in self._figures:
            values = figures.read()
            if values is None:
                absent.append(figures.block)
            else:
                blocks[figures.block] = values
        return Reading(blocks, tuple(absent))


def field_name(kind: str, name: str) -> str:
    """Return a name that feeds allow for the thing `name`, as `disk_boot_efi` for `/boot/efi`."""
    return f"{kind}_{_NOT_A_FIELD.sub('_', name).strip('_') or 'root'}"


class Rates:
    """Differences of ever growing counters, per second.

    Args:
        counters: Returns the counters; None while the thing is away.
        clock: Returns monotonic seconds.
    """

    def __init__(self, counters: Counters, clock: Callable[[], float]) -> None:
        self._counters = counters
        self._clock = clock
        self._last: Mapping[str, float] | None = None
        self._then = 0.0

    def read(self) -> Values | None:
        """Return the rates since the last look; zero at the first, and after counters were reset."""
        now, counters = self._clock(), self._counters()
        last, self._last = self._last, counters
        span, self._then = now - self._then, now
        if counters is None:
            return None
        if last is None or span <= 0:
            return dict.fromkeys(counters, 0.0)
        return {name: max(0.0, (value - last[name]) / span) for name, value in counters.items()}


def _processor() -> Figures:
    units = {
        "load_1min": "1",
        "load_5min": "1",
        "load_15min": "1",
        "cpu_used": "%",
        "processes": "count",
        "uptime": "s",
    }

    def read() -> Values:
        one, five, fifteen = psutil.getloadavg()
        numbers = (one, five, fifteen, psutil.cpu_percent(), len(psutil.pids()), time.time() - psutil.boot_time())
        return {field: float(number) for field, number in zip(units, numbers, strict=True)}

    return Figures("processor", units, read)


def _memory() -> Figures:
    units = {"memory_used": "%", "memory_available": "B", "memory_total": "B", "swap_used": "%"}

    def read() -> Values:
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        numbers = (memory.percent, memory.available, memory.total, swap.percent)
        return {field: float(number) for field, number in zip(units, numbers, strict=True)}

    return Figures("memory", units, read)


def _disks() -> list[Figures]:
    mounts = {part.mountpoint for part in psutil.disk_partitions()} | {"/"}
    found = {field_name("disk", mount): mount for mount in sorted(mounts)}
    return [disk for block, mount in found.items() if (disk := _disk(block, mount)).read() is not None]


def _disk(block: str, mount: str) -> Figures:
    units = {"used": "%", "free": "B", "total": "B"}

    def read() -> Values | None:
        try:
            usage = psutil.disk_usage(mount)
        except OSError:  # unmounted, or not ours to look at
            return None
        return {"used": float(usage.percent), "free": float(usage.free), "total": float(usage.total)}

    return Figures(block, units, read)


def _disk_traffic(clock: Callable[[], float]) -> Figures:
    def counters() -> Mapping[str, float] | None:
        total = psutil.disk_io_counters()
        return None if total is None else {"read": float(total.read_bytes), "written": float(total.write_bytes)}

    return Figures("disks", {"read": "B/s", "written": "B/s"}, Rates(counters, clock).read)


def _networks(clock: Callable[[], float]) -> list[Figures]:
    up = psutil.net_if_stats()
    names = [name for name in sorted(psutil.net_io_counters(pernic=True)) if name not in _PSEUDO]
    return [_network(name, clock) for name in names if name in up and up[name].isup]


def _network(name: str, clock: Callable[[], float]) -> Figures:
    def counters() -> Mapping[str, float] | None:
        total = psutil.net_io_counters(pernic=True).get(name)
        if total is None:
            return None
        return {
            "received": float(total.bytes_recv),
            "sent": float(total.bytes_sent),
            "errors": float(total.errin + total.errout),
        }

    units = {"received": "B/s", "sent": "B/s", "errors": "1/s"}
    return Figures(field_name("net", name), units, Rates(counters, clock).read)


def _temperatures() -> list[Figures]:
    # Not offered on every system.
    look = getattr(psutil, "sensors_temperatures", None)
    if look is None:
        return []
    return [_chip(chip, len(sensors), look) for chip, sensors in sorted(look().items()) if sensors]


def _chip(chip: str, count: int, look: Callable[[], Mapping[str, list[object]]]) -> Figures:
    units = {f"sensor_{number}": "degC" for number in range(count)}

    def read() -> Values | None:
        sensors = look().get(chip, [])
        values = [getattr(sensor, "current", None) for sensor in sensors]
        if len(values) != count or any(value is None for value in values):
            return None
        return {field: float(value) for field, value in zip(units, values, strict=True) if value is not None}

    return Figures(field_name("temperature", chip), units, read)
