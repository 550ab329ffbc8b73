"""A generator of a wave, read 20 times a second; all that is read goes to the archive."""

import math
from enum import Enum
from typing import Annotated

from ocs.agent import Channel, Device, Limits, Unit, run


class Half(Enum):
    """Which half of the wave it is."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class Wave(Device):
    """A sine of 5 V with a frequency that can be set."""

    frequency = Channel(
        Annotated[float, Unit("Hz"), Limits(0.1, 2)], access="rw", initial=0.5, feed="wave", doc="of the sine"
    )
    voltage = Channel(float, unit="V", period_s=0.05, feed="wave", doc="of the output")
    half = Channel(Half, period_s=0.05, feed="wave", doc="of the wave that is passing")

    def setup(self) -> None:
        """Begin at the zero of the wave."""
        self.turns, self.seen = 0.0, self.seconds()
        self.volt = 0.0

    def read_hardware(self, names: list[str]) -> None:  # noqa: ARG002 - all is one exchange
        """Go on with the wave to the present, whatever the frequency was meanwhile."""
        now = self.seconds()
        self.turns += (now - self.seen) * self.frequency.value
        self.seen = now
        self.volt = 5 * math.sin(2 * math.pi * self.turns)

    @voltage.read
    def read_voltage(self) -> float:
        """Return the voltage, in V."""
        return self.volt

    @half.read
    def read_half(self) -> Half:
        """Return which half it is."""
        return Half.POSITIVE if self.volt >= 0 else Half.NEGATIVE


if __name__ == "__main__":
    run(Wave)
