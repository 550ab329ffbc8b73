"""The machine as a device: its main figures as channels with limits, all of them as a feed, its busiest processes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import psutil

from ocs.agent import Channel, Device, DeviceError, Feed, Limits, Session, Unit, process, task
from ocs.services.hosts.machine import Machine
from ocs.services.hosts.vitals import Heat, cpu_heat, watched_disks

WATCH_S = 0.5
"""Processes are watched for so long, in s, to see who is busy."""
LOOK_S = 5.0
STALE_S = 30.0

Percent = Annotated[float, Unit("%")]


@dataclass(frozen=True)
class Consumer:
    """One process of the machine.

    Attributes:
        cpu: Share of one core in %, over the last half second; several threads can exceed 100.
        memory: Resident memory in B.
    """

    pid: int
    name: str
    user: str
    cpu: float
    memory: int


class Hosts(Device):
    """The machine itself: load, memory, disks, network, temperatures, processes."""

    figures = Feed(doc="the figures of the machine, a block for each of its parts", agg_params={"frame_length": 60})
    load = Channel(
        Annotated[float, Unit("1")], period_s=LOOK_S, stale_after_s=STALE_S, abs_change=0.5,
        doc="how many processes wanted a core at a time, over the last minute",
    )  # fmt: skip
    memory_used = Channel(
        Percent, period_s=LOOK_S, stale_after_s=STALE_S, abs_change=1.0, max_warning=90.0, max_alarm=97.0,
        doc="memory that is not available to programs",
    )  # fmt: skip
    uptime = Channel(
        Annotated[float, Unit("s")], period_s=LOOK_S, stale_after_s=STALE_S, format="%.0f",
        doc="time since the machine started",
    )  # fmt: skip

    mounted: Mapping[str, str] = MappingProxyType({})
    """Mount points of the disks that are there, by the name of their channel."""
    expected: frozenset[str] = frozenset()
    """Channels of the disks that were there at the start: these are missed when they go."""

    def setup(self) -> None:
        """Find out what this machine has."""
        self.machine = Machine(self.seconds)
        self.expected = frozenset()
        self.follow_disks()
        self.expected = frozenset(self.mounted)
        heat = self.heat()
        if heat is not None and "cpu_temperature" not in self.channels:
            hottest = Channel(
                float, unit="degC", period_s=LOOK_S, stale_after_s=STALE_S, abs_change=2.0, format="%.1f",
                max_warning=heat.warm, max_alarm=heat.hot, doc="the hottest sensor of the processor",
            )  # fmt: skip
            self.add_channel("cpu_temperature", hottest, read=self.cpu_temperature)

    # -- channels --------------------------------------------------------------------------------

    def read_hardware(self, names: list[str]) -> None:  # noqa: ARG002 - disks come and go by themselves
        """See which disks are there."""
        if self.set_up.reached:
            self.follow_disks()

    @load.read
    def read_load(self) -> float:
        """Return the load over a minute."""
        return psutil.getloadavg()[0]

    @memory_used.read
    def read_memory_used(self) -> float:
        """Return the memory that is not available, in %."""
        return float(psutil.virtual_memory().percent)

    @uptime.read
    def read_uptime(self) -> float:
        """Return the time since the machine started, in s."""
        return time.time() - psutil.boot_time()

    def follow_disks(self) -> None:
        """Offer a channel for each disk that is there; one that came later goes as it came."""
        self.mounted = watched_disks(psutil.disk_partitions())
        offered = [name for name in self.channels if name.startswith("disk_free_")]
        for name in offered:
            if name not in self.mounted and name not in self.expected:
                self.remove_channel(name)
        for name, mount in self.mounted.items():
            if name not in offered:
                self.offer_disk(name, mount)

    def offer_disk(self, name: str, mount: str) -> None:
        """Offer the channel of a disk."""
        free = Channel(
            Percent, period_s=LOOK_S, stale_after_s=STALE_S, abs_change=1.0, min_warning=10.0, min_alarm=3.0,
            doc=f"space that is free at {mount}",
        )  # fmt: skip
        self.add_channel(name, free, read=lambda: self.disk_free(name, mount))

    def disk_free(self, name: str, mount: str) -> float:
        """Return the free space of a disk in %.

        Raises:
            DeviceError: It is not there any more.
        """
        if name not in self.mounted:
            raise DeviceError(f"nothing is mounted at {mount} any more; mount it, or ask for Init if it is not needed")
        return 100.0 - float(psutil.disk_usage(mount).percent)

    def heat(self) -> Heat | None:
        """Return how hot the processor is, where the machine tells."""
        look = getattr(psutil, "sensors_temperatures", None)  # not offered on every system
        return None if look is None else cpu_heat(look())

    def cpu_temperature(self) -> float:
        """Return the temperature of the processor in degC.

        Raises:
            DeviceError: Its sensors are gone.
        """
        heat = self.heat()
        if heat is None:
            raise DeviceError("the sensors of the processor are gone; look at the machine's drivers, then ask for Init")
        return heat.current

    # -- operations ------------------------------------------------------------------------------

    @process(startup=True)
    def acq(self, session: Session, rate: Annotated[float, Unit("Hz"), Limits(0.01, 10)] = 1.0) -> None:
        """Publish the figures of the machine until stopped; the newest are in the session's data.

        Args:
            rate: Readings per second.
        """
        units = self.machine.units
        away: tuple[str, ...] = ()
        for _ in session.ticks(rate):
            now, reading = self.now(), self.machine.read()
            for block, values in reading.blocks.items():
                self.figures.publish(values, time=now, block=block)
            session.data = {"fields": dict(reading.blocks), "units": units, "timestamp": now}
            session.degraded = bool(reading.absent)
            if reading.absent != away:
                away = reading.absent
                session.add_message(f"away: {', '.join(away)}" if away else "all parts are there again")

    @task
    def processes(self, session: Session, count: Annotated[int, Limits(1, 100)] = 10) -> list[Consumer]:
        """Return the processes that use most of the processor, the busiest first.

        Args:
            count: How many of them.
        """
        watched = list(psutil.process_iter())
        for each in watched:
            _busy(each)
        session.sleep(WATCH_S)
        consumers = [consumer for each in watched if (consumer := _consumer(each)) is not None]
        return sorted(consumers, key=lambda consumer: (-consumer.cpu, -consumer.memory))[:count]


def _busy(watched: psutil.Process) -> float:
    try:
        return float(watched.cpu_percent())
    except psutil.Error:
        return 0.0


def _consumer(watched: psutil.Process) -> Consumer | None:
    try:
        with watched.oneshot():
            return Consumer(
                watched.pid, watched.name(), watched.username(), watched.cpu_percent(), watched.memory_info().rss
            )
    except psutil.Error:  # it ended meanwhile
        return None
