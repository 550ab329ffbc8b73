"""What the cryostat's controller is asked, and what its answers mean. Text only, no I/O.

The controller is **our own demonstration instrument: no maker sells it, and there is no manual**. Its lines keep to the
style of Lake Shore's temperature controllers, so that a driver of a real one looks like this: words of the same kind
(`KRDG?`, `RDGST?`, `HTR?`, `HTRST?`), CR LF at the end both ways, several requests in one line joined by `;`, answered
in one line joined the same way. A setting has no answer; one that is not understood or not possible is passed over in
silence, therefore each setting here asks in the same line what holds now.

A `Query` is what is asked: its `text` goes out, its `parse` takes the reply.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import KEEP, Flag
from typing import ClassVar, TypeVar

from ocs.model import query
from ocs.model.errors import DeviceError, OutOfRangeError

T = TypeVar("T")

BAUD_RATE = 115200
"""On a serial line, 8N1; over TCP it has no meaning."""
TERMINATOR = b"\r\n"
MODEL = "CRYOSTAT-4"
INPUTS = 4
MAX_WATTS = 50.0
"""Most that the heater's output gives, W; settings resolve 0.1 mW."""
MAX_WATCHDOG_S = 3600.0

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"\d{1,3}", re.ASCII)


class ReadingStatus(Flag, boundary=KEEP):
    """Why a temperature must not be trusted; no flag means that it may."""

    UNDER_RANGE = 16
    OVER_RANGE = 32
    SENSOR_OPEN = 128

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each bit that is set."""
        return _sentences(self, _READING)


_READING: dict[Flag, str] = {
    ReadingStatus.UNDER_RANGE: "the temperature is below the range of the input",
    ReadingStatus.OVER_RANGE: "the temperature is above the range of the input",
    ReadingStatus.SENSOR_OPEN: "the sensor is open or not connected",
}


class HeaterStatus(Flag, boundary=KEEP):
    """Why the heater does not heat as it should; no flag means that it does."""

    OPEN_LOAD = 1
    CUT_OUT = 4
    WATCHDOG = 8

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each bit that is set."""
        return _sentences(self, _HEATER)


_HEATER: dict[Flag, str] = {
    HeaterStatus.OPEN_LOAD: "the heater is open or not connected",
    HeaterStatus.CUT_OUT: "the cold stage was too hot and the thermal cut-out has opened; reset it when it is cold",
    HeaterStatus.WATCHDOG: "nobody asked the controller anything for long, and its watchdog switched the heater off",
}


@dataclass(frozen=True)
class Temperature:
    """One reading of one input, K, and what is wrong with it."""

    kelvin: float
    status: ReadingStatus

    def checked(self) -> float:
        """Return the temperature, K.

        Raises:
            DeviceError: It must not be trusted.
        """
        if self.status:
            raise DeviceError(f"the temperature cannot be read: {'; '.join(self.status.sentences)}", given=self.kelvin)
        return self.kelvin


@dataclass(frozen=True)
class HeaterReading:
    """The heater and the temperature that it acts on, at one moment.

    Attributes:
        watts: Power that it gives, W.
        asked: Power that it was set to, W.
        status: What is wrong with it.
        temperature: Of the input that was asked for.
    """

    watts: float
    asked: float
    status: HeaterStatus
    temperature: Temperature


class Query(query.Query[T]):
    """One question to the controller and the reader of its answer."""

    who: ClassVar[str] = "the controller"
    advice: ClassVar[str] = "check the address, and whether it is this controller that answers"


def identity() -> Query[str]:
    """Ask who answers: model and serial number; another model is refused."""
    return Query("*IDN?", _identity, f"maker, model {MODEL}, serial number and firmware")


def temperature(number: int) -> Query[Temperature]:
    """Ask for the temperature of an input, 1 to 4, with its status."""
    checked_input(number)
    return Query(f"KRDG? {number};RDGST? {number}", _temperature, "kelvin;status")


def heater(number: int) -> Query[HeaterReading]:
    """Ask for everything about the heater, and the temperature of an input, 1 to 4, in one exchange."""
    text = f"HTR?;HTRSET?;HTRST?;{temperature(number).text}"
    return Query(text, _heater, "watts;set watts;heater status;kelvin;reading status")


def set_power(watts: float) -> Query[float]:
    """Set the power of the heater, W, 0 to 50, and ask to what it is set now.

    Raises:
        OutOfRangeError: The power is out of range.
    """
    _check("power", watts, MAX_WATTS, "W")
    return Query(f"HTRSET {watts:.4f};HTRSET?", _number, "the power that was set")


def set_watchdog(seconds: float) -> Query[float]:
    """Have the heater switched off when no line came for so many seconds, 0 (never) to 3600, and ask what holds.

    Raises:
        OutOfRangeError: The time is out of range.
    """
    _check("watchdog", seconds, MAX_WATCHDOG_S, "s")
    return Query(f"WDOG {seconds:.1f};WDOG?", _number, "the time of the watchdog")


def reset() -> Query[HeaterStatus]:
    """Switch the heater and its watchdog off, close a cut-out that has cooled down, and ask what is wrong still."""
    return Query("*RST;HTRST?", _heater_status, "heater status")


def checked_input(number: int) -> int:
    """Return the number of an input, 1 to 4.

    Raises:
        OutOfRangeError: There is no such input.
    """
    if not 1 <= number <= INPUTS:
        raise OutOfRangeError(
            f"there is no input {number}; allowed are 1 to {INPUTS}",
            field="input", given=number, limit=INPUTS, allowed=[1, INPUTS],
        )  # fmt: skip
    return number


def _check(field: str, value: float, limit: float, unit: str) -> None:
    if not 0 <= value <= limit:  # NaN too
        raise OutOfRangeError(
            f"{field} is {value:g} {unit}; allowed are 0 to {limit:g} {unit}",
            field=field, given=value, limit=limit if value > limit else 0.0, allowed=[0.0, limit],
        )  # fmt: skip


def _sentences(status: Flag, known: dict[Flag, str]) -> tuple[str, ...]:
    told = [sentence for flag, sentence in known.items() if flag in status]
    unknown = status.value & ~sum(flag.value for flag in known)
    return (*told, f"status bits {unknown} are set, whose meaning is not known here") if unknown else tuple(told)


def _pieces(text: str, separator: str, count: int) -> list[str]:
    found = [piece.strip() for piece in text.split(separator)]
    if len(found) != count:
        raise ValueError(text)
    return found


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def _bits(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _identity(text: str) -> str:
    _, model, serial, _ = _pieces(text, ",", 4)
    if model != MODEL:
        raise ValueError(text)
    return f"{model} {serial}"


def _heater_status(text: str) -> HeaterStatus:
    return HeaterStatus(_bits(text))


def _temperature(text: str) -> Temperature:
    kelvin, status = _pieces(text, ";", 2)
    return Temperature(_number(kelvin), ReadingStatus(_bits(status)))


def _heater(text: str) -> HeaterReading:
    watts, asked, status, kelvin, reading = _pieces(text, ";", 5)
    return HeaterReading(_number(watts), _number(asked), _heater_status(status), _temperature(f"{kelvin};{reading}"))
