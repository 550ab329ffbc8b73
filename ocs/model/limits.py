"""What a channel's limits say: which values may be written, and what a value that was read is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ocs.model.channel_config import ChannelConfig
from ocs.model.datatype import Format
from ocs.model.errors import OutOfRangeError
from ocs.model.quality import Quality
from ocs.model.valuetype import ValueType, refuse_nan

_VALID = (Quality.VALID, "")
_ALARMS = ((Quality.ALARM, "max_alarm"), (Quality.ALARM, "min_alarm"))
_WARNINGS = ((Quality.WARNING, "max_warning"), (Quality.WARNING, "min_warning"))


def check_write(value: Any, config: ChannelConfig, type: ValueType, name: str) -> None:  # noqa: A002
    """Refuse a value that the channel `name` may not be set to; the limits themselves are allowed.

    Args:
        value: As `ValueType.check` returned it; of an array every element counts.
        config: What holds for the channel.
        type: Its type; only numbers have limits.
        name: Its name.

    Raises:
        OutOfRangeError: It is beyond min_value or max_value, NaN or an infinity.
    """
    refuse_nan(value, name)
    low, high = config.min_value, config.max_value
    if (low is None and high is None) or not type.dtype.numeric:
        return
    if high is not None and (place := _crossed(value, lambda number: number > high)) is not None:
        raise _beyond(value, place, high, config, name)
    if low is not None and (place := _crossed(value, lambda number: number < low)) is not None:
        raise _beyond(value, place, low, config, name)


def _beyond(value: Any, place: Place, limit: float, config: ChannelConfig, name: str) -> OutOfRangeError:
    low, high, unit = config.min_value, config.max_value, config.unit
    words = "at most" if limit == high else "at least"
    between = "" if low is None or high is None else f" (allowed: {_amount(low)} to {_amount(high, unit)})"
    number, where = _at(value, place)
    bound = _amount(limit, unit)
    return OutOfRangeError(
        f"{name}{where} is {_amount(number, unit)}; it must be {words} {bound}{between}; "
        f"the nearest allowed value is {bound}",
        field=name, given=number, limit=limit, allowed=[low, high],
    )  # fmt: skip


def quality_of(
    value: Any,
    setpoint: Any,
    since_write_s: float | None,
    config: ChannelConfig,
    type: ValueType,  # noqa: A002
) -> tuple[Quality, str]:
    """Return what a value is worth, and why in one sentence for operators, empty when it is VALID.

    Limits are inclusive, any element of an array counts, an alarm comes before a warning, and NaN crosses nothing
    (Tango, attribute alarms).

    Args:
        value: As `ValueType.check` returned it.
        setpoint: What was last asked for; None for nothing.
        since_write_s: Time in s since it was asked for; None for never.
        config: What holds for the channel; its label names it in the sentence.
        type: Its type; only numbers have limits.
    """
    if (
        config.max_alarm is None
        and config.min_alarm is None
        and config.max_warning is None
        and config.min_warning is None
        and config.delta_val is None
    ):
        return _VALID
    if value is None or not type.dtype.numeric or (type.format is Format.SCALAR and _well_inside(value, config)):
        return _VALID
    sentence = _astray(value, setpoint, since_write_s, config)
    levels = (*_ALARMS, *_WARNINGS) if not sentence else _ALARMS
    for quality, key in levels:
        limit = getattr(config, key)
        if limit is not None and (place := _crossed(value, _reaching(key, limit))) is not None:
            number, where = _at(value, place)
            side = "above" if key.startswith("max") else "below"
            return quality, (
                f"{config.label}{where} is {_amount(number, config.unit)}, "
                f"at or {side} its {key} {_amount(limit, config.unit)}"
            )
    return (Quality.ALARM, sentence) if sentence else _VALID


def _well_inside(value: float, config: ChannelConfig) -> bool:
    """Whether a single number crosses no limit for sure: the quick answer of almost every poll."""
    return (
        (config.max_alarm is None or value < config.max_alarm)
        and (config.min_alarm is None or value > config.min_alarm)
        and (config.max_warning is None or value < config.max_warning)
        and (config.min_warning is None or value > config.min_warning)
        and config.delta_val is None
    )


def _reaching(key: str, limit: float) -> Callable[[Any], Any]:
    return (lambda number: number >= limit) if key.startswith("max") else (lambda number: number <= limit)


def _astray(value: Any, setpoint: Any, since_write_s: float | None, config: ChannelConfig) -> str:
    """Return how the value does not follow the set point; empty if it does, or has time to."""
    delta, delay_s = config.delta_val, config.delta_t_s
    if delta is None or delay_s is None or setpoint is None or since_write_s is None or since_write_s < delay_s:
        return ""
    if np.shape(value) != np.shape(setpoint):
        return ""
    if isinstance(value, np.ndarray):
        away = np.abs(np.subtract(value, setpoint, dtype=np.float64))
    else:
        away = abs(value - setpoint)
    place = _crossed(away, lambda distance: distance >= delta)
    if place is None:
        return ""
    unit = config.unit
    number, where = _at(value, place)
    return (
        f"{config.label}{where} is {_amount(number, unit)}, {_amount(_at(away, place)[0], unit)} from its set point "
        f"{_amount(_at(setpoint, place)[0], unit)} {since_write_s:.3g} s after the write "
        f"(delta_val {_amount(delta, unit)}, delta_t_s {delay_s:g} s)"
    )


Place = tuple[int, ...]
"""Where an element stands in an array; empty for a single value."""


def _crossed(value: Any, crosses: Callable[[Any], Any]) -> Place | None:
    """Return where the first element that crosses a limit stands; None when none does."""
    if not isinstance(value, np.ndarray):
        return () if crosses(value) else None
    crossing = crosses(value)
    if not crossing.any():
        return None
    return tuple(int(index) for index in np.unravel_index(int(crossing.argmax()), crossing.shape))


def _at(value: Any, place: Place) -> tuple[float, str]:
    """Return the number at a place, and the place as people write it."""
    number = value[place].item() if place else value
    return number, "".join(f"[{index}]" for index in place)


def _amount(number: float, unit: str = "") -> str:
    digits = str(number) if isinstance(number, int) else f"{number:.10g}"
    return f"{digits} {unit}" if unit else digits
