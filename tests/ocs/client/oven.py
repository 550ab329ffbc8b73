"""The device of these tests: an oven whose hardware is an attribute that tests set."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import numpy as np

from ocs.agent import (
    Channel,
    Device,
    Limits,
    LinkLostError,
    Session,
    State,
    StateChart,
    Unit,
    action,
    command,
    run,
    task,
    transition,
)

Kelvin = Annotated[float, Unit("K")]
Wanted = Annotated[float, Unit("K"), Limits(0, 400)]


class Gear(Enum):
    """How fast the fan turns."""

    SLOW = 10
    FAST = 20


class OvenChart(StateChart):
    """Off and on."""

    OFF = State("OFF", initial=True)
    ON = State("ON")
    switch_on = transition(OFF, ON, doc="Close the main contact.")
    switch_off = transition(ON, OFF)
    _trip = transition(ON, OFF)


class Oven(Device):
    """An oven."""

    chart = OvenChart
    temperature = Channel(
        Kelvin, period_s=1.0, abs_change=0.5, max_alarm=380, max_warning=350, settle=(1.0, 2.0), partner="setpoint",
        access="rww", feed="thermal", doc="At the door.",
    )  # fmt: skip
    setpoint = Channel(Wanted, access="rw", doc="What it shall become.")
    pressure = Channel(Annotated[float, Unit("mbar")], doc="Nobody polls it.")
    profile = Channel(Kelvin, max_x=10, doc="Along the oven.")
    fan = Channel(Gear, access="rw", doc="How fast it turns.")
    count = Channel(int, initial=0, pushes=("user", "data_ready"), doc="Loaves.")

    def setup(self) -> None:
        """Be cold."""
        self.actual: float | None = 300.0
        self.given: list[object] = []
        self.stuck = False

    @temperature.read
    def read_temperature(self) -> float:
        """Ask the hardware."""
        if self.actual is None:
            raise LinkLostError("the sensor does not answer")
        return self.actual

    @pressure.read
    def read_pressure(self) -> float:
        """Ask the hardware."""
        return 1013.25

    @profile.read
    def read_profile(self) -> np.ndarray:
        """Ask the hardware."""
        return np.array([1.0, 2.0, 3.0])

    @setpoint.write
    def write_setpoint(self, value: float) -> None:
        """Tell the hardware."""
        self.given.append(value)

    @fan.write
    def write_fan(self, value: Gear) -> None:
        """Tell the hardware."""
        self.given.append(value)

    @action(OvenChart.switch_on)
    def do_switch_on(self) -> None:
        """Close the contact."""
        if self.stuck:
            raise LinkLostError("the contact does not answer")

    @command(when=OvenChart.OFF)
    def calibrate(self, reference: Wanted, times: int = 1) -> Kelvin:
        """Compare with a reference.

        Args:
            reference: What it should show.
            times: How often.
        """
        return reference * times

    @task
    def bake(self, session: Session) -> str:
        """Bake."""
        return "bread"

    @task
    def heat(self, session: Session, actual: Kelvin) -> None:
        """Be as hot as that.

        Args:
            actual: What the hardware shows from then on.
        """
        self.actual = actual


if __name__ == "__main__":
    run(Oven)
