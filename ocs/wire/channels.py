"""Readings, results of writing, and the events of channels, as maps and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ocs.model.errors import OcsError
from ocs.model.quality import Quality
from ocs.model.reading import Clock, Reading
from ocs.wire.replies import decode_error, encode_error
from ocs.wire.values import decode_value, encode_value, special

_QUALITIES: dict[Any, Quality] = {quality.value: quality for quality in Quality}
_WITH_TEXT = frozenset({str, list, dict})
_CLOCKS: dict[Any, Clock] = {clock.value: clock for clock in Clock}


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
    encoded: dict[str, Any] = {"value": value, "quality": reading.quality.word, "time": reading.time}
    if isinstance(value, np.ndarray):
        encoded["value"] = encode_value(value, columns=columns)
        encoded["dims"] = list(reversed(value.shape)) if value.ndim > 1 else [len(value), 0]
    elif type(value) is float and not math.isfinite(value):
        encoded["value"], encoded["special"] = None, special(value)
    elif type(value) in _WITH_TEXT:
        encoded["value"] = encode_value(value, columns=columns)
        if type(value) is list:
            rows = bool(value) and isinstance(value[0], list)
            encoded["dims"] = [len(value[0]), len(value)] if rows else [len(value), 0]
    if reading.setpoint is not None:
        encoded["setpoint"] = encode_value(reading.setpoint, columns=columns)
    if reading.settled is not None:
        encoded["settled"] = reading.settled
    if reading.error is not None:
        encoded["error"] = encode_error(reading.error)
    return encoded


class Told(NamedTuple):
    """What a map says of a reading; `age_s` is its age in s when it was encoded."""

    value: Any
    quality: Quality
    time: float
    age_s: float
    setpoint: Any
    clock: Clock
    error: OcsError | None
    settled: bool | None


def decode_told(encoded: Mapping[str, Any]) -> Told:
    """Return what a map says of a reading; a quality of a later version is INVALID here."""
    said = encoded.get
    value, setpoint, error, word = said("value"), said("setpoint"), said("error"), said("special")
    if word is not None or type(value) is dict:
        value = decode_value(value, word)
    return Told(
        value,
        _QUALITIES.get(said("quality"), Quality.INVALID),
        said("time") or 0.0,
        said("age_s") or 0.0,
        decode_value(setpoint) if type(setpoint) is dict else setpoint,
        _CLOCKS.get(said("clock"), Clock.HOST),
        decode_error(error) if error else None,
        said("settled"),
    )


def decode_reading(encoded: Mapping[str, Any]) -> Reading:
    """Return the reading in a map; `taken` is minus its age, so that an age can be counted on by any clock."""
    told = decode_told(encoded)
    return Reading(
        told.value, told.quality, told.time, -told.age_s, told.setpoint, told.clock, told.error, told.settled
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
