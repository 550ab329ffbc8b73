"""The simulated stage and the state machine of its controller; everything follows from the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from agents.smc100.motion import Motion, brake, rest, travel
from agents.smc100.status import CommandError, Condition, ControllerState, PositionerError
from ocs.link.simulator import Monotonic

INDEX_SEARCH_S = 0.4
"""How long the home search looks for the index mark after it found the switch, in s."""
NO_ERRORS = PositionerError(0)
HARDWARE = (
    PositionerError.SHORT_CIRCUIT
    | PositionerError.WRONG_STAGE
    | PositionerError.LOW_VOLTAGE
    | PositionerError.OUTPUT_POWER
)
"""Errors that last until they are mended; all others are forgotten at the next start of the motor."""

_LETTERS: dict[ControllerState, CommandError] = {
    ControllerState.NOT_REFERENCED: CommandError.NOT_REFERENCED,
    ControllerState.CONFIGURATION: CommandError.CONFIGURATION,
    ControllerState.DISABLE: CommandError.DISABLE,
    ControllerState.READY: CommandError.READY,
    ControllerState.HOMING: CommandError.HOMING,
    ControllerState.MOVING: CommandError.MOVING,
    ControllerState.JOGGING: CommandError.NOT_ALLOWED,
    ControllerState.SIMULATION: CommandError.NOT_ALLOWED,
}

_AFTER_FAILURE: dict[ControllerState, Condition] = {
    ControllerState.READY: Condition.NOT_REFERENCED_FROM_READY,
    ControllerState.MOVING: Condition.NOT_REFERENCED_FROM_MOVING,
    ControllerState.HOMING: Condition.NOT_REFERENCED_FROM_HOMING,
    ControllerState.DISABLE: Condition.NOT_REFERENCED_FROM_DISABLE,
}
_AFTER_FOLLOWING_ERROR: dict[ControllerState, Condition] = {
    ControllerState.READY: Condition.DISABLE_FROM_READY,
    ControllerState.MOVING: Condition.DISABLE_FROM_MOVING,
    ControllerState.HOMING: Condition.NOT_REFERENCED_FROM_HOMING,
}


class Refused(Exception):  # noqa: N818 - what a controller does, not an error of ours
    """A command that the state or the value does not allow."""

    def __init__(self, error: CommandError) -> None:
        super().__init__(error.name)
        self.error = error


@dataclass(frozen=True)
class Phase:
    """One stay of the state machine.

    Args:
        condition: The condition during it.
        motion: How the stage moves during it.
        begun: When it began, in s of the clock.
        lasts_s: How long it lasts; without end unless a command or a failure ends it.
        then: The condition after it.
        error: What is found wrong at its end.
    """

    condition: Condition
    motion: Motion
    begun: float
    lasts_s: float = math.inf
    then: Condition = Condition.NOT_REFERENCED_FROM_RESET
    error: PositionerError = NO_ERRORS


@dataclass
class Settings:
    """What the commands VA, AC, JR, SL, SR, OH and OT set: mm, mm/s, mm/s2, s."""

    velocity: float = 8.0
    acceleration: float = 40.0
    jerk_time_s: float = 0.0
    negative_limit: float = -25.0
    positive_limit: float = 25.0
    home_velocity: float = 4.0
    home_timeout_s: float = 20.0


class Stage:
    """A linear stage with end switches, a home switch at 0, and a motor that can fail.

    Args:
        monotonic: The clock, in s.
        settings: What the controller works with.
        travel_mm: Places of the end switches.
        parked: Where the stage stands when power comes for the first time, in mm.
    """

    def __init__(
        self,
        monotonic: Monotonic,
        settings: Settings,
        travel_mm: tuple[float, float] = (-25.0, 25.0),
        parked: float = 4.0,
    ) -> None:
        self.settings = replace(settings)
        self.target = 0.0
        self.travel_mm = travel_mm
        self._kept = settings
        self._monotonic = monotonic
        self._errors = NO_ERRORS
        self._zero = parked
        self._phase = Phase(Condition.NOT_REFERENCED_FROM_RESET, rest(parked), monotonic())

    @property
    def condition(self) -> Condition:
        """The condition at this moment."""
        return self._now().condition

    @property
    def state(self) -> ControllerState:
        """The state at this moment."""
        return self.condition.state

    @property
    def errors(self) -> PositionerError:
        """What is wrong at this moment."""
        self._now()
        return self._errors

    @property
    def place(self) -> float:
        """Where the stage truly is, in mm from the home switch."""
        phase = self._now()
        return phase.motion.at(self._monotonic() - phase.begun)[0]

    @property
    def velocity(self) -> float:
        """How fast the stage moves, in mm/s."""
        phase = self._now()
        return phase.motion.at(self._monotonic() - phase.begun)[1]

    @property
    def position(self) -> float:
        """What the encoder tells, in mm: from where power came until home was found."""
        return self.place - self._zero

    def require(self, *states: ControllerState) -> None:
        """Refuse a command, with the letter of the present state, unless it is one of `states`."""
        state = self.state
        if state not in states:
            raise Refused(_LETTERS[state])

    def home(self) -> None:
        """Search the home switch, then the index mark."""
        if self.state is ControllerState.HOMING:
            raise Refused(CommandError.HOMING_ALREADY)
        self.require(ControllerState.NOT_REFERENCED)
        self._start_motor()
        speed = min(self.settings.home_velocity, self.settings.velocity)
        motion = travel(self.place, 0.0, speed, self.settings.acceleration)
        needed_s = motion.duration_s + INDEX_SEARCH_S
        if needed_s <= self.settings.home_timeout_s:
            self._begin(Condition.HOMING_BY_COMMAND, motion, needed_s, Condition.READY_FROM_HOMING)
            return
        self._begin(
            Condition.HOMING_BY_COMMAND,
            motion,
            self.settings.home_timeout_s,
            Condition.NOT_REFERENCED_FROM_HOMING,
            PositionerError.HOMING_TIMEOUT,
        )

    def move(self, target: float) -> None:
        """Move to `target`, in mm; an end switch on the way ends it."""
        self.require(ControllerState.READY)
        if not self.settings.negative_limit <= target <= self.settings.positive_limit:
            raise Refused(CommandError.OUT_OF_LIMITS)
        self.target = target
        low, high = self.travel_mm
        goal = min(max(target, low), high)
        then, error = Condition.READY_FROM_MOVING, NO_ERRORS
        if goal != target:
            then = Condition.NOT_REFERENCED_FROM_MOVING
            below = target < low
            error = PositionerError.NEGATIVE_END_OF_RUN if below else PositionerError.POSITIVE_END_OF_RUN
        motion = travel(self.place, goal, self.settings.velocity, self.settings.acceleration)
        self._begin(Condition.MOVING, motion, motion.duration_s, then, error)

    def stop(self) -> None:
        """Slow down to rest; a home search is given up."""
        self.require(ControllerState.MOVING, ControllerState.HOMING, ControllerState.READY)
        condition = self.condition
        if condition.state is ControllerState.READY:
            return
        motion = brake(self.place, self.velocity, self.settings.acceleration)
        moving = condition.state is ControllerState.MOVING
        then = Condition.READY_FROM_MOVING if moving else Condition.NOT_REFERENCED_FROM_HOMING
        self.target = motion.end
        self._begin(condition, motion, motion.duration_s, then)

    def switch_motor(self, *, on: bool) -> None:
        """Switch the motor's power."""
        if on:
            self.require(ControllerState.DISABLE)
            self._start_motor()
            self._halt(Condition.READY_FROM_DISABLE)
            return
        self.require(ControllerState.READY, ControllerState.MOVING)
        moving = self.state is ControllerState.MOVING
        self._halt(Condition.DISABLE_FROM_MOVING if moving else Condition.DISABLE_FROM_READY)

    def configure(self, *, enter: bool) -> None:
        """Enter or leave the state in which permanent parameters are written."""
        if enter:
            self.require(ControllerState.NOT_REFERENCED)
            self._halt(Condition.CONFIGURATION)
            return
        self.require(ControllerState.CONFIGURATION)
        self._kept = replace(self.settings)
        self._halt(Condition.NOT_REFERENCED_FROM_CONFIGURATION)

    def reset(self) -> None:
        """Start as after power comes: the encoder counts from here, home is not known."""
        self._halt(Condition.NOT_REFERENCED_FROM_RESET)
        self._errors = NO_ERRORS
        self._zero = self.place
        self.settings = replace(self._kept)
        self.target = 0.0

    def fail(self, error: PositionerError) -> None:
        """Have something go wrong; the motor loses its power."""
        following = error is PositionerError.FOLLOWING_ERROR
        after = (_AFTER_FOLLOWING_ERROR if following else _AFTER_FAILURE).get(self.state)
        self._errors |= error
        if after is not None:
            self._halt(after)

    def mend(self, error: PositionerError) -> None:
        """Take away what went wrong."""
        self._now()
        self._errors &= ~error

    def push(self, place: float) -> None:
        """Put the stage somewhere by hand, in mm; the motor must be off."""
        self.require(ControllerState.NOT_REFERENCED, ControllerState.DISABLE, ControllerState.CONFIGURATION)
        self._begin(self.condition, rest(place))

    def _start_motor(self) -> None:
        if self._errors & HARDWARE:
            raise Refused(CommandError.NOT_ALLOWED)
        self._errors = NO_ERRORS

    def _now(self) -> Phase:
        phase = self._phase
        if self._monotonic() - phase.begun >= phase.lasts_s:
            self._errors |= phase.error
            if phase.then is Condition.READY_FROM_HOMING:
                self._zero = 0.0
            self._begin(phase.then, rest(phase.motion.at(phase.lasts_s)[0]))
        return self._phase

    def _begin(
        self,
        condition: Condition,
        motion: Motion,
        lasts_s: float = math.inf,
        then: Condition = Condition.NOT_REFERENCED_FROM_RESET,
        error: PositionerError = NO_ERRORS,
    ) -> None:
        self._phase = Phase(condition, motion, self._monotonic(), lasts_s, then, error)

    def _halt(self, condition: Condition) -> None:
        self._begin(condition, rest(self.place))
