"""Which readings of a channel are worth an event: thresholds against the last event, as Tango has them.

The threshold itself is included; up to the rounding of binary fractions, so that 20.1 to 20.2 is a change of 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ocs.model.channel_config import Pair
from ocs.model.errors import OcsError
from ocs.model.event import Reason
from ocs.model.reading import Reading

_ROUNDING = 2.0**-52
"""Part of two numbers' sizes by which their difference may be wrong because neither is exact."""

_FROM_ZERO = 100.0
"""Change in per cent of any value from 0 (cppTango, change detection)."""


class ChangeFilter:
    """The thresholds of one channel and one kind of event, and the last reading that was sent.

    Args:
        abs_change: (down, up) in the channel's unit; infinity never fires, 0 fires at every change; None for none.
        rel_change: (down, up) in per cent of the last value sent; as above.
        numeric: Whether the values are numbers. Others, and every change of numbers if this is False, count when
            they differ; numbers without any threshold never do.
    """

    def __init__(self, abs_change: Pair | None, rel_change: Pair | None, numeric: bool) -> None:  # noqa: FBT001
        self._abs_down, self._abs_up = _limits(abs_change)
        self._rel_down, self._rel_up = _limits(rel_change)
        self._relative = rel_change is not None
        self._changed: Callable[[Any, Any], bool] = _differ
        if numeric:
            self._changed = self._moved if abs_change is not None or rel_change is not None else _never
        self._last: Reading | None = None

    def due(self, reading: Reading) -> Reason | None:
        """Return why an event with this reading should go out; None when it should not."""
        last = self._last
        if last is None:
            return Reason.FIRST
        if reading.error is not None:
            return None if last.error is not None and _alike(reading.error, last.error) else Reason.FAILING
        if last.error is not None:
            return Reason.RECOVERED
        if reading.quality is not last.quality:
            return Reason.QUALITY
        value, old = reading.value, last.value
        if isinstance(value, (np.ndarray, list)) and _shape(value) != _shape(old):
            return Reason.SIZE
        return Reason.VALUE if self._changed(value, old) else None

    def sent(self, reading: Reading) -> None:
        """Take note that an event with this reading went out, whatever the reason: changes count from here."""
        self._last = reading

    def _moved(self, value: Any, old: Any) -> bool:
        if isinstance(value, np.ndarray):
            return self._any_moved(value, old)
        if value is None or old is None or value != value or old != old:  # noqa: PLR0124 - NaN
            return not _same(value, old)
        return value != old and self._one_moved(value, old)

    def _one_moved(self, value: float, old: float) -> bool:
        rise = value - old
        slack = _ROUNDING * (abs(value) + abs(old))
        exact = slack if isinstance(rise, float) else 0
        if rise + exact >= self._abs_up or exact - rise >= self._abs_down:
            return True
        if not self._relative:
            return False
        if old == 0:
            return (self._rel_up if rise > 0 else self._rel_down) <= _FROM_ZERO
        base = abs(old) / 100
        return rise + slack >= self._rel_up * base or slack - rise >= self._rel_down * base

    def _any_moved(self, value: np.ndarray[Any, Any], old: np.ndarray[Any, Any]) -> bool:
        new, last = _wide(value), _wide(old)
        if (np.isnan(new) != np.isnan(last)).any():
            return True
        with np.errstate(invalid="ignore", over="ignore"):
            rise, base = new - last, np.abs(last)
            slack = _ROUNDING * (np.abs(new) + base)
            up, down = rise + slack, slack - rise
            moved = (up >= self._abs_up) | (down >= self._abs_down)
            if self._relative:
                zero = base == 0
                moved |= ~zero & ((up >= self._rel_up * (base / 100)) | (down >= self._rel_down * (base / 100)))
                moved |= zero & np.where(rise > 0, self._rel_up <= _FROM_ZERO, self._rel_down <= _FROM_ZERO)
        return bool((moved & (new != last)).any())


def _wide(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(np.float64, copy=False)  # the difference of whole numbers of some width would wrap around


def _limits(pair: Pair | None) -> Pair:
    """Return the thresholds with NaN for never: no comparison with NaN is true, not even of an infinite change."""
    down, up = pair or (math.inf, math.inf)
    return (math.nan if math.isinf(down) else abs(down)), (math.nan if math.isinf(up) else abs(up))


def _never(_value: Any, _old: Any) -> bool:
    return False


def _differ(value: Any, old: Any) -> bool:
    return not _same(value, old)


def _alike(error: OcsError, other: OcsError) -> bool:
    return error.code is other.code and error.message == other.message


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, np.ndarray):
        shape: tuple[int, ...] = value.shape
        return shape
    if not isinstance(value, list):
        return ()
    return (len(value), len(value[0])) if value and isinstance(value[0], list) else (len(value),)


def _same(value: Any, old: Any) -> bool:
    """Whether two values are equal, NaN being equal to NaN wherever it stands."""
    if isinstance(value, np.ndarray) or isinstance(old, np.ndarray):
        floating = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        return type(value) is type(old) and np.array_equal(value, old, equal_nan=floating)
    if value == old:
        return True
    if isinstance(value, float) and isinstance(old, float):
        return value != value and old != old  # noqa: PLR0124 - NaN
    if isinstance(value, dict) and isinstance(old, dict):
        return value.keys() == old.keys() and all(_same(part, old[key]) for key, part in value.items())
    if isinstance(value, list) and isinstance(old, list):
        return len(value) == len(old) and all(map(_same, value, old))
    return False
