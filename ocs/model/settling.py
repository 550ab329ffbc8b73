"""When a value has followed its set point: near enough, for long enough."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class Settling:
    """The rule of one channel and how far it has come.

    Args:
        tolerance: How near to the set point is near enough, in the channel's unit, inclusive.
        dwell_s: How long the value must stay there, in s; 0 for not at all.
    """

    def __init__(self, tolerance: float, dwell_s: float) -> None:
        self._tolerance = tolerance
        self._dwell_s = dwell_s
        self._written = -math.inf
        self._inside_since: float | None = None
        self._setpoint: Any = None

    def wrote(self, seconds: float) -> None:
        """Take note that a set point was written at `seconds` of the monotonic clock: all begins again."""
        self._written = seconds
        self._inside_since = None

    def take(self, value: Any, setpoint: Any, seconds: float) -> bool:
        """Take a reading and return whether the value has settled.

        It has not while there is no value or no set point, when it is NaN, and when it was read before the last write;
        an array has when all its elements are near enough.

        Args:
            value: The value, a number or an array of them.
            setpoint: The set point, of the same shape.
            seconds: When it was read, on the monotonic clock.
        """
        if self._differs(setpoint):
            self._inside_since = None
        self._setpoint = setpoint
        if seconds < self._written or not self._near(value, setpoint):
            self._inside_since = None
            return False
        if self._inside_since is None:
            self._inside_since = seconds
        return seconds - self._inside_since >= self._dwell_s

    def _differs(self, setpoint: Any) -> bool:
        return setpoint is not self._setpoint and not np.array_equal(setpoint, self._setpoint)

    def _near(self, value: Any, setpoint: Any) -> bool:
        if value is None or setpoint is None:
            return False
        if not isinstance(value, np.ndarray):
            return bool(abs(value - setpoint) <= self._tolerance)
        if value.shape != np.shape(setpoint):
            return False
        return bool((np.abs(np.subtract(value, setpoint, dtype=np.float64)) <= self._tolerance).all())
