"""FakeDataAgent: made-up temperatures, a counter, a delay and a heartbeat that can be switched off.

Operations, feed, fields and session data are those of OCS 0.12's agent of the same name.
"""

from __future__ import annotations

import random
from typing import Annotated

from ocs.agent import AsyncSession, Device, Limits, Property, Session, Unit, process, task
from ocs.model.errors import OperationFailedError


class FakeData(Device):
    """Made-up temperatures for tests and demonstrations."""

    mode: Property[str] = Property("idle", doc="acq: acquire from the start", choices=("idle", "acq"))
    num_channels: Property[int] = Property(2, doc="number of made-up channels")
    sample_rate: Property[float] = Property(9.5, unit="Hz", doc="samples per second of each channel")
    frame_length: Property[int] = Property(60, unit="s", doc="seconds per frame in an aggregator")

    def setup(self) -> None:
        """Make the feed with the configured channels and frame length."""
        self.walks = [f"channel_{number:02d}" for number in range(self.num_channels)]
        self.temperatures = self.add_feed(
            "false_temperatures",
            doc="made-up temperatures, channel_00 and up",
            batch_s=1.0,
            agg_params={"frame_length": self.frame_length},
            tags={name: {"channel": number, "_field": "temperature"} for number, name in enumerate(self.walks)},
        )
        if self.mode == "acq":
            self.start_operation("acq")
            self.start_operation("count")

    @process
    def acq(
        self,
        session: Session,
        test_mode: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
        degradation_period: Annotated[float, Unit("s"), Limits(0)] | None = None,
    ) -> None:
        """Publish a random walk for each channel until stopped.

        Args:
            test_mode: Publish one sample and end.
            degradation_period: Every so many seconds the run turns degraded, or recovers.
        """
        values = dict.fromkeys(self.walks, 0.1)
        began = None
        for _ in session.ticks(self.sample_rate):
            now = self.now()
            began = now if began is None else began
            values = {name: value + random.uniform(-0.005, 0.005) for name, value in values.items()}  # noqa: S311
            self.temperatures.publish(values, time=now, block="temps")
            session.data = {"fields": values, "timestamp": now}
            if degradation_period:
                session.degraded = int((now - began) / degradation_period) % 2 == 1
            if test_mode:
                return

    @process
    async def count(self, session: AsyncSession) -> None:
        """Count seconds until stopped."""
        session.data = {"counter": 0, "last_update": self.now()}
        async for number in session.ticks(1.0):
            session.data = {"counter": number, "last_update": self.now()}

    @task
    def set_heartbeat(self, session: Session, heartbeat: bool = True) -> None:  # noqa: FBT001, FBT002 - by name
        """Switch the heartbeat on or off, to see what others make of its absence.

        Args:
            heartbeat: Whether to send it.
        """
        self.heartbeat_on = heartbeat
        session.add_message(f"the heartbeat is {'on' if heartbeat else 'off'}")

    @task
    async def delay_task(
        self,
        session: AsyncSession,
        delay: Annotated[float, Unit("s"), Limits(0)] = 5.0,
        succeed: bool = True,  # noqa: FBT001, FBT002 - a parameter by name
    ) -> None:
        """Wait, then succeed or fail as asked.

        Args:
            delay: Time to wait.
            succeed: Whether the task ends well.
        """
        began = self.now()
        session.data = {"requested_delay": delay, "delay_so_far": 0.0}
        while (left := delay - (self.now() - began)) > 0:
            await session.sleep(min(0.5, left))
            passed = self.now() - began
            session.data = {"requested_delay": delay, "delay_so_far": passed}
            session.progress(passed / delay, f"{passed:.1f} s of {delay:g} s")
        if not succeed:
            raise OperationFailedError(f"waited {delay:g} s and failed, as asked by succeed=false")
