"""A device of channels and states, with readers that misbehave when they are told to."""

from __future__ import annotations

import math
import threading
from typing import Annotated

from ocs.agent import Channel, Device, Limits, State, StateChart, Unit, action, command, run, transition

Volt = Annotated[float, Unit("V"), Limits(0, 10)]


class PanelChart(StateChart):
    """Off and on."""

    OFF = State("OFF", initial=True, doc="no power")
    ON = State("ON", doc="power")
    switch_on, switch_off = transition(OFF, ON), transition(ON, OFF)


class Panel(Device):
    """A panel of channels, real threads behind them."""

    chart = PanelChart
    lamp = Channel(Volt, memorized="init", doc="written, kept, and written again at the start")
    meter = Channel(Volt, period_s=0.2, abs_change=0.01, doc="what the lamp has")
    odd = Channel(Volt, doc="as its reader is told to be")
    gate = threading.Event()

    def setup(self) -> None:
        """Begin without power on the lamp."""
        self.applied = 0.0
        self.manner = "good"

    @lamp.write
    def write_lamp(self, value: float) -> None:
        """Apply the value, in V."""
        self.applied = value

    @meter.read
    def read_meter(self) -> float:
        """Return what is applied, in V."""
        return self.applied

    @odd.read
    def read_odd(self) -> float:
        """Return a value, nothing, a text, or never."""
        if self.manner == "hang":
            self.gate.wait()
        answers = {"none": None, "text": "much", "nan": math.nan, "good": 1.0, "hang": 1.0}
        return answers[self.manner]  # type: ignore[return-value] # that is the point

    @command
    async def behave(self, manner: str) -> str:
        """Have the reader of `odd` be good, none, text, nan or hang.

        Args:
            manner: How.
        """
        self.manner = manner
        if manner == "good":
            self.gate.set()
        else:
            self.gate.clear()
        return manner

    @action(PanelChart.switch_on)
    def power(self) -> None:
        """Switch the power on."""
        self.applied = max(self.applied, 0.5)


class Meter(Device):
    """Another device of the same agent."""

    value = Channel(Volt, period_s=0.2, abs_change=0.01, doc="a constant")

    @value.read
    def read_value(self) -> float:
        """Return a constant, in V."""
        return 2.0


if __name__ == "__main__":
    run(Panel, Meter)
