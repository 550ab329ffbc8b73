"""A simulated instrument for tests; as a module it is a simulator."""

from __future__ import annotations

import argparse
import sys

from ocs.link.simulator import Monotonic, Quantity, main
from ocs.model.errors import NotFoundError, ParameterError


class Thermometer:
    """Answers `T?` and `*IDN?`, fails at `FAIL`, and says nothing to `HUSH`."""

    def __init__(self, monotonic: Monotonic, kelvin: float = 293.0) -> None:
        self.terminator = b"\r\n"
        self.monotonic = monotonic
        self.kelvin = kelvin
        self.cycles = 0

    def answer(self, line: bytes) -> bytes | None:
        if line == b"T?":
            return b"%.1f" % self.kelvin
        if line == b"FAIL":
            raise ValueError("the author erred")
        return {b"*IDN?": b"thermometer", b"HUSH": None}.get(line, b"ERR " + line)

    def quantities(self) -> dict[str, Quantity]:
        return {"kelvin": self.kelvin, "cycles": self.cycles}

    def set_quantity(self, name: str, value: Quantity) -> None:
        if name != "kelvin":
            raise NotFoundError(f"{name} cannot be set; kelvin can")
        if not isinstance(value, float | int):
            raise ParameterError(f"kelvin is a number, not {value!r}")
        self.kelvin = float(value)

    def power_cycle(self) -> None:
        self.cycles += 1


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kelvin", type=float, default=293.0)
    parser.add_argument("--fail", action="store_true")


def make(options: argparse.Namespace, monotonic: Monotonic) -> Thermometer:
    if options.fail:
        raise ValueError("made to fail")
    return Thermometer(monotonic, options.kelvin)


if __name__ == "__main__":
    sys.exit(main(make, baud_rate=9600, add_options=add_options))
