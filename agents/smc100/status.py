"""What a Newport SMC100 says about itself: states, errors of the positioner, refused commands.

Source: the tables of the commands TS and TE in the command set that Newport publishes for the
SMC100CC and SMC100PP, from general knowledge. The manual was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import KEEP, Enum, Flag

from ocs.model.errors import DeviceError, NotAllowedError, OcsError, OutOfRangeError


class ControllerState(Enum):
    """What the controller does, in one word."""

    NOT_REFERENCED = "not_referenced"
    CONFIGURATION = "configuration"
    HOMING = "homing"
    MOVING = "moving"
    READY = "ready"
    DISABLE = "disable"
    JOGGING = "jogging"
    SIMULATION = "simulation"


class Condition(Enum):
    """The state with the way that led there, as the last two digits of TS tell."""

    NOT_REFERENCED_FROM_RESET = 0x0A
    NOT_REFERENCED_FROM_HOMING = 0x0B
    NOT_REFERENCED_FROM_CONFIGURATION = 0x0C
    NOT_REFERENCED_FROM_DISABLE = 0x0D
    NOT_REFERENCED_FROM_READY = 0x0E
    NOT_REFERENCED_FROM_MOVING = 0x0F
    NOT_REFERENCED_STAGE_ERROR = 0x10
    NOT_REFERENCED_FROM_JOGGING = 0x11
    CONFIGURATION = 0x14
    HOMING_BY_COMMAND = 0x1E
    HOMING_BY_KEYPAD = 0x1F
    MOVING = 0x28
    READY_FROM_HOMING = 0x32
    READY_FROM_MOVING = 0x33
    READY_FROM_DISABLE = 0x34
    READY_FROM_JOGGING = 0x35
    DISABLE_FROM_READY = 0x3C
    DISABLE_FROM_MOVING = 0x3D
    DISABLE_FROM_JOGGING = 0x3E
    JOGGING_FROM_READY = 0x46
    JOGGING_FROM_DISABLE = 0x47
    SIMULATION = 0x48

    @property
    def state(self) -> ControllerState:
        """The state without its history."""
        return next(state for state in ControllerState if self.name.startswith(state.name))


class PositionerError(Flag, boundary=KEEP):
    """What is wrong with stage or motor, as the first four digits of TS tell; kept bit by bit."""

    NEGATIVE_END_OF_RUN = 0x0001
    POSITIVE_END_OF_RUN = 0x0002
    PEAK_CURRENT = 0x0004
    RMS_CURRENT = 0x0008
    SHORT_CIRCUIT = 0x0010
    FOLLOWING_ERROR = 0x0020
    HOMING_TIMEOUT = 0x0040
    WRONG_STAGE = 0x0080
    LOW_VOLTAGE = 0x0100
    OUTPUT_POWER = 0x0200

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each bit that is set."""
        known = [_POSITIONER_SENTENCES[flag] for flag in self]
        unknown = [
            f"error bit {bit} is set, whose meaning is not known here"
            for bit in range(16)
            if self.value & (1 << bit) and 1 << bit not in _KNOWN_BITS
        ]
        return tuple(known + unknown)


_POSITIONER_SENTENCES: dict[PositionerError, str] = {
    PositionerError.NEGATIVE_END_OF_RUN: "the stage ran into its negative end switch",
    PositionerError.POSITIVE_END_OF_RUN: "the stage ran into its positive end switch",
    PositionerError.PEAK_CURRENT: "the motor drew more than its peak current",
    PositionerError.RMS_CURRENT: "the motor drew more than its mean current for too long",
    PositionerError.SHORT_CIRCUIT: "the motor output has a short circuit",
    PositionerError.FOLLOWING_ERROR: "the stage does not follow: it may be blocked or overloaded",
    PositionerError.HOMING_TIMEOUT: "the home switch was not found in time",
    PositionerError.WRONG_STAGE: "the connected stage is not the one that is configured",
    PositionerError.LOW_VOLTAGE: "the supply voltage is too low",
    PositionerError.OUTPUT_POWER: "the motor output exceeded 80 W",
}
_KNOWN_BITS = frozenset(flag.value for flag in PositionerError)


@dataclass(frozen=True)
class Status:
    """Errors and condition, as TS tells them at one moment."""

    errors: PositionerError
    condition: Condition

    @property
    def state(self) -> ControllerState:
        """The state without its history."""
        return self.condition.state


class CommandError(Enum):
    """Why the last command was refused, as the letter of TE tells."""

    NONE = "@"
    UNKNOWN_COMMAND = "A"
    WRONG_ADDRESS = "B"
    PARAMETER = "C"
    NOT_ALLOWED = "D"
    HOMING_ALREADY = "E"
    UNKNOWN_STAGE = "F"
    OUT_OF_LIMITS = "G"
    NOT_REFERENCED = "H"
    CONFIGURATION = "I"
    DISABLE = "J"
    READY = "K"
    HOMING = "L"
    MOVING = "M"
    POSITION_OUT_OF_LIMITS = "N"
    COMMUNICATION_TIMEOUT = "S"
    MEMORY = "U"
    EXECUTION = "V"
    NOT_FOR_PP = "W"
    NOT_FOR_CC = "X"

    @property
    def sentence(self) -> str:
        """What the letter means."""
        return _COMMAND_SENTENCES[self]


_COMMAND_SENTENCES: dict[CommandError, str] = {
    CommandError.NONE: "no error",
    CommandError.UNKNOWN_COMMAND: "the command or the address is not understood",
    CommandError.WRONG_ADDRESS: "the controller address is not correct",
    CommandError.PARAMETER: "a parameter is missing or out of range",
    CommandError.NOT_ALLOWED: "the command is not allowed now",
    CommandError.HOMING_ALREADY: "the home search has started already",
    CommandError.UNKNOWN_STAGE: "the name of the stage is not known",
    CommandError.OUT_OF_LIMITS: "the displacement is out of the software limits",
    CommandError.NOT_REFERENCED: "not allowed before the home search",
    CommandError.CONFIGURATION: "not allowed during configuration",
    CommandError.DISABLE: "not allowed while the motor is off",
    CommandError.READY: "not allowed while the controller is ready",
    CommandError.HOMING: "not allowed during the home search",
    CommandError.MOVING: "not allowed while the stage moves",
    CommandError.POSITION_OUT_OF_LIMITS: "the present position is out of the software limits",
    CommandError.COMMUNICATION_TIMEOUT: "the communication timed out inside the controller",
    CommandError.MEMORY: "the permanent memory could not be read or written",
    CommandError.EXECUTION: "the command failed while it was executed",
    CommandError.NOT_FOR_PP: "the PP version does not have this command",
    CommandError.NOT_FOR_CC: "the CC version does not have this command",
}

_CLASSES: dict[type[OcsError], frozenset[CommandError]] = {
    OutOfRangeError: frozenset(
        {
            CommandError.PARAMETER,
            CommandError.OUT_OF_LIMITS,
            CommandError.POSITION_OUT_OF_LIMITS,
        }
    ),
    NotAllowedError: frozenset(
        {
            CommandError.NOT_ALLOWED,
            CommandError.HOMING_ALREADY,
            CommandError.NOT_REFERENCED,
            CommandError.CONFIGURATION,
            CommandError.DISABLE,
            CommandError.READY,
            CommandError.HOMING,
            CommandError.MOVING,
        }
    ),
}


def check(error: CommandError, command: str) -> None:
    """Do nothing if the controller took `command`, else raise what the letter of TE means.

    Raises:
        OutOfRangeError: A value was outside what the controller allows.
        NotAllowedError: The state does not allow the command.
        DeviceError: Anything else.
    """
    if error is CommandError.NONE:
        return
    raised = next((kind for kind, errors in _CLASSES.items() if error in errors), DeviceError)
    raise raised(f"the controller refused {command!r}: {error.sentence} (error {error.value})", given=command)
