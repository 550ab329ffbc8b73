"""The agent whose channels are measured: cached, written, set at a rate; and one with a thousand that are polled."""

from __future__ import annotations

import time
from typing import Annotated

import numpy as np

from ocs.agent import AsyncSession, Channel, Device, Limits, Session, Unit, run, task

MANY, POLLED = 100, 1000
ELEMENTS = 10_000
Volt = Annotated[float, Unit("V"), Limits(-10, 10)]
Seconds = Annotated[float, Unit("s")]


class Channels(Device):
    """Channels to measure reading, writing and events with."""

    cached = Channel(Volt, period_s=0.5, abs_change=0.1, doc="polled; read from the cache")
    target = Channel(Volt, doc="written, and validated before")
    stamp = Channel(Seconds, doc="set by code to the time; each new value is an event")
    spectrum = Channel(Volt, max_x=ELEMENTS, doc="10 000 values")

    def setup(self) -> None:
        """Add the hundred that are read in one call."""
        for number in range(MANY):
            self.add_channel(f"c_{number:03d}", Channel(Volt, initial=0.5, doc="one of a hundred"))
        self.spectrum.set(np.linspace(0.0, 1.0, ELEMENTS))

    @cached.read
    def read_cached(self) -> float:
        """Return a constant, in V."""
        return 4.2

    @target.write
    def write_target(self, value: float) -> None:
        """Keep the value, in V."""
        self.taken = value

    @task
    async def burst(self, session: AsyncSession, count: int) -> None:  # noqa: ARG002 - every operation has one
        """Set `stamp` as fast as it goes.

        Args:
            count: How often.
        """
        for _ in range(count):
            self.stamp.set(time.time())

    @task
    async def paced(self, session: AsyncSession, count: int, rate: Annotated[float, Unit("Hz")]) -> None:
        """Set `stamp` at a rate.

        Args:
            count: How often.
            rate: How fast.
        """
        async for number in session.ticks(rate):
            self.stamp.set(time.time())
            if number >= count:
                return


class Ordinary(Device):
    """One of a hundred devices in an agent: some channels, a task, a state chart."""

    value = Channel(Volt, period_s=1.0, abs_change=0.1, max_alarm=9.0, doc="polled")
    target = Channel(Volt, initial=0.0, access="rw", doc="written")
    label = Channel(str, initial="", access="rw", doc="a text")

    @value.read
    def read_value(self) -> float:
        """Return the target, in V."""
        return float(self.target.value)

    @task
    def wait(self, session: Session) -> None:
        """Wait a second."""
        session.sleep(1.0)


class Thousand(Device):
    """A device with a thousand channels that are polled once a second."""

    def setup(self) -> None:
        """Add the channels."""
        for number in range(POLLED):
            channel = Channel(
                Volt, period_s=1.0, abs_change=0.5, max_alarm=9.0, min_alarm=-9.0, stale_after_s=5.0, doc="one of many"
            )
            self.add_channel(f"p_{number:04d}", channel, read=lambda number=number: 0.001 * number)


if __name__ == "__main__":
    run(Channels, Thousand)
