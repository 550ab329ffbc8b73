"""A simulated oven that speaks the real one's bytes: `python sim.py --name oven-1 --directory .`"""

import argparse
import math
import sys

import driver

from ocs.link.simulator import Monotonic, Quantity, main

TIME_CONSTANT_S = 0.4


class Oven:
    """An oven that follows its set point; what it is now is computed from the clock."""

    terminator = driver.TERMINATOR

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self.power_cycle()

    @property
    def kelvin(self) -> float:
        """The temperature, in K."""
        passed = self._monotonic() - self._since
        return self._target + (self._start - self._target) * math.exp(-passed / TIME_CONSTANT_S)

    def answer(self, line: bytes) -> bytes:
        """Obey one line."""
        command, _, argument = line.decode("ascii", "replace").partition(" ")
        if command == driver.TEMPERATURE:
            return f"{self.kelvin:.3f}".encode()
        if command == "SP":
            self.heat_to(float(argument))
            return b"OK"
        return b"?"

    def heat_to(self, kelvin: float) -> None:
        """Go to another temperature from where it is now."""
        self._start, self._target, self._since = self.kelvin, kelvin, self._monotonic()

    def quantities(self) -> dict[str, Quantity]:
        """Return what the control port may read."""
        return {"kelvin": self.kelvin}

    def set_quantity(self, name: str, value: Quantity) -> None:
        """Heat it from outside."""
        self.heat_to(float(value))

    def power_cycle(self) -> None:
        """Begin at room temperature."""
        self._start = self._target = 293.0
        self._since = self._monotonic()


def make(_options: argparse.Namespace, monotonic: Monotonic) -> Oven:
    """Make the oven."""
    return Oven(monotonic)


if __name__ == "__main__":
    sys.exit(main(make, baud_rate=driver.BAUD_RATE))
