"""Readings, results of writing, and the events of channels, as maps and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ocs.model.errors import OcsError
from ocs.model.quality import Quality
from ocs.model.reading import Clock, Reading
from ocs.wire.replies import decode_error, encode_error
from ocs.wire.values import decode_value, encode_value, special


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


def encode_reading(reading: Reading, seconds: float, *, columns: bool = False) -> dict[str, Any]:
    """Return a reading as a map.

    Args:
        reading: The reading.
        seconds: The agent's monotonic clock now, from which the age is counted.
        columns: Whether arrays go as bytes.
    """
    encoded = {**_essence(reading, columns=columns), "age_s": round(max(0.0, seconds - reading.taken), 6)}
    if reading.clock is not Clock.HOST:
        encoded["clock"] = reading.clock.value
    return encoded


def encode_event(reading: Reading, *, seq: int, epoch: int, reason: str, columns: bool = True) -> dict[str, Any]:
    """Return the payload of an event with a reading: value, quality, time, and which event of its topic it is."""
    return {**_essence(reading, columns=columns), "seq": seq, "epoch": epoch, "reason": reason}


def _essence(reading: Reading, *, columns: bool) -> dict[str, Any]:
    value = reading.value
    encoded: dict[str, Any] = {
        "value": encode_value(value, columns=columns), "quality": reading.quality.value, "time": reading.time
    }  # fmt: skip
    word = special(value)
    if word is not None:
        encoded["special"] = word
    if isinstance(value, np.ndarray):
        encoded["dims"] = list(reversed(value.shape)) if value.ndim > 1 else [len(value), 0]
    if reading.setpoint is not None:
        encoded["setpoint"] = encode_value(reading.setpoint, columns=columns)
    if reading.settled is not None:
        encoded["settled"] = reading.settled
    if reading.error is not None:
        encoded["error"] = encode_error(reading.error)
    return encoded


def decode_reading(encoded: Mapping[str, Any]) -> Reading:
    """Return the reading in a map; `taken` is minus its age, so that an age can be counted on by any clock."""
    told = encoded.get("error")
    return Reading(
        value=decode_value(encoded.get("value"), encoded.get("special")),
        quality=Quality(encoded.get("quality", Quality.INVALID.value)),
        time=float(encoded.get("time") or 0.0),
        taken=-float(encoded.get("age_s", 0.0)),
        setpoint=decode_value(encoded.get("setpoint")),
        clock=Clock(encoded.get("clock", Clock.HOST.value)),
        error=decode_error(told) if told else None,
        settled=encoded.get("settled"),
    )


def encode_written(written: Written, seconds: float) -> dict[str, Any]:
    """Return what became of writing a channel as a map."""
    encoded: dict[str, Any] = {}
    if written.error is not None:
        encoded["error"] = encode_error(written.error)
    else:
        encoded["setpoint"] = encode_value(written.setpoint, columns=True)
    if written.reading is not None:
        encoded["reading"] = encode_reading(written.reading, seconds, columns=True)
    return encoded


def decode_written(encoded: Mapping[str, Any]) -> Written:
    """Return what became of writing a channel."""
    told, back = encoded.get("error"), encoded.get("reading")
    return Written(
        setpoint=decode_value(encoded.get("setpoint")),
        reading=decode_reading(back) if back else None,
        error=decode_error(told) if told else None,
    )
