"""What a SCPI power supply says about itself: its errors, protections, regulation and status bytes.

Sources: error numbers and texts, SCPI 1999.0 volume 2, chapter 21; status byte and standard events,
IEEE 488.2, chapter 11. The bits of protections and regulation are those that supplies of this kind
share, from general knowledge; the manual of the 2230G was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import KEEP, Enum, Flag

from ocs.model.errors import DeviceError, NotAllowedError, OcsError, OutOfRangeError

QUEUE_LENGTH = 20
"""Errors that the simulated instrument remembers; that of the real one was not looked up."""


class StandardEvent(Flag, boundary=KEEP):
    """What happened since the register was last read, as *ESR? tells."""

    OPERATION_COMPLETE = 1
    QUERY_ERROR = 4
    DEVICE_ERROR = 8
    EXECUTION_ERROR = 16
    COMMAND_ERROR = 32
    POWER_ON = 128


class ErrorNumber(Enum):
    """The errors of the standard that a power supply meets; a real one may have more."""

    NONE = 0
    SYNTAX = -102
    DATA_TYPE = -104
    PARAMETER_NOT_ALLOWED = -108
    MISSING_PARAMETER = -109
    UNDEFINED_HEADER = -113
    INVALID_SUFFIX = -131
    PROTECTED = -203
    SETTINGS_CONFLICT = -221
    OUT_OF_RANGE = -222
    ILLEGAL_VALUE = -224
    QUEUE_OVERFLOW = -350

    @property
    def text(self) -> str:
        """The standard's own words."""
        return _TEXTS[self]

    @property
    def event(self) -> StandardEvent:
        """The event that this error is, by the hundreds of its number."""
        return _EVENTS[-self.value // 100]


_TEXTS: dict[ErrorNumber, str] = {
    ErrorNumber.NONE: "No error",
    ErrorNumber.SYNTAX: "Syntax error",
    ErrorNumber.DATA_TYPE: "Data type error",
    ErrorNumber.PARAMETER_NOT_ALLOWED: "Parameter not allowed",
    ErrorNumber.MISSING_PARAMETER: "Missing parameter",
    ErrorNumber.UNDEFINED_HEADER: "Undefined header",
    ErrorNumber.INVALID_SUFFIX: "Invalid suffix",
    ErrorNumber.PROTECTED: "Command protected",
    ErrorNumber.SETTINGS_CONFLICT: "Settings conflict",
    ErrorNumber.OUT_OF_RANGE: "Data out of range",
    ErrorNumber.ILLEGAL_VALUE: "Illegal parameter value",
    ErrorNumber.QUEUE_OVERFLOW: "Queue overflow",
}


_EVENTS: dict[int, StandardEvent] = {
    1: StandardEvent.COMMAND_ERROR,
    2: StandardEvent.EXECUTION_ERROR,
    3: StandardEvent.DEVICE_ERROR,
}


@dataclass(frozen=True)
class ErrorReport:
    """One entry of the error queue; number 0 when the queue was empty."""

    number: int
    text: str

    def __bool__(self) -> bool:
        return self.number != ErrorNumber.NONE.value


class StatusByte(Flag, boundary=KEEP):
    """What deserves a look now, as *STB? tells."""

    ERROR_QUEUE = 4
    QUESTIONABLE = 8
    MESSAGE_AVAILABLE = 16
    STANDARD_EVENT = 32
    MASTER_SUMMARY = 64
    OPERATION = 128


class Protection(Flag, boundary=KEEP):
    """Why one output was switched off by itself; kept bit by bit."""

    OVER_VOLTAGE = 1
    OVER_CURRENT = 2
    OVER_TEMPERATURE = 16

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each bit that is set."""
        known = [_PROTECTIONS[flag] for flag in self]
        unknown = self.value & ~sum(flag.value for flag in Protection)
        return (*known, f"protection bits {unknown} are set, whose meaning is not known here") if unknown else (*known,)


_PROTECTIONS: dict[Protection, str] = {
    Protection.OVER_VOLTAGE: "the voltage was too high",
    Protection.OVER_CURRENT: "the current was too high",
    Protection.OVER_TEMPERATURE: "the supply was too hot",
}


class Regulation(Flag, boundary=KEEP):
    """What one output holds: its voltage, or, at the limit, its current; nothing while it is off."""

    CONSTANT_VOLTAGE = 256
    CONSTANT_CURRENT = 1024


_CLASSES: dict[ErrorNumber, type[OcsError]] = {
    ErrorNumber.OUT_OF_RANGE: OutOfRangeError,
    ErrorNumber.PROTECTED: NotAllowedError,
    ErrorNumber.SETTINGS_CONFLICT: NotAllowedError,
}
_ADVICE: dict[ErrorNumber, str] = {
    ErrorNumber.PROTECTED: "; somebody may have pressed its key for local work, take control again",
    ErrorNumber.SETTINGS_CONFLICT: "; its outputs, limits or protections do not allow this now",
}


def check(report: ErrorReport, command: str) -> None:
    """Do nothing if the supply took `command`, else raise what its error means.

    Raises:
        OutOfRangeError: A value was outside what the supply allows.
        NotAllowedError: The state of the supply does not allow the command.
        DeviceError: Anything else.
    """
    if not report:
        return
    known = next((number for number in ErrorNumber if number.value == report.number), None)
    raised = DeviceError if known is None else _CLASSES.get(known, DeviceError)
    advice = "" if known is None else _ADVICE.get(known, "")
    raise raised(f"the supply refused {command!r}: {report.text} (error {report.number}){advice}", given=command)
