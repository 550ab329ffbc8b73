"""A simulated Lake Shore 240 series module: `python -m agents.lakeshore240.sim --name thermo-1 ...`.

The sensors are diodes of an invented curve. A module converts their voltage by the curve that its input
holds, so that an upload changes the temperatures that are read, as on a real one.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Sequence

from agents.lakeshore240 import driver, reply
from agents.lakeshore240.converter import VOLTS, Input, interpolate
from agents.lakeshore240.driver import ReadingStatus
from agents.lakeshore240.stage import Stage
from agents.lakeshore240.world import Beam, World
from ocs.link.simulator import Monotonic, Quantity
from ocs.link.simulator import main as run_simulator
from ocs.model.errors import NotFoundError, OcsError, OutOfRangeError, ParameterError

MAX_KELVIN = 500.0


class Thermometer:
    """One module, answering lines as bytes.

    Args:
        world: What its sensors feel.
        serial: Serial number that it tells.
    """

    terminator = driver.TERMINATOR

    def __init__(self, world: World, serial: str = "LSA00SIM") -> None:
        self._world = world
        self._serial = serial
        self._inputs = [Input(f"Input {i}") for i in range(1, len(world.bases) + 1)]
        self._name = "simulated 240"
        self._slots = ["1,1"] * reply.INPUTS
        self._slot_count = 1
        self._questions: dict[str, Callable[[list[str]], str]] = {
            "*IDN?": lambda _: f"LSCI,240-{len(self._inputs)}P,{self._serial},1.0",
            "MODNAME?": lambda _: self._name,
            "PROFINUM?": lambda _: str(self._slot_count),
            "PROFISLOT?": lambda a: self._slots[_slot(a[0])],
            "INNAME?": lambda a: self._input(a[0]).name,
            "INTYPE?": lambda a: self._input(a[0]).setup,
            "KRDG?": lambda a: f"{self._read(a[0])[1]:+.4f}",
            "CRDG?": lambda a: f"{self._read(a[0])[1] - 273.15:+.4f}",
            "FRDG?": lambda a: f"{self._read(a[0])[1] * 1.8 - 459.67:+.4f}",
            "SRDG?": lambda a: f"{self._read(a[0])[0]:+.6f}",
            "RDGST?": lambda a: str(self._read(a[0])[2].value),
            "CRVHDR?": lambda a: self._input(a[0]).header,
            "CRVPT?": self._tell_point,
        }
        self._settings: dict[str, Callable[[list[str]], None]] = {
            "MODNAME": self._set_name,
            "PROFINUM": self._set_slot_count,
            "PROFISLOT": self._set_slot,
            "INNAME": self._set_input_name,
            "INTYPE": self._set_setup,
            "CRVHDR": self._set_header,
            "CRVPT": self._set_point,
            "CRVDEL": self._delete_curve,
        }

    def answer(self, line: bytes) -> bytes | None:
        """Obey one line; what is not understood is passed over in silence."""
        word, _, rest = line.decode("ascii", "replace").strip().partition(" ")
        arguments = [argument.strip() for argument in rest.split(",")]
        question = self._questions.get(word.upper())
        setting = self._settings.get(word.upper())
        try:
            if question is not None:
                return question(arguments).encode("ascii")
            if setting is not None:
                setting(arguments)
        except (ValueError, IndexError, OcsError):
            return None
        return None

    def quantities(self) -> dict[str, Quantity]:
        """Return the true temperatures in K, open sensors, and the beam (mm, K, mm)."""
        found: dict[str, Quantity] = {
            "beam_peak": self._world.beam.peak,
            "beam_amplitude": self._world.beam.amplitude,
            "beam_sigma": self._world.beam.sigma,
        }
        for number, one in enumerate(self._inputs, start=1):
            found[f"input_{number}"] = self._world.kelvin(number - 1)
            found[f"input_{number}_open"] = one.open
        return found

    def set_quantity(self, name: str, value: Quantity) -> None:
        """Change a mean temperature, the beam, or pull a sensor's wire (`input_3_open`)."""
        if name not in self.quantities():
            raise NotFoundError(
                f"the simulated thermometer has no quantity '{name}'",
                allowed=sorted(self.quantities()),
            )
        if name.endswith("_open"):
            if not isinstance(value, bool):
                raise ParameterError(f"{name} must be true or false, not {value!r}", given=value)
            self._inputs[int(name.split("_")[1]) - 1].open = value
            return
        number = _float(name, value)
        if name.startswith("input_"):
            if not 0 <= number <= MAX_KELVIN:
                raise OutOfRangeError(f"{name} is {number:g} K; allowed are 0 to {MAX_KELVIN:g} K", given=number)
            self._world.bases[int(name.split("_")[1]) - 1] = number
        elif name == "beam_sigma" and number <= 0:
            raise OutOfRangeError(f"beam_sigma is {number:g} mm; it must be above 0", given=number)
        else:
            setattr(self._world.beam, name.removeprefix("beam_"), number)

    def power_cycle(self) -> None:
        """Forget nothing: names, set-up and curves are in memory that lasts."""

    def _input(self, text: str) -> Input:
        return self._inputs[self._index(text)]

    def _index(self, text: str) -> int:
        index = int(text) - 1
        if index not in range(len(self._inputs)):
            raise IndexError(text)
        return index

    def _read(self, text: str) -> tuple[float, float, ReadingStatus]:
        index = self._index(text)
        kelvin = self._world.kelvin(index) + self._world.noise()
        volt = interpolate(VOLTS, kelvin)
        return (0.0 if self._inputs[index].open else volt, *self._inputs[index].convert(volt))

    def _tell_point(self, arguments: list[str]) -> str:
        units, kelvin = self._input(arguments[0]).curve.get(_point_index(arguments[1]), (0.0, 0.0))
        return f"{units:.7g},{kelvin:.7g}"

    def _set_name(self, arguments: list[str]) -> None:
        self._name = reply.checked_name(arguments[0])

    def _set_slot_count(self, arguments: list[str]) -> None:
        self._slot_count = reply.checked_input(int(arguments[0]))

    def _set_slot(self, arguments: list[str]) -> None:
        slot, source, unit = arguments
        self._slots[_slot(slot)] = f"{self._index(source) + 1},{driver.DisplayUnit(int(unit)).value}"

    def _set_input_name(self, arguments: list[str]) -> None:
        number, name = arguments
        self._input(number).name = reply.checked_name(name)

    def _set_setup(self, arguments: list[str]) -> None:
        setup = ",".join(arguments[1:])
        driver.input_setup(1).parse(setup)
        self._input(arguments[0]).setup = setup

    def _set_header(self, arguments: list[str]) -> None:
        number, name, serial, form, limit, coefficient = arguments
        self._input(number).header = f"{name:15.15},{serial:10.10},{form},{limit},{coefficient}"

    def _set_point(self, arguments: list[str]) -> None:
        number, index, units, kelvin = arguments
        self._input(number).curve[_point_index(index)] = (float(units), float(kelvin))

    def _delete_curve(self, arguments: list[str]) -> None:
        self._input(arguments[0]).curve.clear()
        self._input(arguments[0]).header = "User Curve,0,2,325,1"


def _float(name: str, value: Quantity) -> float:
    if isinstance(value, bool | str):
        raise ParameterError(f"{name} must be a number, not {value!r}", given=value)
    return float(value)


def _slot(text: str) -> int:
    return reply.checked_input(int(text)) - 1


def _point_index(text: str) -> int:
    index = int(text)
    if index not in range(1, 201):
        raise IndexError(text)
    return index


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this instrument can be told to the kit's command line."""
    parser.add_argument("--inputs", type=int, choices=(2, 8), default=8, help="2 for a 240-2P")
    parser.add_argument("--seed", type=int, help="of drift, noise and place of the beam")
    parser.add_argument("--beam-from", metavar="STAGE", help="stage simulator that input 1 rides on")
    parser.add_argument(
        "--beam-range",
        type=float,
        nargs=2,
        default=(-10.0, 10.0),
        metavar=("LOW", "HIGH"),
        help="mm between which the place of the beam is drawn",
    )


def make(options: argparse.Namespace, monotonic: Monotonic) -> Thermometer:
    """Make the module that the command line asks for."""
    chance = random.Random(options.seed)  # noqa: S311 - noise, not secrets
    beam = Beam(peak=chance.uniform(*options.beam_range))
    stage: Callable[[], float | None] = lambda: None  # noqa: E731 - the absent stage
    if options.beam_from:
        stage = Stage(options.directory, options.beam_from, monotonic)
    return Thermometer(World(monotonic, chance, beam, stage, options.inputs))


def main(argv: Sequence[str] | None = None) -> int:
    """Be the module until told to end; return the exit code."""
    return run_simulator(make, baud_rate=driver.BAUD_RATE, add_options=add_options, argv=argv)


if __name__ == "__main__":
    sys.exit(main())
