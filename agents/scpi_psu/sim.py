"""A simulated Keithley 2230G-30-1 with its loads: `python -m agents.scpi_psu.sim --name psu-1 ...`."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence

from agents.scpi_psu import driver
from agents.scpi_psu.panel import Panel
from agents.scpi_psu.reply import RATINGS, Output
from agents.scpi_psu.reports import Reports
from agents.scpi_psu.scpi import Commands, Refused, messages
from agents.scpi_psu.status import Protection, StandardEvent
from agents.scpi_psu.terminals import NO_PROTECTION, OPEN_OHM, RAMP_S, SHORT_OHM, Terminals
from ocs.link.simulator import Monotonic, Quantity
from ocs.link.simulator import main as run_simulator
from ocs.model.errors import NotFoundError, OutOfRangeError, ParameterError

LOADS_OHM = (20.0, 20.0, 5.0)

_TRIPS = {"none": NO_PROTECTION} | {(one.name or "").lower(): one for one in Protection}
_SETTABLE = ["remote", *(f"{kind}_{output.value}" for kind in ("load", "trip") for output in Output)]


class PowerSupply:
    """Three outputs behind one command interpreter, answering lines as bytes.

    Args:
        outputs: What it supplies, CH1 to CH3.
    """

    terminator = driver.TERMINATOR

    def __init__(self, outputs: Iterable[Terminals]) -> None:
        self._commands = Commands()
        self._reports = Reports(self._commands)
        self._panel = Panel(outputs, self._commands)

    def answer(self, line: bytes) -> bytes | None:
        """Obey one line; settings and refused commands are answered by silence, and told by SYST:ERR?."""
        answers: list[str] = []
        try:
            for message in messages(line.decode("ascii", "replace")):
                try:
                    answer = self._commands.obey(message)
                except Refused as refusal:
                    if refusal.error.event is StandardEvent.COMMAND_ERROR:
                        raise  # what cannot be parsed takes the rest of its line with it
                    self._reports.remember(refusal.error)
                    continue
                answers += [] if answer is None else [answer]
        except Refused as refusal:
            self._reports.remember(refusal.error)
        return ";".join(answers).encode("ascii") if answers else None

    def quantities(self) -> dict[str, Quantity]:
        """Return who commands, and the truth about each output (V, A, ohm), its number at the end of the name."""
        found: dict[str, Quantity] = {"remote": self._panel.remote, "selected": self._panel.selected.name}
        for output, terminals in self._panel.outputs.items():
            told: dict[str, Quantity] = {
                "voltage": terminals.volts,
                "current": terminals.amperes,
                "set_voltage": terminals.volts_set,
                "set_current": terminals.amperes_set,
                "output": terminals.on,
                "regulation": (terminals.regulation.name or "off").lower(),
                "load": terminals.load_ohm,
                "trip": (terminals.protection.name or "none").lower(),
            }
            found |= {f"{name}_{output.value}": value for name, value in told.items()}
        return found

    def set_quantity(self, name: str, value: Quantity) -> None:
        """Exchange a load, in ohm; let something trip an output, or take that away; press the key for local work."""
        if name not in _SETTABLE:
            raise NotFoundError(
                f"'{name}' of the simulated supply cannot be set; set one of {', '.join(_SETTABLE)}",
                given=name,
                allowed=_SETTABLE,
            )
        if name == "remote":
            self._panel.remote = _flag(value)
            return
        kind, _, number = name.partition("_")
        terminals = self._panel.outputs[Output(int(number))]
        if kind == "load":
            terminals.load_ohm = _resistance(name, value)
        else:
            terminals.trip(_protection(name, value))

    def power_cycle(self) -> None:
        """Forget settings, errors, protections and who commands; the loads stay."""
        self._panel.reset()
        self._panel.remote = False
        self._reports.power_cycle()


def _flag(value: Quantity) -> bool:
    if not isinstance(value, bool):
        raise ParameterError(f"remote must be true or false, not {value!r}", field="remote", given=value)
    return value


def _resistance(name: str, value: Quantity) -> float:
    if isinstance(value, bool | str):
        raise ParameterError(f"{name} must be a number in ohm, not {value!r}", field=name, given=value)
    if not SHORT_OHM <= value <= OPEN_OHM:
        raise OutOfRangeError(
            f"{name} is {value:g} ohm; allowed are {SHORT_OHM:g} ohm (a short) to {OPEN_OHM:g} ohm (nothing connected)",
            field=name,
            given=value,
            allowed=[SHORT_OHM, OPEN_OHM],
        )
    return float(value)


def _protection(name: str, value: Quantity) -> Protection:
    if not isinstance(value, str) or value not in _TRIPS:
        raise ParameterError(
            f"{name} must be one of {', '.join(_TRIPS)}, not {value!r}", field=name, given=value, allowed=list(_TRIPS)
        )
    return _TRIPS[value]


def _ohm(text: str) -> float:
    try:
        return _resistance("the load", float(text))
    except OutOfRangeError as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and finite")
    return value


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this instrument can be told to the kit's command line."""
    parser.add_argument(
        "--loads",
        type=_ohm,
        nargs=len(Output),
        default=LOADS_OHM,
        metavar=("R1", "R2", "R3"),
        help=f"resistors at the outputs, in ohm; {OPEN_OHM:g} for none",
    )
    parser.add_argument("--ramp", type=_seconds, default=RAMP_S, help="time constant of the voltages, in s")


def make(options: argparse.Namespace, monotonic: Monotonic) -> PowerSupply:
    """Make the supply and the loads that the command line asks for."""
    return PowerSupply(
        Terminals(monotonic, RATINGS[output], load, options.ramp)
        for output, load in zip(Output, options.loads, strict=True)
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Be the supply until told to end; return the exit code."""
    return run_simulator(make, baud_rate=driver.BAUD_RATE, add_options=add_options, argv=argv)


if __name__ == "__main__":
    sys.exit(main())
