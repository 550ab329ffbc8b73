"""A power supply that exists only here: a channel of each kind, a state chart, a command, an alarm on demand."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from ocs.agent import Channel, Device, DeviceError, Limits, State, StateChart, Unit, action, command, transition

AGENT_CLASS = "SupplyAgent"

Volt = Annotated[float, Unit("V"), Limits(0, 30)]
POINTS = 100


class SupplyChart(StateChart):
    """Output off, or on; a trip leads to a fault."""

    OFF = State("OFF", initial=True, doc="The output is off.")
    ON = State("ON", doc="The output is on.")
    FAULT = State("FAULT")

    switch_on = transition(OFF, ON, doc="Switch the output on.")
    switch_off = transition(ON, OFF)
    _trip = transition(ON, FAULT)


class Supply(Device):
    """A supply with one output."""

    chart = SupplyChart
    setpoint = Channel(Volt, access="rw", initial=0.0, memorized=True, doc="what voltage follows")
    voltage = Channel(
        Annotated[float, Unit("V")], access="rww", partner="setpoint", period_s=0.2, abs_change=0.01, max_warning=20,
        max_alarm=25, settle=(0.05, 0.1), stale_after_s=5, format="%.3f", doc="what the output gives",
    )  # fmt: skip
    mode = Channel(str, access="rw", labels=("SLOW", "FAST"), initial="SLOW")
    enabled = Channel(bool, access="rw", initial=True)
    count = Channel(np.uint8, access="rw", initial=3)
    wave = Channel(Volt, access="rw", max_x=POINTS, initial=np.arange(float(POINTS)) / POINTS)
    broken = Channel(float, doc="cannot be read")
    limits = Channel(dict, initial={"low": 0.0, "high": 30.0}, doc="a record")

    @voltage.read
    def read_voltage(self) -> float:
        """Return the set point."""
        return float(self.setpoint.value)

    @broken.read
    def read_broken(self) -> float:
        """Fail."""
        raise DeviceError("the supply answered nonsense")

    @action(SupplyChart.switch_on)
    def do_switch_on(self) -> None:
        """Refuse to give more than 29 V at once."""
        if self.setpoint.value > 29:
            raise DeviceError("the relay does not close above 29 V")

    @command(when=SupplyChart.ON)
    def calibrate(self, reference: Volt, slowly: bool = False) -> Annotated[float, Unit("V")]:  # noqa: FBT001, FBT002 - a parameter by name
        """Tell the difference to a better instrument.

        Args:
            reference: What the better one tells.
            slowly: Take your time.
        """
        return reference - float(self.setpoint.value)
