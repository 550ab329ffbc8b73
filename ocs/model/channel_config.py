"""What may be changed of a channel while its agent runs, key by key: texts, limits, thresholds and periods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ocs.model.valuetype import ValueType

Pair = tuple[float, float]
"""(down, up): how far a value must fall or rise, both positive; infinity is never."""

FASTEST_POLL_S = 0.005
"""Shortest polling period in s (Tango, polling: 5 ms)."""


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """What holds for a channel now.

    Attributes:
        label: Name for people.
        description: What the channel is.
        unit: Unit of the value.
        standard_unit: Free text; nothing is computed with it.
        display_unit: Free text; nothing is computed with it.
        format: How displays print the value, printf style.
        min_value: Smallest value that may be written.
        max_value: Largest value that may be written.
        min_alarm: At or below it the quality is ALARM.
        max_alarm: At or above it the quality is ALARM.
        min_warning: At or below it the quality is WARNING.
        max_warning: At or above it the quality is WARNING.
        delta_val: Read this far from the set point, or farther, the quality is ALARM; needs delta_t_s.
        delta_t_s: Time in s that the value may take to follow the set point.
        abs_change: Change of value, in its unit, that sends a change event: (down, up).
        rel_change: Change in per cent of the last value sent that sends a change event: (down, up).
        archive_abs_change: As abs_change, for archive events.
        archive_rel_change: As rel_change, for archive events.
        archive_period_s: An archive event is sent at least this often, in s.
        event_period_s: Time in s between periodic events.
        enum_labels: Texts of an enum's values, in order.
        poll_period_s: The channel is read by itself this often, in s.
        stale_after_s: A value older than this, in s, is stale.
        settle_tolerance: The value has followed the set point when it stays this near, in its unit.
        settle_dwell_s: For how long it must stay there, in s.
    """

    label: str
    description: str = ""
    unit: str = ""
    standard_unit: str = ""
    display_unit: str = ""
    format: str = "%s"
    min_value: float | None = None
    max_value: float | None = None
    min_alarm: float | None = None
    max_alarm: float | None = None
    min_warning: float | None = None
    max_warning: float | None = None
    delta_val: float | None = None
    delta_t_s: float | None = None
    abs_change: Pair | None = None
    rel_change: Pair | None = None
    archive_abs_change: Pair | None = None
    archive_rel_change: Pair | None = None
    archive_period_s: float | None = None
    event_period_s: float = 1.0
    enum_labels: tuple[str, ...] = ()
    poll_period_s: float | None = None
    stale_after_s: float | None = None
    settle_tolerance: float | None = None
    settle_dwell_s: float = 0.0


class ConfigSource(Enum):
    """Where a key's value comes from; a later source wins over an earlier one (Tango, attribute properties)."""

    LIBRARY = "library"
    CODE = "code"
    CLASS = "class"
    DEVICE = "device"


CONFIG_KEYS: dict[str, str] = {
    "label": "Name of the channel for people.",
    "description": "What the channel is.",
    "unit": "Unit of its value.",
    "standard_unit": "Text about the unit that standards use; nothing is computed with it.",
    "display_unit": "Text about the unit that displays use; nothing is computed with it.",
    "format": "How displays print the value, printf style.",
    "min_value": "Smallest value that may be written.",
    "max_value": "Largest value that may be written.",
    "min_alarm": "At or below it the quality is ALARM.",
    "max_alarm": "At or above it the quality is ALARM.",
    "min_warning": "At or below it the quality is WARNING.",
    "max_warning": "At or above it the quality is WARNING.",
    "delta_val": "Read so far from the set point the quality is ALARM, once delta_t_s has passed since the write.",
    "delta_t_s": "Time in s that the value may take to follow the set point; goes with delta_val.",
    "abs_change": "Change of the value, or (down, up), that sends a change event.",
    "rel_change": "Change in per cent of the last value sent, or (down, up), that sends a change event.",
    "archive_abs_change": "Change of the value, or (down, up), that sends an archive event.",
    "archive_rel_change": "Change in per cent of the last value sent, or (down, up), that sends an archive event.",
    "archive_period_s": "An archive event is sent at least so often, in s.",
    "event_period_s": "Time in s between periodic events.",
    "enum_labels": "Texts of the enum's values, in order.",
    "poll_period_s": "The channel is read by itself each so many seconds.",
    "stale_after_s": "A value older than so many seconds is stale.",
    "settle_tolerance": "The value has followed the set point when it stays so near.",
    "settle_dwell_s": "How long it must stay there, in s.",
}
"""What each key means, in one sentence."""


def library_config(name: str, value_type: ValueType) -> ChannelConfig:
    """Return what holds for the channel `name` when nobody says anything: Tango's library defaults."""
    number = "%d" if value_type.dtype.integer else "%6.2f"
    return ChannelConfig(
        label=name,
        format=number if value_type.dtype.numeric else "%s",
        enum_labels=value_type.labels,
    )


def plain_setting(value: Any) -> Any:
    """Return the value of a key as JSON carries it: pairs and labels as lists, a threshold of infinity as null."""
    if isinstance(value, tuple):
        return [None if part == math.inf else part for part in value]
    return value
