"""A simulated Newport SMC100CC with a linear stage: `python -m agents.smc100.sim --name stage-1 ...`."""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Sequence

from agents.smc100 import driver
from agents.smc100.motion import travel
from agents.smc100.stage import Refused, Settings, Stage
from agents.smc100.status import CommandError, ControllerState, PositionerError
from ocs.link.simulator import Monotonic, Quantity
from ocs.link.simulator import main as run_simulator
from ocs.model.errors import NotFoundError, OutOfRangeError, ParameterError

_LINE = re.compile(r"(\d{1,2})?([A-Z]{2})(.*)", re.ASCII)

Bounds = tuple[float, float]

_PARAMETERS: dict[str, tuple[str, Bounds, bool]] = {
    "AC": ("acceleration", (1e-6, 400.0), True),
    "JR": ("jerk_time_s", (0.0, 12.0), True),
    "OH": ("home_velocity", (1e-6, 50.0), False),
    "OT": ("home_timeout_s", (1.0, 1000.0), False),
    "SL": ("negative_limit", (-1e12, 0.0), True),
    "SR": ("positive_limit", (0.0, 1e12), True),
    "VA": ("velocity", (1e-6, 50.0), True),
}
"""Command word: field of Settings, bounds, and whether it can be set after the home search."""

_SWITCHES: dict[str, PositionerError] = {(error.name or "").lower(): error for error in PositionerError}


class Controller:
    """One controller with its stage, answering lines as bytes.

    Args:
        stage: What it moves.
        address: In the chain; lines for others are passed over.
    """

    terminator = driver.TERMINATOR

    def __init__(self, stage: Stage, address: int = 1) -> None:
        self._stage = stage
        self._address = address
        self._error = CommandError.NONE
        self._commands: dict[str, Callable[[str], str | None]] = {
            "ID": lambda a: "SIMULATED50CC" if a == "?" else _refuse(CommandError.PARAMETER),
            "MM": lambda a: self._stage.switch_motor(on=_switch(a)),
            "OR": lambda _: self._stage.home(),
            "PA": self._move_to,
            "PR": lambda a: self._stage.move(self._stage.position + _number(a)),
            "PT": self._tell_time,
            "PW": lambda a: self._stage.configure(enter=_switch(a)),
            "RS": lambda _: self._stage.reset(),
            "ST": lambda _: self._stage.stop(),
            "TB": self._tell_text,
            "TE": lambda _: self._tell_error().value,
            "TH": lambda _: _text(self._stage.position),
            "TP": lambda _: _text(self._stage.position),
            "TS": lambda _: f"{self._stage.errors.value:04X}{self._stage.condition.value:02X}",
            "VE": lambda _: "SMC100CC simulated 1.0",
            "ZT": lambda _: self._tell_all(),
        }

    def answer(self, line: bytes) -> bytes | None:
        """Obey one line; settings and refused commands are answered by silence, and told by TE."""
        found = _LINE.fullmatch(line.decode("ascii", "replace").strip().upper())
        if found is None:
            self._error = CommandError.UNKNOWN_COMMAND
            return None
        address, word, argument = found.groups()
        if address is None and word != "ST":
            self._error = CommandError.UNKNOWN_COMMAND
            return None
        if address is not None and int(address) != self._address:
            return None
        try:
            value = self._obey(word, argument.strip())
        except Refused as refusal:
            self._error = refusal.error
            return None
        if value is None:
            return None
        # The list of parameters is the one answer that does not repeat the question.
        echo = "" if word == "ZT" else f"{self._address}{word}"
        return f"{echo}{value}".encode("ascii")

    def quantities(self) -> dict[str, Quantity]:
        """Return the truth about the stage (mm, mm/s), its state, and every error as a switch."""
        stage = self._stage
        return {
            "position": stage.place,
            "velocity": stage.velocity,
            "target": stage.target,
            "state": stage.state.value,
            "condition": stage.condition.name.lower(),
        } | {name: error in stage.errors for name, error in _SWITCHES.items()}

    def set_quantity(self, name: str, value: Quantity) -> None:
        """Make or mend an error, or put the stage to a place in mm by hand while its motor is off."""
        if name in _SWITCHES:
            if not isinstance(value, bool):
                raise ParameterError(f"{name} must be true or false, not {value!r}", given=value)
            change = self._stage.fail if value else self._stage.mend
            change(_SWITCHES[name])
        elif name == "position":
            self._push(value)
        else:
            raise NotFoundError(
                f"'{name}' of the simulated stage cannot be set",
                given=name,
                allowed=["position", *_SWITCHES],
            )

    def power_cycle(self) -> None:
        """Forget home, the working parameters and the last error; the stage stays where it is."""
        self._stage.reset()
        self._error = CommandError.NONE

    def _push(self, value: Quantity) -> None:
        if isinstance(value, bool | str):
            raise ParameterError(f"position must be a number in mm, not {value!r}", given=value)
        low, high = self._stage.travel_mm
        if not low <= value <= high:
            raise OutOfRangeError(f"position is {value:g} mm; the stage reaches {low:g} to {high:g} mm", given=value)
        try:
            self._stage.push(value)
        except Refused as refusal:
            raise ParameterError(
                f"the stage cannot be pushed while its motor is on ({self._stage.state.value}); switch it off with MM0"
            ) from refusal

    def _obey(self, word: str, argument: str) -> str | None:
        if word in _PARAMETERS:
            return self._parameter(word, argument)
        command = self._commands.get(word)
        if command is None:
            raise Refused(CommandError.UNKNOWN_COMMAND)
        return command(argument)

    def _parameter(self, word: str, argument: str) -> str | None:
        name, (low, high), later = _PARAMETERS[word]
        if argument == "?":
            return _text(getattr(self._stage.settings, name))
        allowed = [ControllerState.CONFIGURATION]
        if later:
            allowed += [ControllerState.DISABLE, ControllerState.READY]
        self._stage.require(*allowed)
        value = _number(argument)
        if not low <= value <= high:
            raise Refused(CommandError.PARAMETER)
        setattr(self._stage.settings, name, value)
        return None

    def _move_to(self, argument: str) -> str | None:
        if argument == "?":
            return _text(self._stage.target)
        self._stage.move(_number(argument))
        return None

    def _tell_time(self, argument: str) -> str:
        settings = self._stage.settings
        motion = travel(0.0, _number(argument), settings.velocity, settings.acceleration)
        return _text(motion.duration_s)

    def _tell_error(self) -> CommandError:
        error, self._error = self._error, CommandError.NONE
        return error

    def _tell_text(self, argument: str) -> str:
        try:
            error = CommandError(argument) if argument else self._tell_error()
        except ValueError:
            raise Refused(CommandError.PARAMETER) from None
        return f"{error.value} {error.sentence}"

    def _tell_all(self) -> str:
        values = [f"{word}{_text(getattr(self._stage.settings, name))}" for word, (name, _, _) in _PARAMETERS.items()]
        lines = [f"{self._address}{line}" for line in ["PW1", *values, "PW0"]]
        return self.terminator.decode("ascii").join(lines)


def _refuse(error: CommandError) -> str:
    raise Refused(error)


def _switch(argument: str) -> bool:
    if argument not in {"0", "1"}:
        raise Refused(CommandError.PARAMETER)
    return argument == "1"


def _number(argument: str) -> float:
    try:
        value = float(argument)
    except ValueError:
        raise Refused(CommandError.PARAMETER) from None
    if not math.isfinite(value):
        raise Refused(CommandError.PARAMETER)
    return value


def _text(value: float) -> str:
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} must be above 0 and finite")
    return value


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this instrument can be told to the kit's command line."""
    kept = Settings()
    parser.add_argument("--address", type=int, choices=range(1, 32), default=1, metavar="1..31", help="in the chain")
    parser.add_argument("--velocity", type=_positive, default=kept.velocity, help="mm/s")
    parser.add_argument("--acceleration", type=_positive, default=kept.acceleration, help="mm/s2")
    parser.add_argument(
        "--travel",
        type=float,
        nargs=2,
        default=(kept.negative_limit, kept.positive_limit),
        metavar=("LOW", "HIGH"),
        help="places of the end switches and software limits, in mm; home is at 0",
    )
    parser.add_argument("--parked", type=float, default=4.0, help="where it stands at first, in mm")


def make(options: argparse.Namespace, monotonic: Monotonic) -> Controller:
    """Make the controller that the command line asks for."""
    low, high = options.travel
    settings = Settings(
        velocity=options.velocity,
        acceleration=options.acceleration,
        negative_limit=low,
        positive_limit=high,
    )
    return Controller(Stage(monotonic, settings, (low, high), options.parked), options.address)


def main(argv: Sequence[str] | None = None) -> int:
    """Be the controller until told to end; return the exit code."""
    return run_simulator(make, baud_rate=driver.BAUD_RATE, add_options=add_options, argv=argv)


if __name__ == "__main__":
    sys.exit(main())
