"""What each configuration key of a channel accepts, and which values do not go together."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ocs.model.channel_config import FASTEST_POLL_S, ChannelConfig, Pair
from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.scalars import shown
from ocs.model.valuetype import ValueType

Rule = Callable[[str, Any, ValueType], Any]
"""Takes key, given value and the channel's type; returns the value as it is kept, or raises ParameterError."""

INCREASING = (("min_value", "max_value"), ("min_alarm", "max_alarm"), ("min_warning", "max_warning"))
"""Pairs of which the first must be below the second (Tango: API_IncoherentValues)."""

_CONVERSION = re.compile(r"(?:[^%]|%%)*%[-+ #0]*\d{0,3}(?:\.\d{0,3})?[diouxXeEfFgGs](?:[^%]|%%)*")
_LONGEST_TEXT = 10_000


def check_setting(key: str, value: Any, value_type: ValueType) -> Any:
    """Return the value of a key of `CONFIG_KEYS` as it is kept in a `ChannelConfig`.

    Args:
        key: The key.
        value: What was given for it; no reset word.
        value_type: Type of the channel.

    Raises:
        ParameterError: The value has the wrong type, or the key makes no sense for the type of the channel.
        OutOfRangeError: The value is out of the key's range.
    """
    return _RULES[key](key, value, value_type)


def check_coherent(config: ChannelConfig, pairs: Iterable[tuple[str, str]] = INCREASING) -> None:
    """Refuse a configuration in which a lower limit does not lie below the upper one.

    Raises:
        OutOfRangeError: It does not; the field is the upper one.
    """
    for lower, upper in pairs:
        low, high = getattr(config, lower), getattr(config, upper)
        if low is not None and high is not None and low >= high:
            raise OutOfRangeError(
                f"{lower} {low:.10g} and {upper} {high:.10g} leave no value; {lower} must be below {upper}",
                field=upper, given=high, limit=low,
            )  # fmt: skip


def _text(key: str, value: Any, _type: ValueType) -> str:
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT:
        return value
    raise ParameterError(
        f"{key} is {shown(value)}; it must be a text of at most {_LONGEST_TEXT} signs", field=key, given=shown(value)
    )


def _format(key: str, value: Any, value_type: ValueType) -> str:
    text = _text(key, value, value_type)
    sample: Any = 1 if value_type.dtype.integer else 1.0 if value_type.dtype.floating else "text"
    try:
        if _CONVERSION.fullmatch(text):
            _ = text % sample
            return text
    except (TypeError, ValueError):
        pass
    raise ParameterError(
        f"{key} is {text!r}, which cannot print {shown(sample)}; use printf style with one value, as %6.2f, %d or %s",
        field=key, given=text,
    )  # fmt: skip


def _number(key: str, value: Any, value_type: ValueType) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ParameterError(
            f"{key} is {shown(value)}; it must be a number, or one of the words Not specified, NaN and the empty text",
            field=key, given=shown(value),
        )  # fmt: skip
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise OutOfRangeError(f"{key} is {shown(value)}; it must be a finite number", field=key, given=shown(value))
    return value if isinstance(value, int) and value_type.dtype.integer else number  # exact, also beyond 2**53


def _of_numbers(rule: Rule) -> Rule:
    """Make the rule of a key that only channels of numbers have."""

    def checked(key: str, value: Any, value_type: ValueType) -> Any:
        if not value_type.dtype.numeric:
            raise ParameterError(
                f"{key} goes with numbers; this channel is of type {value_type.dtype.value}",
                field=key,
                given=shown(value),
            )
        return rule(key, value, value_type)

    return checked


def _at_least(least: float, *, above: bool = False, unit: str = "", reason: str = "") -> Rule:
    """Make the rule of a number that is at least, or else above, `least`."""

    def checked(key: str, value: Any, value_type: ValueType) -> float:
        number = _number(key, value, value_type)
        if number < least or (above and number == least):
            wanted = f"{'above' if above else 'at least'} {least:g}{unit}"
            raise OutOfRangeError(
                f"{key} is {number:g}{unit}; {reason or f'it must be {wanted}'}", field=key, given=number, limit=least
            )
        return number

    return checked


def _pair(key: str, value: Any, value_type: ValueType) -> Pair:
    parts = value if isinstance(value, (list, tuple)) else (value, value)
    if len(parts) != 2:  # noqa: PLR2004 - down and up
        raise ParameterError(
            f"{key} has {len(parts)} numbers; give one, or two for down and up", field=key, given=shown(value)
        )
    down, up = (_threshold(key, part, value_type) for part in parts)
    return down, up


def _threshold(key: str, value: Any, value_type: ValueType) -> float:
    never = value is None or (isinstance(value, float) and math.isinf(value))
    return math.inf if never else abs(_number(key, value, value_type))


def _labels(key: str, value: Any, value_type: ValueType) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ParameterError(f"{key} is {shown(value)}; it must be a list of texts", field=key, given=shown(value))
    return value_type.with_labels(value).labels


_PERIOD = _at_least(0, above=True, unit=" s")
_TIME = _at_least(0, unit=" s")
_POLLING = _at_least(FASTEST_POLL_S, unit=" s", reason=f"the fastest polling is every {FASTEST_POLL_S * 1000:g} ms")

_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("label", "description", "unit", "standard_unit", "display_unit"), _text),
    "format": _format,
    **dict.fromkeys((key for pair in INCREASING for key in pair), _of_numbers(_number)),
    "delta_val": _of_numbers(_at_least(0, above=True)),
    "delta_t_s": _of_numbers(_TIME),
    **dict.fromkeys(("abs_change", "rel_change", "archive_abs_change", "archive_rel_change"), _of_numbers(_pair)),
    "archive_period_s": _PERIOD,
    "event_period_s": _PERIOD,
    "enum_labels": _labels,
    "poll_period_s": _POLLING,
    "stale_after_s": _PERIOD,
    "settle_tolerance": _of_numbers(_at_least(0)),
    "settle_dwell_s": _of_numbers(_TIME),
}
