"""The controller of the heater, alone and with the simulated cryostat."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.cryostat.pid import MAX_GAIN, Gains, Pid
from agents.cryostat.thermal import Cryostat
from ocs.model.errors import OutOfRangeError

LOW, HIGH = 0.0, 50.0

gain = st.floats(0, 20)
all_gains = st.builds(Gains, gain, gain, gain)
kelvin = st.floats(3, 400)
power = st.floats(LOW, HIGH)
period_s = st.floats(0.05, 10)


def pid(gains: Gains, measured: float = 100.0, output: float = 10.0, filter_s: float = 2.0) -> Pid:
    return Pid(gains, LOW, HIGH, measured=measured, output=output, filter_s=filter_s)


def bring_to_limit(loop: Pid, setpoint: float, measured: float) -> None:
    """Let the integral grow for so long that the output is at a limit."""
    assert loop.step(setpoint, measured, 1e6) in {LOW, HIGH}


@given(all_gains, kelvin, power, st.lists(st.tuples(kelvin, kelvin, st.floats(-1, 10)), max_size=50))
def test_the_output_never_leaves_its_limits(
    gains: Gains, start: float, output: float, steps: list[tuple[float, float, float]]
) -> None:
    loop = pid(gains, start, output)

    for setpoint, measured, seconds in steps:
        assert LOW <= loop.step(setpoint, measured, seconds) <= HIGH


@given(all_gains, kelvin, power, period_s)
def test_it_takes_over_from_a_constant_power_without_a_jump(
    gains: Gains, start: float, output: float, seconds: float
) -> None:
    assert pid(gains, start, output).step(start, start, seconds) == pytest.approx(output)


@given(all_gains, all_gains, kelvin, st.lists(st.tuples(kelvin, kelvin), min_size=1, max_size=20))
def test_other_gains_make_no_jump(before: Gains, later: Gains, start: float, steps: list[tuple[float, float]]) -> None:
    loop = pid(before, start)
    outputs = [loop.step(setpoint, measured, 0.5) for setpoint, measured in steps]

    loop.retune(later)

    assert loop.gains == later
    if LOW < outputs[-1] < HIGH:
        assert loop.step(*steps[-1], 0.0) == pytest.approx(outputs[-1], abs=1e-6)


@given(
    st.builds(Gains, gain, st.floats(0.01, 20), gain),
    st.floats(5, 390),
    st.sampled_from([-1.0, 1.0]),
    st.floats(1, 100),
)
def test_how_long_it_was_at_its_limit_makes_no_difference(gains: Gains, start: float, sign: float, away: float) -> None:
    """Without anti-windup the one that waited longer would stay at the limit longer."""
    short, long = pid(gains, start), pid(gains, start)
    setpoint = start + sign * away
    for loop in (short, long):
        bring_to_limit(loop, setpoint, start)

    for _ in range(1000):
        long.step(setpoint, start, 1.0)

    # At the set point the integral is left: it began at 10 W and grew as far as the proportional part left room.
    proportional = gains.proportional * away
    left = max(10.0, HIGH - proportional) if sign > 0 else min(10.0, LOW + proportional)
    assert short.step(start, start, 1.0) == pytest.approx(left, abs=1e-6)
    assert long.step(start, start, 1.0) == pytest.approx(left, abs=1e-6)


@given(st.builds(Gains, gain, st.floats(0.01, 20), st.just(0.0)), kelvin, st.floats(0.1, 50), period_s)
def test_an_error_of_the_other_sign_leaves_the_limit_at_once(
    gains: Gains, start: float, away: float, seconds: float
) -> None:
    loop = pid(gains, start)
    bring_to_limit(loop, start + away, start)

    assert loop.step(start - away, start, seconds) < HIGH


@given(all_gains, kelvin, kelvin, st.floats(0.1, 5))
def test_a_new_set_point_gives_no_kick_of_the_derivative(
    gains: Gains, start: float, setpoint: float, derivative: float
) -> None:
    one = pid(Gains(gains.proportional, gains.integral, 0.0), start)
    other = pid(Gains(gains.proportional, gains.integral, derivative), start)

    assert one.step(setpoint, start, 0.5) == other.step(setpoint, start, 0.5)


def test_the_derivative_works_against_a_rise() -> None:
    loop = pid(Gains(0.0, 0.0, 2.0), filter_s=0.0)

    assert loop.step(100.0, 101.0, 0.5) == pytest.approx(10.0 - 2.0 * 1.0 / 0.5)
    assert loop.step(100.0, 101.0, 0.5) == pytest.approx(10.0)


def test_the_integral_grows_with_error_and_time() -> None:
    loop = pid(Gains(0.0, 0.5, 0.0))

    outputs = [loop.step(102.0, 100.0, 2.0) for _ in range(3)]

    assert outputs == pytest.approx([12.0, 14.0, 16.0])


def test_the_proportional_part_follows_the_error() -> None:
    assert pid(Gains(3.0, 0.0, 0.0)).step(102.0, 100.0, 1.0) == pytest.approx(16.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_step_without_time_is_harmless(seconds: float) -> None:
    loop = pid(Gains())
    before = loop.step(100.0, 100.0, 1.0)

    assert loop.step(100.0, 100.0, seconds) == before


@pytest.mark.parametrize("value", [-0.1, MAX_GAIN + 1, math.nan, math.inf])
@pytest.mark.parametrize("name", ["proportional", "integral", "derivative"])
def test_a_gain_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(OutOfRangeError, match=f"the {name} gain is .*; allowed are 0 to 1000") as caught:
        Gains(**{name: value})

    assert caught.value.field == name


def test_limits_without_room_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="leave no room"):
        Pid(Gains(), 5.0, 5.0, measured=4.0, output=5.0)


@pytest.mark.parametrize(
    ("start", "target"), [(None, 20.0), (None, 100.0), (100.0, 20.0), (100.0, 101.0), (None, 300.0)]
)
def test_the_gains_of_the_code_bring_the_cryostat_to_a_temperature(start: float | None, target: float) -> None:
    """Within 150 s, with less than 1 K beyond it, and then within 10 mK for good."""
    clock = Clock()
    cryostat = Cryostat(clock.seconds, stage=start)
    first = cryostat.temperatures.sensors[0]
    loop = pid(Gains(), first, 0.0)
    away = []

    for _ in range(600):
        measured = cryostat.temperatures.sensors[0]
        cryostat.heat(loop.step(target, measured, 0.5))
        clock.advance(0.5)
        away.append(math.copysign(1.0, target - first) * (measured - target))

    assert max(away) < 1.0
    assert max(map(abs, away[300:])) < 0.01
