"""A channel's reading, and what became of a write, as a client sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ocs.client.requests import prefixed
from ocs.model.errors import OcsError
from ocs.model.quality import Quality
from ocs.model.reading import Clock
from ocs.wire.channels import decode_told, decode_written

LONGEST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """A channel at one moment.

    Attributes:
        value: In `unit`; a number, truth value, text, bytes, label of an enum, NumPy array, list or map. None when
            there is none.
        quality: What the value is worth.
        time: The sample's instant, POSIX s, UTC.
        age_s: How old it was in s when the agent answered; 0 in events.
        setpoint: What was last asked for; None for a channel that cannot be written.
        clock: Whose clock `time` is of.
        error: Why there is no value.
        settled: Whether the value has followed the set point; None for a channel without a rule for that.
        unit: Unit of value and set point.
    """

    value: Any
    quality: Quality
    time: float
    age_s: float = 0.0
    setpoint: Any = None
    clock: Clock = Clock.HOST
    error: OcsError | None = None
    settled: bool | None = None
    unit: str = ""

    @property
    def failed(self) -> bool:
        """Whether reading did not succeed."""
        return self.error is not None

    @property
    def shown(self) -> str:
        """The value with its unit, for people; without one, why."""
        if self.value is None:
            return "no value" if self.error is None else f"no value: {self.error}"
        return with_unit(self.value, self.unit)

    def __str__(self) -> str:
        return f"{self.shown} ({self.quality.value}, {self.age_s:.1f} s old)"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of writing one channel.

    Attributes:
        setpoint: What the device was given; None when it was refused.
        reading: What was read back, where that was asked for.
        error: Why it was refused or failed.
    """

    setpoint: Any = None
    reading: Reading | None = None
    error: OcsError | None = None


def reading_of(encoded: Mapping[str, Any], unit: str, channel: str) -> Reading:
    """Return the reading in a map.

    Args:
        encoded: The map.
        unit: Unit of the channel.
        channel: Device and channel, which an error then begins with.
    """
    told = decode_told(encoded)
    error = None if told.error is None else prefixed(told.error, channel)
    return Reading(
        told.value, told.quality, told.time, told.age_s, told.setpoint, told.clock, error, told.settled, unit
    )


def written_of(encoded: Mapping[str, Any], unit: str, channel: str) -> Written:
    """Return what became of writing a channel; arguments as of `reading_of`."""
    told, back = decode_written(encoded), encoded.get("reading")
    return Written(
        setpoint=told.setpoint,
        reading=reading_of(back, unit, channel) if back else None,
        error=None if told.error is None else prefixed(told.error, channel),
    )


def with_unit(value: Any, unit: str) -> str:
    """Return a value with its unit in a few words: six digits of a number, of an array its size."""
    if isinstance(value, float):
        text = f"{value:.6g}"
    elif isinstance(value, np.ndarray) and value.size > LONGEST_SHOWN:
        text = f"{' x '.join(map(str, value.shape))} values"
    elif isinstance(value, np.ndarray):
        text = str(value.tolist())
    else:
        text = str(value)
    return f"{text} {unit}".rstrip()
