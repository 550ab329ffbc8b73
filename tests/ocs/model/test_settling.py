from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.settling import Settling


def test_a_value_settles_when_it_stayed_near_for_the_dwell_time() -> None:
    settling = Settling(0.5, 2.0)
    settling.wrote(0.0)

    taken = [settling.take(value, 10.0, seconds) for seconds, value in enumerate([8, 9.5, 10.4, 10.5, 9.8])]

    assert taken == [False, False, False, True, True]


def test_leaving_begins_the_dwell_time_again() -> None:
    settling = Settling(0.5, 2.0)

    taken = [settling.take(value, 10.0, seconds) for seconds, value in enumerate([10, 10, 11, 10, 10, 10, 11])]

    assert taken == [False, False, False, False, False, True, False]


def test_without_dwell_time_the_first_value_that_is_near_has_settled() -> None:
    assert Settling(0.5, 0.0).take(10.5, 10.0, 1.0)


def test_a_write_begins_again_and_a_reading_from_before_it_does_not_count() -> None:
    settling = Settling(0.5, 1.0)
    settling.take(10.0, 10.0, 0.0)
    settling.wrote(5.0)

    assert not settling.take(10.0, 10.0, 4.9)
    assert not settling.take(10.0, 10.0, 5.0)
    assert settling.take(10.0, 10.0, 6.0)


def test_a_reading_from_before_the_write_has_not_settled_even_without_dwell_time() -> None:
    settling = Settling(0.5, 0.0)
    settling.wrote(5.0)

    assert not settling.take(10.0, 10.0, 4.9)
    assert settling.take(10.0, 10.0, 5.0)


def test_another_set_point_begins_again() -> None:
    settling = Settling(5.0, 1.0)
    settling.take(10.0, 10.0, 0.0)

    assert not settling.take(10.0, 11.0, 1.0)
    assert settling.take(10.0, 11.0, 2.0)


@pytest.mark.parametrize(("value", "setpoint"), [(None, 1.0), (1.0, None), (None, None), (math.nan, 1.0)])
def test_nothing_settles_without_value_or_set_point(value: Any, setpoint: Any) -> None:
    assert not Settling(0.5, 0.0).take(value, setpoint, 0.0)


def test_all_elements_of_an_array_must_be_near() -> None:
    settling, setpoint = Settling(0.5, 0.0), np.zeros(2)

    assert settling.take(np.array([0.5, -0.5]), setpoint, 0.0)
    assert not settling.take(np.array([0.5, 0.6]), setpoint, 1.0)
    assert not settling.take(np.zeros(3), setpoint, 2.0)


def test_unsigned_elements_below_their_set_point_are_not_far_away() -> None:
    settling = Settling(2, 0.0)

    assert settling.take(np.array([1], dtype=np.uint8), np.array([2], dtype=np.uint8), 0.0)


@given(st.lists(st.floats(-2, 2), max_size=20), st.integers(0, 5))
def test_a_value_has_settled_exactly_when_all_of_the_dwell_time_was_near(values: list[float], dwell: int) -> None:
    settling = Settling(1.0, dwell)

    for seconds, value in enumerate(values):
        recent = values[max(0, seconds - dwell) : seconds + 1]
        expected = len(recent) == dwell + 1 and all(abs(one) <= 1 for one in recent)
        assert settling.take(value, 0.0, seconds) is expected
