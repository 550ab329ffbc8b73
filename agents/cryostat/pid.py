"""A PID controller, as pure arithmetic: power from temperatures and the time between them.

    power = P e + I integral(e dt) - D dT/dt          e = set point - temperature

* The derivative is that of the measured temperature, so that a new set point gives no kick; a filter of first order
  keeps its noise small.
* The output never leaves its limits, and while it is at one the integral does not grow towards it: however long the
  heater was at its limit, it leaves it as soon as the error allows.
* It takes over from a constant output, and changes its gains, without a jump.

Source of the form: K. J. Astrom and R. M. Murray, Feedback Systems, chapter "PID Control" (set-point weighting 1,
conditional integration), from general knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ocs.model.errors import OutOfRangeError
from ocs.model.units import Limits

MAX_GAIN = 1000.0


@dataclass(frozen=True)
class Gains:
    """The gains of a heater's controller; all of them 0 to 1000, and 0 switches a part off.

    Attributes:
        proportional: W for each K of error, W/K.
        integral: W/s for each K of error, W/(K s).
        derivative: W for each K/s of the temperature, W s/K.

    Raises:
        OutOfRangeError: A gain is negative, too large, or no number.
    """

    proportional: Annotated[float, Field(description="W/K"), Limits(0, MAX_GAIN)] = 4.0
    integral: Annotated[float, Field(description="W/(K s)"), Limits(0, MAX_GAIN)] = 0.4
    derivative: Annotated[float, Field(description="W s/K"), Limits(0, MAX_GAIN)] = 2.0

    def __post_init__(self) -> None:
        for name in ("proportional", "integral", "derivative"):
            value = getattr(self, name)
            if not 0 <= value <= MAX_GAIN:  # NaN too
                raise OutOfRangeError(
                    f"the {name} gain is {value:g}; allowed are 0 to {MAX_GAIN:g}",
                    field=name, given=value, limit=MAX_GAIN if value > MAX_GAIN else 0.0, allowed=[0.0, MAX_GAIN],
                )  # fmt: skip


class Pid:
    """One running controller.

    Args:
        gains: Its gains.
        low: Least output, W.
        high: Greatest output, W, more than `low`.
        measured: The temperature now, K.
        output: The output now, W; the first step gives the same, if the set point is the temperature now.
        filter_s: Time constant of the filter of the derivative, s; 0 for none.

    Raises:
        OutOfRangeError: The limits leave no room.
    """

    def __init__(
        self, gains: Gains, low: float, high: float, *, measured: float, output: float, filter_s: float = 2.0
    ) -> None:  # fmt: skip
        if not low < high:
            raise OutOfRangeError(f"the output's limits {low:g} to {high:g} W leave no room", given=low, limit=high)
        self._gains = gains
        self._low = low
        self._high = high
        self._filter_s = filter_s
        self._measured = measured
        self._slope = 0.0
        self._error = 0.0
        self._sum = self._clamped(output)

    @property
    def gains(self) -> Gains:
        """The gains now."""
        return self._gains

    def retune(self, gains: Gains) -> None:
        """Go on with other gains; the output does not jump."""
        before, self._gains = self._gains, gains
        self._sum += (before.proportional - gains.proportional) * self._error
        self._sum -= (before.derivative - gains.derivative) * self._slope

    def step(self, setpoint: float, measured: float, seconds: float) -> float:
        """Return the power, W, from a new temperature.

        Args:
            setpoint: Where the temperature shall be, K.
            measured: The temperature, K.
            seconds: Time since the step before, s; 0 or less takes the temperature and no time.
        """
        if seconds > 0:
            slope = (measured - self._measured) / seconds
            self._slope += (slope - self._slope) * seconds / (seconds + self._filter_s)
            self._measured = measured
        self._error = error = setpoint - measured
        base = self._gains.proportional * error - self._gains.derivative * self._slope
        grown = self._sum + self._gains.integral * error * max(0.0, seconds)
        # The integral grows as far as the output has room, and never back from where it is.
        if error > 0:
            self._sum = max(self._sum, min(grown, self._high - base))
        else:
            self._sum = min(self._sum, max(grown, self._low - base))
        return self._clamped(base + self._sum)

    def _clamped(self, output: float) -> float:
        return min(self._high, max(self._low, output))
