"""A simulated oven that speaks the real one's bytes; run `python sim.py --name oven-1 --directory .`."""

import math
import sys

import driver

from ocs.link.simulator import Monotonic, Quantity, main


class Oven:
    """An oven that follows its set point in some 0.4 s; what it is now is computed from the clock."""

    terminator = driver.TERMINATOR

    def __init__(self, _options: object, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self.power_cycle()

    @property
    def kelvin(self) -> float:
        """The temperature, in K."""
        left = math.exp((self._since - self._monotonic()) / 0.4)
        return self._target + (self._start - self._target) * left

    def answer(self, line: bytes) -> bytes:
        """Obey one line."""
        command, _, argument = line.decode("ascii", "replace").partition(" ")
        if command == "SP":
            self._start, self._target, self._since = self.kelvin, float(argument), self._monotonic()
            return b"OK"
        return f"{self.kelvin:.3f}".encode() if command == driver.TEMPERATURE else b"?"

    def quantities(self) -> dict[str, Quantity]:
        """Return what the control port may read."""
        return {"kelvin": self.kelvin}

    def set_quantity(self, name: str, value: Quantity) -> None:  # noqa: ARG002 - there is but one
        """Set it to a temperature in K, as a hand would."""
        self.answer(f"SP {value}".encode())

    def power_cycle(self) -> None:
        """Begin at room temperature."""
        self._start, self._target, self._since = 293.0, 293.0, self._monotonic()


if __name__ == "__main__":
    sys.exit(main(Oven, baud_rate=driver.BAUD_RATE))
