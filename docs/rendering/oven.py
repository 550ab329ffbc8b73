"""The device whose messages the page on the wire shows."""

from __future__ import annotations

from typing import Annotated

from ocs.agent import Channel, Device, Feed, Limits, Session, State, StateChart, Unit, action, command, task, transition

Kelvin = Annotated[float, Unit("K"), Limits(280, 400)]


class OvenChart(StateChart):
    """Whether the oven heats."""

    OFF = State(tango="OFF", initial=True, doc="the heater is off")
    ON = State(tango="ON", doc="the heater follows its set point")
    switch_on, switch_off = transition(OFF, ON), transition(ON, OFF)


class Oven(Device):
    """An oven on a serial line."""

    version = "1.0"
    chart = OvenChart
    thermal = Feed(doc="temperature in K")
    temperature = Channel(Kelvin, period_s=0.5, abs_change=0.1, max_warning=320, doc="of the sample")
    setpoint = Channel(Kelvin, access="rw", memorized=True, doc="where to")
    spectrum = Channel(int, max_x=8, pushes=("data_ready",), doc="counts by bin")

    kelvin = 293.1

    @temperature.read
    def read_temperature(self) -> float:
        """Return the temperature, in K."""
        return self.kelvin

    @action(OvenChart.switch_on)
    def switch_heater_on(self) -> None:
        """Switch the heater on."""

    @command
    def calibrate(self, reference: Kelvin) -> Annotated[float, Unit("K")]:
        """Tell how far the thermometer is off.

        Args:
            reference: The true temperature.
        """
        return round(self.kelvin - reference, 6)

    @task(timeout_s=600)
    def heat(self, session: Session, target: Kelvin) -> Kelvin:
        """Heat, and wait until the oven is there.

        Args:
            target: The temperature to reach.
        """
        for cycle in range(1, 5):
            session.data = {"temperature": self.kelvin}
            session.progress(cycle / 4, f"{self.kelvin:.1f} K")
            self.thermal.publish(session.data)
            session.sleep(1)
        return target
