"""The few figures of a machine that tell whether it is well: which disks and which sensors are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ocs.services.hosts.machine import field_name

ROOT = "/"

CPU_CHIPS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal", "acpitz")
"""Chips that measure the processor, the best first: Intel, AMD, AMD, boards with ARM, boards with ARM, firmware."""

WARM_C, HOT_C = 90.0, 100.0
"""Limits in degC where a sensor tells none."""


class Partition(Protocol):
    """A mounted file system, as psutil tells it."""

    @property
    def device(self) -> str:
        """What is mounted."""

    @property
    def mountpoint(self) -> str:
        """Where."""

    @property
    def opts(self) -> str:
        """How, with commas: `rw,relatime`."""


class Sensor(Protocol):
    """A temperature sensor, as psutil tells it: degC, None for what it does not know."""

    @property
    def current(self) -> float | None:
        """What it measures."""

    @property
    def high(self) -> float | None:
        """From where on it is too hot."""

    @property
    def critical(self) -> float | None:
        """From where on the machine is in danger."""


@dataclass(frozen=True, slots=True)
class Heat:
    """The hottest sensor of the processor, and from where on it is too hot, all in degC."""

    current: float
    warm: float
    hot: float


def watched_disks(partitions: Iterable[Partition]) -> dict[str, str]:
    """Return the mount points that may fill up, by the name of their channel.

    What cannot be written is always full, files that a container has mounted over are no disks, and a disk that is
    mounted at several places counts once, by the shortest.
    """
    known = list(partitions)
    mounts: dict[str, str] = {}
    for partition in sorted(known, key=lambda each: (len(each.mountpoint), each.mountpoint)):
        writable = "ro" not in partition.opts.split(",")
        if writable and not Path(partition.mountpoint).is_file():
            mounts.setdefault(partition.device, partition.mountpoint)
    if all(partition.mountpoint != ROOT for partition in known):
        mounts[ROOT] = ROOT  # a container's, which psutil does not take for a disk
    return {field_name("disk_free", mount): mount for mount in sorted(mounts.values())}


def cpu_heat(sensors: Mapping[str, Sequence[Sensor]]) -> Heat | None:
    """Return how hot the processor is; None where nothing tells.

    Args:
        sensors: The sensors of each chip.
    """
    for chip in CPU_CHIPS:
        found = [sensor for sensor in sensors.get(chip, ()) if sensor.current is not None]
        if found:
            hottest = max(float(sensor.current or 0.0) for sensor in found)
            return Heat(hottest, _lowest((s.high for s in found), WARM_C), _lowest((s.critical for s in found), HOT_C))
    return None


def _lowest(limits: Iterable[float | None], otherwise: float) -> float:
    # Chips that have no limit tell 0, or some hundred degrees.
    return min((float(limit) for limit in limits if limit and limit < 2 * HOT_C), default=otherwise)
