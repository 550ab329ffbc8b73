"""What a simulated input makes of its sensor's voltage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.lakeshore240.converter import DIODE, VOLTS, Input, interpolate
from agents.lakeshore240.driver import ReadingStatus


@given(st.floats(1.4, 475.0))
def test_with_the_sensor_s_own_curve_the_temperature_is_right(kelvin: float) -> None:
    found, status = Input("a").convert(interpolate(VOLTS, kelvin))

    assert found == pytest.approx(kelvin)
    assert not status


@given(st.floats(1.4, 474.0))
def test_a_hotter_diode_has_less_voltage(kelvin: float) -> None:
    assert interpolate(VOLTS, kelvin + 1.0) < interpolate(VOLTS, kelvin)


@pytest.mark.parametrize(("point", "index"), [((0.1, 475.0), 0), ((1.02, 77.0), 4), ((1.644, 1.4), 9)])
def test_a_breakpoint_is_met_exactly(point: tuple[float, float], index: int) -> None:
    assert DIODE[index] == point
    assert interpolate(DIODE, point[0]) == point[1]


@pytest.mark.parametrize(
    ("volt", "kelvin", "status"),
    [
        (0.05, 475.0, ReadingStatus.TEMPERATURE_OVER_RANGE),
        (1.7, 1.4, ReadingStatus.TEMPERATURE_UNDER_RANGE),
    ],
)
def test_outside_its_curve_a_reading_is_marked(volt: float, kelvin: float, status: ReadingStatus) -> None:
    assert Input("a").convert(volt) == (kelvin, status)


def test_an_open_sensor_is_marked() -> None:
    assert Input("a", open=True).convert(1.0) == (0.0, ReadingStatus.SENSOR_OVER_RANGE)


@pytest.mark.parametrize("one", [Input("a", setup="1,0,0,0,1,0"), Input("a", curve={})])
def test_without_curve_or_switched_off_a_reading_is_invalid(one: Input) -> None:
    assert one.convert(1.0) == (0.0, ReadingStatus.INVALID_READING)
