from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.channel_config import ChannelConfig, library_config
from ocs.model.errors import OutOfRangeError
from ocs.model.limits import check_write, quality_of
from ocs.model.quality import Quality
from ocs.model.valuetype import value_type

FLOAT, INT, TEXT = value_type(float), value_type(int), value_type(str)
TRACE, FRAME = value_type(float, max_x=9), value_type(float, max_x=9, max_y=9)
LEVELS = {"min_alarm": 0.0, "min_warning": 10.0, "max_warning": 350.0, "max_alarm": 380.0}


def config(**limits: Any) -> ChannelConfig:
    return dataclasses.replace(library_config("temperature", FLOAT), unit="K", **limits)


def quality(value: Any, kind: Any = FLOAT, **limits: Any) -> Quality:
    return quality_of(value, None, None, config(**limits), kind)[0]


@pytest.mark.parametrize("value", [0, 400, 200.5])
def test_the_limits_themselves_may_be_written(value: float) -> None:
    check_write(value, config(min_value=0.0, max_value=400.0), FLOAT, "setpoint")


def test_a_refusal_tells_limit_range_and_the_nearest_allowed_value() -> None:
    with pytest.raises(OutOfRangeError) as refused:
        check_write(500.0, config(min_value=0.0, max_value=400.0), FLOAT, "setpoint")

    error = refused.value
    assert error.message == (
        "setpoint is 500 K; it must be at most 400 K (allowed: 0 to 400 K); the nearest allowed value is 400 K"
    )
    assert (error.field, error.given, error.limit, error.allowed) == ("setpoint", 500, 400, [0, 400])


def test_a_refusal_with_one_limit_tells_that() -> None:
    with pytest.raises(OutOfRangeError, match=r"it must be at least 5 K; the nearest allowed value is 5 K"):
        check_write(4, config(min_value=5), INT, "setpoint")


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e6, 0), st.floats(1, 1e6))
def test_a_value_may_be_written_exactly_when_it_lies_between(value: float, low: float, high: float) -> None:
    limits = config(min_value=low, max_value=high)

    if low <= value <= high:
        check_write(value, limits, FLOAT, "setpoint")
    else:
        with pytest.raises(OutOfRangeError) as refused:
            check_write(value, limits, FLOAT, "setpoint")
        check_write(refused.value.limit, limits, FLOAT, "setpoint")


@pytest.mark.parametrize("value", [math.nan, math.inf, np.array([1.0, math.nan])])
def test_nan_is_never_written_limits_or_not(value: Any) -> None:
    with pytest.raises(OutOfRangeError, match="finite number"):
        check_write(value, config(), FLOAT, "setpoint")


def test_the_element_beyond_a_limit_is_named() -> None:
    with pytest.raises(OutOfRangeError, match=r"trace\[2\] is 401 K"):
        check_write(np.array([1.0, 2.0, 401.0]), config(max_value=400.0), TRACE, "trace")
    with pytest.raises(OutOfRangeError, match=r"frame\[1\]\[0\] is -1 K; it must be at least 0 K"):
        check_write(np.array([[1.0, 2.0], [-1.0, 0.0]]), config(min_value=0.0), FRAME, "frame")


@pytest.mark.parametrize(("value", "kind"), [("a", TEXT), ({"a": 1}, value_type(dict)), (np.zeros(0), TRACE)])
def test_what_is_no_number_has_no_limit(value: Any, kind: Any) -> None:
    check_write(value, config(min_value=5.0), kind, "x")

    assert quality(value, kind, **LEVELS) is Quality.VALID


@pytest.mark.parametrize(
    ("value", "worth"),
    [
        (-1, Quality.ALARM), (0, Quality.ALARM), (0.5, Quality.WARNING), (10, Quality.WARNING), (10.1, Quality.VALID),
        (349.9, Quality.VALID), (350, Quality.WARNING), (379.9, Quality.WARNING), (380, Quality.ALARM),
        (math.inf, Quality.ALARM), (math.nan, Quality.VALID),
    ],
)  # fmt: skip
def test_the_bounds_of_alarm_and_warning_are_included_and_the_alarm_wins(value: float, worth: Quality) -> None:
    assert quality(value, **LEVELS) is worth


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_an_alarm_wins_over_a_warning_wherever_they_lie(value: float, bound: float) -> None:
    worth = quality(value, max_alarm=bound, max_warning=-50.0)

    assert worth is (Quality.ALARM if value >= bound else Quality.WARNING if value >= -50 else Quality.VALID)


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=6))
def test_an_array_is_worth_what_its_worst_element_is(values: list[float]) -> None:
    order = [Quality.VALID, Quality.WARNING, Quality.ALARM]
    worst = max((quality(value, **LEVELS) for value in values), key=order.index)

    assert quality(np.array(values), TRACE, **LEVELS) is worst


def test_the_sentence_is_one_for_operators() -> None:
    assert quality_of(381.0, None, None, config(**LEVELS), FLOAT) == (
        Quality.ALARM, "temperature is 381 K, at or above its max_alarm 380 K",
    )  # fmt: skip
    assert quality_of(np.array([20.0, 5.0]), None, None, config(**LEVELS), TRACE)[1] == (
        "temperature[1] is 5 K, at or below its min_warning 10 K"
    )
    assert quality_of(20.0, None, None, config(**LEVELS), FLOAT) == (Quality.VALID, "")


def test_nan_beside_a_number_in_alarm_does_not_hide_it() -> None:
    assert quality(np.array([math.nan, 381.0]), TRACE, **LEVELS) is Quality.ALARM


@pytest.mark.parametrize(
    ("value", "since_write_s", "worth"),
    [
        (20.0, 10.0, Quality.VALID), (21.9, 10.0, Quality.VALID), (22.0, 10.0, Quality.ALARM),
        (18.0, 10.0, Quality.ALARM), (25.0, 9.9, Quality.VALID), (25.0, None, Quality.VALID),
        (math.nan, 10.0, Quality.VALID),
    ],
)  # fmt: skip
def test_a_value_that_does_not_follow_its_set_point_in_time_is_in_alarm(
    value: float, since_write_s: float | None, worth: Quality
) -> None:
    told = quality_of(value, 20.0, since_write_s, config(delta_val=2.0, delta_t_s=10.0), FLOAT)

    assert told[0] is worth
    assert bool(told[1]) is (worth is Quality.ALARM)


def test_the_sentence_of_a_value_astray_tells_how_far_and_since_when() -> None:
    _, sentence = quality_of(25.0, 20.0, 12.0, config(delta_val=2.0, delta_t_s=10.0), FLOAT)

    assert sentence == (
        "temperature is 25 K, 5 K from its set point 20 K 12 s after the write (delta_val 2 K, delta_t_s 10 s)"
    )


@pytest.mark.parametrize("limits", [{"delta_val": 2.0}, {"delta_t_s": 1.0}])
def test_distance_and_time_are_needed_both(limits: dict[str, float]) -> None:
    assert quality_of(25.0, 20.0, 12.0, config(**limits), FLOAT)[0] is Quality.VALID


def test_being_astray_comes_before_a_warning_and_after_an_alarm_of_the_value() -> None:
    limits = config(delta_val=2.0, delta_t_s=1.0, max_warning=25.0, max_alarm=30.0)

    assert "set point" in quality_of(26.0, 20.0, 5.0, limits, FLOAT)[1]
    assert "max_alarm" in quality_of(31.0, 20.0, 5.0, limits, FLOAT)[1]
    assert "max_warning" in quality_of(26.0, 25.0, 5.0, limits, FLOAT)[1]


def test_one_element_astray_is_enough_and_shapes_that_differ_are_not_compared() -> None:
    limits = config(delta_val=2.0, delta_t_s=1.0)

    assert "temperature[1] is 5 K" in quality_of(np.array([1.0, 5.0]), np.ones(2), 5.0, limits, TRACE)[1]
    assert quality_of(np.array([1.0, 5.0]), np.ones(3), 5.0, limits, TRACE)[0] is Quality.VALID


def test_large_whole_numbers_are_told_exactly() -> None:
    with pytest.raises(OutOfRangeError, match="setpoint is 9007199254740993 K"):
        check_write(2**53 + 1, config(max_value=2**53), INT, "setpoint")
