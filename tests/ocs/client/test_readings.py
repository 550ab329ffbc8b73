"""Readings as clients see and print them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ocs.client.readings import Reading, reading_of, with_unit, written_of
from ocs.model.errors import LinkLostError, OutOfRangeError
from ocs.model.quality import Quality
from ocs.model.reading import Clock

ENCODED = {"value": 4.2125, "quality": "VALID", "time": 5.0, "age_s": 0.31, "setpoint": 4.0, "settled": True}
FAILED = {
    "value": None, "quality": "INVALID", "time": 5.0, "age_s": 0.0,
    "error": {"code": "link_lost", "message": "the sensor does not answer"},
}  # fmt: skip


def test_a_reading_prints_value_unit_quality_and_age() -> None:
    assert str(reading_of(ENCODED, "K", "oven.temperature")) == "4.2125 K (VALID, 0.3 s old)"


def test_a_reading_has_what_the_agent_told() -> None:
    reading = reading_of(ENCODED | {"clock": "device"}, "K", "oven.temperature")

    assert reading == Reading(4.2125, Quality.VALID, 5.0, 0.31, 4.0, Clock.DEVICE, None, True, "K")


def test_a_failed_reading_says_why_and_names_its_channel() -> None:
    reading = reading_of(FAILED, "K", "oven.temperature")

    assert reading.failed
    assert isinstance(reading.error, LinkLostError)
    assert str(reading) == "no value: oven.temperature: the sensor does not answer (INVALID, 0.0 s old)"


@pytest.mark.parametrize(("word", "value"), [("inf", math.inf), ("-inf", -math.inf)])
def test_infinities_come_as_what_they_were(word: str, value: float) -> None:
    assert reading_of(ENCODED | {"value": None, "special": word}, "", "oven.x").value == value


def test_nan_comes_as_nan() -> None:
    assert math.isnan(reading_of(ENCODED | {"value": None, "special": "nan"}, "", "oven.x").value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (4.2, "4.2 K"),
        (1 / 3, "0.333333 K"),
        (7, "7 K"),
        (True, "True K"),
        ("FAST", "FAST K"),
        (np.array([1.0, 2.0]), "[1.0, 2.0] K"),
        (np.zeros(100), "100 values K"),
        (np.zeros((3, 4)), "3 x 4 values K"),
    ],
)
def test_a_value_is_shown_in_a_few_words(value: Any, shown: str) -> None:
    assert with_unit(value, "K") == shown


def test_a_refused_write_has_its_error_with_limit_and_channel() -> None:
    told = {"error": {"code": "out_of_range", "message": "it must be at most 400 K", "limit": 400.0}}

    written = written_of(told, "K", "oven.setpoint")

    assert isinstance(written.error, OutOfRangeError)
    assert (written.error.message, written.error.limit) == ("oven.setpoint: it must be at most 400 K", 400.0)


def test_a_write_with_readback_has_both() -> None:
    written = written_of({"setpoint": 4.0, "reading": ENCODED}, "K", "oven.setpoint")

    assert written.setpoint == 4.0
    assert written.reading is not None
    assert (written.reading.value, written.reading.unit) == (4.2125, "K")
