"""Readings, writes and events of channels, as maps and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import DeviceError, OutOfRangeError
from ocs.model.quality import Quality
from ocs.model.reading import Clock, Reading
from ocs.wire.channels import (
    Written,
    decode_reading,
    decode_told,
    decode_written,
    encode_event,
    encode_reading,
    encode_written,
)

VALUES = st.one_of(st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(), st.binary())
READINGS = st.builds(
    Reading, VALUES, st.sampled_from(Quality), st.floats(0, 2e9), st.just(10.0), st.none() | st.integers(0, 9),
    st.sampled_from(Clock), st.none(), st.none() | st.booleans(),
)  # fmt: skip


def same(value: Any, other: Any) -> bool:
    return value == other or (isinstance(value, float) and math.isnan(value) and math.isnan(other))


@given(reading=READINGS)
def test_a_reading_comes_back_as_it_was(reading: Reading) -> None:
    back = decode_reading(encode_reading(reading, 12.5))

    assert same(back.value, reading.value) or isinstance(reading.value, str)
    assert (back.quality, back.time, back.clock) == (reading.quality, reading.time, reading.clock)
    assert (back.setpoint, back.settled, back.taken) == (reading.setpoint, reading.settled, -2.5)


def test_a_plain_reading_says_no_more_than_it_must() -> None:
    told = encode_reading(Reading(4.2, Quality.VALID, 1000.0, taken=5.0), 7.0)

    assert told == {"value": 4.2, "quality": "VALID", "time": 1000.0, "age_s": 2.0}


def test_a_reading_from_the_future_has_no_negative_age() -> None:
    assert encode_reading(Reading(4.2, Quality.VALID, 1000.0, taken=5.0), 4.0)["age_s"] == 0.0


@pytest.mark.parametrize(
    ("value", "dims"),
    [
        (np.zeros(3), [3, 0]),
        (np.zeros(0), [0, 0]),
        (np.zeros((2, 3)), [3, 2]),
        (["a", "b"], [2, 0]),
        ([["a", "b", "c"], ["d", "e", "f"]], [3, 2]),
        ([], [0, 0]),
    ],
)
def test_arrays_tell_columns_and_then_rows(value: Any, dims: list[int]) -> None:
    for told in (
        encode_reading(Reading(value, Quality.VALID, 1000.0), 0.0, columns=True),
        encode_event(Reading(value, Quality.VALID, 1000.0), seq=1, epoch=2, reason="value"),
    ):
        assert told["dims"] == dims


def test_an_array_comes_back_from_either_form() -> None:
    reading = Reading(np.array([[1, 2], [3, 4]], dtype=np.uint16), Quality.VALID, 1000.0)

    columns = decode_reading(encode_reading(reading, 0.0, columns=True))
    lists = decode_reading(encode_reading(reading, 0.0))

    np.testing.assert_array_equal(columns.value, reading.value)
    assert columns.value.dtype == np.uint16
    assert lists.value == [[1, 2], [3, 4]]


def test_a_failed_reading_carries_its_error() -> None:
    error = DeviceError("no answer; switch it on", field="temperature")

    back = decode_reading(encode_reading(Reading(None, Quality.INVALID, 1000.0, error=error), 0.0))

    assert isinstance(back.error, DeviceError)
    assert (back.error.message, back.error.field, back.value) == (error.message, "temperature", None)
    assert back.failed


def test_a_text_that_no_peer_can_read_is_made_readable() -> None:
    told = encode_reading(Reading("a\ud800", Quality.VALID, 1000.0, setpoint="\0b"), 0.0)

    assert (told["value"], told["setpoint"]) == ("a?", "?b")


def test_an_event_tells_which_of_its_topic_it_is_and_why() -> None:
    told = encode_event(
        Reading(4.2, Quality.WARNING, 1000.0, setpoint=4.0, settled=False), seq=3, epoch=77, reason="quality"
    )

    assert told == {
        "value": 4.2, "quality": "WARNING", "time": 1000.0, "setpoint": 4.0, "settled": False,
        "seq": 3, "epoch": 77, "reason": "quality",
    }  # fmt: skip


def test_what_a_later_version_says_is_taken_as_far_as_it_goes() -> None:
    told = decode_told({"value": 3, "quality": "DUBIOUS", "time": None, "clock": "gps", "more": 1})

    assert (told.value, told.quality, told.time, told.clock) == (3, Quality.INVALID, 0.0, Clock.HOST)


@pytest.mark.parametrize(
    "written",
    [
        Written(setpoint=4.0),
        Written(setpoint="fast", reading=Reading("fast", Quality.VALID, 1000.0, setpoint="fast")),
        Written(error=OutOfRangeError("setpoint is 5; it must be at most 4", field="setpoint", given=5.0, limit=4.0)),
    ],
)
def test_what_became_of_a_write_comes_back(written: Written) -> None:
    back = decode_written(encode_written(written, 0.0))

    assert back.setpoint == written.setpoint
    assert (back.reading is None) == (written.reading is None)
    if written.reading is not None and back.reading is not None:
        assert (back.reading.value, back.reading.setpoint) == ("fast", "fast")
    assert type(back.error) is type(written.error)
    if back.error is not None and written.error is not None:
        assert (back.error.message, back.error.limit) == (written.error.message, 4.0)


def test_an_array_that_was_written_comes_back_as_one() -> None:
    back = decode_written(encode_written(Written(setpoint=np.array([1.5, 2.5])), 0.0))

    np.testing.assert_array_equal(back.setpoint, [1.5, 2.5])
