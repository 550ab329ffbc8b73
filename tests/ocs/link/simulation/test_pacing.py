from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.link.simulation.pacing import SLICE_S, Pace


def test_a_byte_takes_ten_bits() -> None:
    assert Pace(9600).arrival(100.0, 96) == pytest.approx(100.1)


def test_a_line_carries_one_byte_after_the_other() -> None:
    pace = Pace(1000)

    assert pace.arrival(0.0, 100) == pytest.approx(1.0)
    assert pace.arrival(0.5, 100) == pytest.approx(2.0)
    assert pace.arrival(5.0, 100) == pytest.approx(6.0)


def test_the_directions_do_not_wait_for_each_other() -> None:
    pace = Pace(1000)
    pace.arrival(0.0, 1000)

    [(when, piece)] = pace.departures(0.0, b"x")
    assert when == pytest.approx(0.01)
    assert piece == b"x"


def test_a_line_without_timing_takes_none() -> None:
    pace = Pace(None)

    assert pace.arrival(7.0, 1000) == 7.0
    assert pace.departures(7.0, b"abc") == [(7.0, b"abc")]
    assert pace.departures(7.0, b"") == []


@given(st.integers(min_value=300, max_value=1_000_000), st.binary(max_size=300), st.binary(max_size=300))
def test_bytes_leave_whole_in_order_and_in_their_time(baud_rate: int, first: bytes, second: bytes) -> None:
    pace = Pace(baud_rate)

    slices = pace.departures(10.0, first) + pace.departures(10.0, second)

    assert b"".join(piece for _, piece in slices) == first + second
    times = [10.0, *(when for when, _ in slices)]
    byte_s = 10 / baud_rate
    assert times[-1] - 10.0 == pytest.approx(len(first + second) * byte_s)
    for before, after in pairwise(times):
        assert 0 < after - before <= max(SLICE_S, byte_s) * 1.001
