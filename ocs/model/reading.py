"""One reading of a channel: value and set point, what they are worth, and when they were true."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ocs.model.errors import OcsError
from ocs.model.quality import Quality


class Clock(Enum):
    """Whose clock stamped a reading."""

    HOST = "host"
    DEVICE = "device"
    UNSYNCHRONISED = "unsynchronised"


@dataclass(frozen=True, slots=True)
class Reading:
    """A channel at one moment.

    Attributes:
        value: In the channel's unit; a number, truth value, text, bytes, label of an enum, NumPy array or map.
            None when there is none.
        setpoint: What was last asked for; None for a channel that cannot be written.
        quality: What the value is worth.
        time: The sample's instant, POSIX s, UTC.
        taken: When the agent had it, in s of its monotonic clock; ages are counted from here.
        clock: Whose clock `time` is of.
        error: Why there is no value.
        settled: Whether the value has followed the set point, for channels with a rule for that; None without.
        set_by_code: Whether the device's code chose the quality, which limits then do not override.
    """

    value: Any
    quality: Quality
    time: float
    taken: float = 0.0
    setpoint: Any = None
    clock: Clock = Clock.HOST
    error: OcsError | None = None
    settled: bool | None = None
    set_by_code: bool = False

    @property
    def failed(self) -> bool:
        """Whether reading did not succeed."""
        return self.error is not None
