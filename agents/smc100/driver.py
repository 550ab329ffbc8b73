"""What a Newport SMC100CC or SMC100PP is asked, and what its answers mean. Text only, no I/O.

A question is a `Query`: its `text` goes out, its `parse` takes the reply. Everything else is plain text
that gets no reply; whether the controller took it is asked with `last_error`, and `check` raises the
answer. Lines end with CR LF both ways, on a serial line at 57600 baud, 8N1, XON/XOFF; each begins with
the controller's address, 1 to 31.

Source of everything here: the command set that Newport publishes for the SMC100, from general
knowledge. The manual was not seen, therefore no section is cited; "manual not seen" below says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from agents.smc100.status import (
    CommandError,
    Condition,
    ControllerState,
    PositionerError,
    Status,
    check,
)
from ocs.model.errors import DeviceError, OutOfRangeError

__all__ = [
    "BAUD_RATE",
    "TERMINATOR",
    "Axis",
    "CommandError",
    "Condition",
    "ControllerState",
    "PositionerError",
    "Query",
    "Status",
    "check",
    "motion_time",
]

T = TypeVar("T")

BAUD_RATE = 57600
TERMINATOR = b"\r\n"
MAX_ADDRESS = 31

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_STATUS = re.compile(r"([0-9A-Fa-f]{4})([0-9A-Fa-f]{2})")
# Command words have two letters; these families have a third.
_PARAMETER = re.compile(r"(FR[MS]|QI[LRT]|[A-Z]{2})(.*)")


@dataclass(frozen=True)
class Query(Generic[T]):
    """One question to the controller and the reader of its answer, which begins with `echo`."""

    text: str
    echo: str
    convert: Callable[[str], T]
    expected: str

    def parse(self, reply: str) -> T:
        """Read the reply, without its line end, as a typed value.

        Raises:
            DeviceError: The reply is not what the question asks for.
        """
        try:
            return self.convert(_after(self.echo, reply.strip()))
        except ValueError as error:
            raise DeviceError(
                f"the controller answered {reply!r} to {self.text!r}; expected was {self.echo!r}"
                f" and {self.expected}; check cable, address and baud rate",
                given=reply,
            ) from error


@dataclass(frozen=True)
class Axis:
    """The commands for one controller; positions in mm (deg on a rotation stage).

    Args:
        address: Of the controller in the chain, 1 to 31.

    Raises:
        OutOfRangeError: No controller can have this address.
    """

    address: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.address <= MAX_ADDRESS:
            raise OutOfRangeError(
                f"a controller cannot have the address {self.address}; allowed are 1 to {MAX_ADDRESS}",
                field="address",
                given=self.address,
                limit=MAX_ADDRESS,
            )

    def status(self) -> Query[Status]:
        """Ask for errors and state. Source: TS, manual not seen."""
        return self._query("TS", _status, "four and two hexadecimal digits of known meaning")

    def last_error(self) -> Query[CommandError]:
        """Ask why the last refused command was refused, and forget it. Source: TE, manual not seen."""
        return self._query("TE", CommandError, "a letter of the error table")

    def error_text(self, error: CommandError) -> Query[str]:
        """Ask for the controller's own words for an error. Source: TB, manual not seen."""
        return self._query("TB", _words, "the letter and a text", error.value)

    def position(self) -> Query[float]:
        """Ask where the stage is, in mm, as measured. Source: TP, manual not seen."""
        return self._number("TP")

    def demanded_position(self) -> Query[float]:
        """Ask where the profile is at this moment, in mm. Source: TH, manual not seen."""
        return self._number("TH")

    def target(self) -> Query[float]:
        """Ask where the last absolute move leads, in mm. Source: PA?, manual not seen."""
        return self._number("PA", "?")

    def velocity(self) -> Query[float]:
        """Ask for the velocity of moves, in mm/s. Source: VA?, manual not seen."""
        return self._number("VA", "?")

    def acceleration(self) -> Query[float]:
        """Ask for the acceleration of moves, in mm/s2. Source: AC?, manual not seen."""
        return self._number("AC", "?")

    def jerk_time(self) -> Query[float]:
        """Ask how long the acceleration takes to build up, in s. Source: JR?, manual not seen."""
        return self._number("JR", "?")

    def negative_limit(self) -> Query[float]:
        """Ask for the lower software limit, in mm. Source: SL?, manual not seen."""
        return self._number("SL", "?")

    def positive_limit(self) -> Query[float]:
        """Ask for the upper software limit, in mm. Source: SR?, manual not seen."""
        return self._number("SR", "?")

    def home_velocity(self) -> Query[float]:
        """Ask for the velocity of the home search, in mm/s. Source: OH?, manual not seen."""
        return self._number("OH", "?")

    def home_timeout(self) -> Query[float]:
        """Ask how long the home search may take, in s. Source: OT?, manual not seen."""
        return self._number("OT", "?")

    def stage(self) -> Query[str]:
        """Ask for the name of the configured stage. Source: ID?, manual not seen."""
        return self._query("ID", str, "a name", "?")

    def version(self) -> Query[str]:
        """Ask for the controller's name and firmware. Source: VE, manual not seen."""
        return self._query("VE", str, "a text")

    def time_of(self, distance: float) -> Query[float]:
        """Ask how many s a relative move of `distance` mm will take. Source: PT, manual not seen."""
        return self._number("PT", _decimal(distance))

    def configuration(self) -> str:
        """Ask for all parameters, one a line; `is_configuration_end` tells the last.

        Source: ZT, manual not seen.
        """
        return f"{self.address}ZT"

    def is_configuration_end(self, line: str) -> bool:
        """Whether this is the last line of what `configuration` brings."""
        return line.strip() == f"{self.address}PW0"

    def parse_configuration(self, lines: Iterable[str]) -> dict[str, str]:
        """Read what `configuration` brings: command word and value of each parameter.

        Raises:
            DeviceError: A line is no parameter of this controller.
        """
        found: dict[str, str] = {}
        for line in lines:
            parameter = _PARAMETER.fullmatch(line.strip().removeprefix(str(self.address)))
            if not line.startswith(str(self.address)) or parameter is None:
                raise DeviceError(
                    f"the controller sent {line!r} amid its parameters; expected was"
                    f" '{self.address}', letters and a value",
                    given=line,
                )
            if parameter[1] != "PW":
                found[parameter[1]] = parameter[2].strip()
        return found

    def home(self) -> str:
        """Search the home switch; only before it was found. Source: OR, manual not seen."""
        return f"{self.address}OR"

    def move_to(self, position: float) -> str:
        """Move to a position in mm. Source: PA, manual not seen."""
        return f"{self.address}PA{_decimal(position)}"

    def move_by(self, distance: float) -> str:
        """Move by a distance in mm. Source: PR, manual not seen."""
        return f"{self.address}PR{_decimal(distance)}"

    def stop(self) -> str:
        """Stop with the set acceleration. Source: ST, manual not seen."""
        return f"{self.address}ST"

    def enable(self) -> str:
        """Switch the motor on. Source: MM1, manual not seen."""
        return f"{self.address}MM1"

    def disable(self) -> str:
        """Switch the motor off. Source: MM0, manual not seen."""
        return f"{self.address}MM0"

    def reset(self) -> str:
        """Restart the controller, which then needs its home search. Source: RS, manual not seen."""
        return f"{self.address}RS"

    def set_velocity(self, velocity: float) -> str:
        """Set the velocity of moves, in mm/s. Source: VA, manual not seen."""
        return f"{self.address}VA{_decimal(velocity)}"

    def set_acceleration(self, acceleration: float) -> str:
        """Set the acceleration of moves, in mm/s2. Source: AC, manual not seen."""
        return f"{self.address}AC{_decimal(acceleration)}"

    def set_negative_limit(self, position: float) -> str:
        """Set the lower software limit, in mm, not above 0. Source: SL, manual not seen."""
        return f"{self.address}SL{_decimal(position)}"

    def set_positive_limit(self, position: float) -> str:
        """Set the upper software limit, in mm, not below 0. Source: SR, manual not seen."""
        return f"{self.address}SR{_decimal(position)}"

    def enter_configuration(self) -> str:
        """Begin to write permanent parameters; only before homing. Source: PW1, manual not seen."""
        return f"{self.address}PW1"

    def leave_configuration(self) -> str:
        """Keep the permanent parameters; may take 10 s. Source: PW0, manual not seen."""
        return f"{self.address}PW0"

    def _query(self, word: str, convert: Callable[[str], T], expected: str, argument: str = "") -> Query[T]:
        # The reply repeats address and word, then comes the value in the place of the argument.
        text = f"{self.address}{word}"
        return Query(text + argument, text, convert, expected)

    def _number(self, word: str, argument: str = "") -> Query[float]:
        return self._query(word, _number, "a number", argument)


def motion_time(distance: float, velocity: float, acceleration: float, *, jerk_time_s: float = 0.0) -> float:
    """Compute how long a move from rest to rest takes, in s.

    The trapezoid of velocity over time, a triangle if the distance is short; smoothing of the
    acceleration lengthens it by the jerk time.

    Args:
        distance: In mm, of either sign.
        velocity: Largest, in mm/s, above 0.
        acceleration: In mm/s2, above 0; slowing down takes the same.
        jerk_time_s: Time in which the acceleration builds up.
    """
    length = abs(distance)
    if length == 0.0:
        return 0.0
    if length < velocity**2 / acceleration:
        return 2.0 * math.sqrt(length / acceleration) + jerk_time_s
    return length / velocity + velocity / acceleration + jerk_time_s


def _decimal(value: float) -> str:
    if not math.isfinite(value):
        raise OutOfRangeError(f"{value} cannot be sent; a finite number is needed", given=value)
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def _status(text: str) -> Status:
    digits = _STATUS.fullmatch(text)
    if digits is None:
        raise ValueError(text)
    return Status(PositionerError(int(digits[1], 16)), Condition(int(digits[2], 16)))


def _words(text: str) -> str:
    CommandError(text[:1])
    return text[1:].strip()


def _after(echo: str, line: str) -> str:
    if not line.startswith(echo):
        raise ValueError(line)
    return line.removeprefix(echo).strip()
