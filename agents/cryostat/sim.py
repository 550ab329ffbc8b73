"""A simulated cryostat with its controller: `python -m agents.cryostat.sim --name cryostat ...`."""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Sequence

from agents.cryostat import driver
from agents.cryostat.driver import HeaterStatus, ReadingStatus
from agents.cryostat.thermal import MAX_KELVIN, Cryostat
from ocs.link.simulator import Monotonic, Quantity
from ocs.link.simulator import main as run_simulator
from ocs.model.errors import NotFoundError, OutOfRangeError, ParameterError

LEAST_KELVIN = 3.0
"""Lowest temperature that an input measures, and that the world can be set to, K."""
COLD_ENOUGH_K = 380.0
"""Temperature of the stage below which the cut-out can be closed again, K."""

_RANGES = {"stage": (LEAST_KELVIN, MAX_KELVIN), "head": (LEAST_KELVIN, 300.0)}
"""What nature can be set to, K."""


class Controller:
    """The controller of a cryostat, answering lines as bytes.

    Args:
        cryostat: What it measures and heats.
        monotonic: The clock of its watchdog, in s.
        chance: Draws the noise of each reading.
    """

    terminator = driver.TERMINATOR

    def __init__(self, cryostat: Cryostat, monotonic: Monotonic, chance: random.Random) -> None:
        self._cryostat = cryostat
        self._monotonic = monotonic
        self._chance = chance
        self._open = [False] * len(cryostat.places)
        self._heater_open = False
        self._asked = 0.0
        self._watchdog_s = 0.0
        self._expired = False
        self._heard = monotonic()
        self._commands: dict[str, Callable[[str], str | None]] = {
            "*IDN?": lambda _: f"OCS,{driver.MODEL},SIM0001,1.0",
            "*RST": self._reset,
            "HTR?": lambda _: f"{0.0 if self._heater_open else self._cryostat.watts:.4f}",
            "HTRSET": self._set_power,
            "HTRSET?": lambda _: f"{self._asked:.4f}",
            "HTRST?": lambda _: str(self._heater_status.value),
            "KRDG?": lambda argument: f"{self._read(argument)[0]:.4f}",
            "RDGST?": lambda argument: str(self._read(argument)[1].value),
            "WDOG": self._set_watchdog,
            "WDOG?": lambda _: f"{self._watchdog_s:.1f}",
        }

    def answer(self, line: bytes) -> bytes | None:
        """Obey one line; what is not understood, and settings, are answered by silence."""
        self._watch()
        self._heard = self._monotonic()
        answers = [self._obey(piece) for piece in line.decode("ascii", "replace").split(";")]
        told = [answer for answer in answers if answer is not None]
        return ";".join(told).encode("ascii") if told else None

    def quantities(self) -> dict[str, Quantity]:
        """Return the truth: temperatures in K, power in W, and every fault as a switch."""
        self._watch()
        found: dict[str, Quantity] = {
            "stage": self._cryostat.temperatures.stage,
            "heater_power": 0.0 if self._heater_open else self._cryostat.watts,
            "head": self._cryostat.plant.head,
            "cooler": self._cryostat.plant.cooling,
            "cut_out": self._cryostat.cut_out,
            "heater_open": self._heater_open,
            "watchdog_expired": self._expired,
        }
        for number, kelvin in enumerate(self._cryostat.temperatures.sensors, start=1):
            found[f"thermometer_{number}"] = kelvin
            found[f"thermometer_{number}_open"] = self._open[number - 1]
        return found

    def set_quantity(self, name: str, value: Quantity) -> None:
        """Put `stage` or `head` to a temperature, switch the cooler, or pull a wire (`thermometer_2_open`)."""
        self._watch()
        if name in _RANGES:
            self._set_kelvin(name, value)
            return
        switches: dict[str, Callable[[bool], None]] = {
            "cooler": lambda on: self._cryostat.change(cooling=on),
            "heater_open": self._pull_heater,
        }
        for number in range(1, len(self._open) + 1):
            switches[f"thermometer_{number}_open"] = lambda on, i=number - 1: self._open.__setitem__(i, on)  # type: ignore[misc]
        if name not in switches:
            raise NotFoundError(
                f"'{name}' of the simulated cryostat cannot be set", given=name, allowed=[*_RANGES, *switches]
            )
        if not isinstance(value, bool):
            raise ParameterError(f"{name} must be true or false, not {value!r}", given=value)
        switches[name](value)

    def power_cycle(self) -> None:
        """Forget power and watchdog, as the controller does; the cryostat keeps its temperatures."""
        self._reset("")

    # -- commands --------------------------------------------------------------------------------

    def _obey(self, piece: str) -> str | None:
        word, _, argument = piece.strip().upper().partition(" ")
        command = self._commands.get(word)
        try:
            return None if command is None else command(argument.strip())
        except (ValueError, IndexError):
            return None

    def _read(self, argument: str) -> tuple[float, ReadingStatus]:
        index = int(argument) - 1
        if index not in range(len(self._open)):
            raise IndexError(argument)
        if self._open[index]:
            return 0.0, ReadingStatus.SENSOR_OPEN
        kelvin = self._cryostat.temperatures.sensors[index] + self._chance.gauss(
            0.0, self._cryostat.places[index].noise
        )
        if kelvin > MAX_KELVIN:
            return MAX_KELVIN, ReadingStatus.OVER_RANGE
        return (LEAST_KELVIN, ReadingStatus.UNDER_RANGE) if kelvin < LEAST_KELVIN else (kelvin, ReadingStatus(0))

    def _set_power(self, argument: str) -> None:
        watts = _within(argument, driver.MAX_WATTS)
        if self._cryostat.cut_out:
            return
        self._asked, self._expired = watts, False
        self._heat()

    def _set_watchdog(self, argument: str) -> None:
        self._watchdog_s = _within(argument, driver.MAX_WATCHDOG_S)

    def _reset(self, _argument: str) -> None:
        self._asked, self._watchdog_s, self._expired = 0.0, 0.0, False
        self._heat()
        if self._cryostat.temperatures.stage < COLD_ENOUGH_K:
            self._cryostat.close_cut_out()

    # -- the heater ------------------------------------------------------------------------------

    @property
    def _heater_status(self) -> HeaterStatus:
        status = HeaterStatus.OPEN_LOAD if self._heater_open else HeaterStatus(0)
        status |= HeaterStatus.CUT_OUT if self._cryostat.cut_out else HeaterStatus(0)
        return status | (HeaterStatus.WATCHDOG if self._expired else HeaterStatus(0))

    def _heat(self) -> None:
        self._cryostat.heat(0.0 if self._heater_open else self._asked)

    def _watch(self) -> None:
        """Do what the watchdog and the cut-out have done since the last look."""
        late_s = self._monotonic() - self._heard - self._watchdog_s
        if self._asked and self._watchdog_s and late_s > 0:
            self._asked, self._expired = 0.0, True
            self._cryostat.heat(0.0, ago_s=late_s)
        if self._cryostat.cut_out:
            self._asked = 0.0

    def _pull_heater(self, out: bool) -> None:  # noqa: FBT001 - a switch
        self._heater_open = out
        self._heat()

    def _set_kelvin(self, name: str, value: Quantity) -> None:
        low, high = _RANGES[name]
        if isinstance(value, bool | str):
            raise ParameterError(f"{name} must be a number in K, not {value!r}", given=value)
        if not low <= value <= high:
            raise OutOfRangeError(f"{name} is {value:g} K; allowed are {low:g} to {high:g} K", given=value)
        if name == "stage":
            self._cryostat.put(value)
        else:
            self._cryostat.change(head=value)


def _within(argument: str, limit: float) -> float:
    value = float(argument)
    if not 0 <= value <= limit:
        raise ValueError(argument)
    return value


def _speed(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and finite")
    return value


def _stage(text: str) -> float:
    value = float(text)
    if not LEAST_KELVIN <= value <= MAX_KELVIN:
        raise argparse.ArgumentTypeError(f"{text} K must be {LEAST_KELVIN:g} to {MAX_KELVIN:g} K")
    return value


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this instrument can be told to the kit's command line."""
    parser.add_argument("--seed", type=int, help="of the noise of the readings")
    parser.add_argument("--stage", type=_stage, metavar="K", help="temperature at first; cold, if left out")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="how many times faster than in nature it warms and cools"
    )


def make(options: argparse.Namespace, monotonic: Monotonic) -> Controller:
    """Make the cryostat that the command line asks for."""
    chance = random.Random(options.seed)  # noqa: S311 - noise, not secrets
    cryostat = Cryostat(monotonic, stage=options.stage, speed=options.speed)
    return Controller(cryostat, monotonic, chance)


def main(argv: Sequence[str] | None = None) -> int:
    """Be the controller until told to end; return the exit code."""
    return run_simulator(make, baud_rate=driver.BAUD_RATE, add_options=add_options, argv=argv)


if __name__ == "__main__":
    sys.exit(main())
