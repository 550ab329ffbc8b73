"""The machine as a device: its figures as a feed and as session data, its busiest processes on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import psutil

from ocs.agent import Device, Feed, Limits, Session, Unit, process, task
from ocs.services.hosts.machine import Machine

WATCH_S = 0.5
"""Processes are watched for so long, in s, to see who is busy."""


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

    def setup(self) -> None:
        """Find out what this machine has."""
        self.machine = Machine(self.seconds)

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
