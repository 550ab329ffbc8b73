"""The simulated stage moves as a trapezoid of velocity must."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.smc100.driver import motion_time
from agents.smc100.motion import brake, rest, travel

places = st.floats(-50, 50)
speeds = st.floats(0.1, 50)
accelerations = st.floats(1, 400)
fractions = st.floats(0, 1)


@given(places, places, speeds, accelerations)
def test_it_arrives_when_the_driver_predicts(start: float, target: float, velocity: float, acceleration: float) -> None:
    motion = travel(start, target, velocity, acceleration)

    predicted = motion_time(target - start, velocity, acceleration)

    assert motion.duration_s == pytest.approx(predicted, rel=1e-6, abs=1e-9)
    assert motion.at(motion.duration_s) == (target, 0.0)


@given(places, places, speeds, accelerations)
def test_it_is_at_its_target_just_before_it_ends(
    start: float, target: float, velocity: float, acceleration: float
) -> None:
    motion = travel(start, target, velocity, acceleration)
    assume(motion.duration_s > 1e-3)

    before_s = motion.duration_s * 1e-9
    place, speed = motion.at(motion.duration_s - before_s)

    assert place == pytest.approx(target, abs=1e-6)
    assert speed == pytest.approx(0, abs=2 * acceleration * before_s + 1e-6)


@given(places, places, speeds, accelerations, fractions)
def test_it_never_exceeds_its_velocity(
    start: float, target: float, velocity: float, acceleration: float, fraction: float
) -> None:
    motion = travel(start, target, velocity, acceleration)

    assert abs(motion.at(fraction * motion.duration_s)[1]) <= velocity * (1 + 1e-9)


@given(places, places, speeds, accelerations, fractions)
def test_it_is_symmetric_in_time(
    start: float, target: float, velocity: float, acceleration: float, fraction: float
) -> None:
    motion = travel(start, target, velocity, acceleration)

    early = motion.at(fraction * motion.duration_s)[0]
    late = motion.at((1 - fraction) * motion.duration_s)[0]

    assert early - start == pytest.approx(target - late, abs=1e-6)


@given(places, speeds, accelerations, fractions)
def test_there_and_back_are_mirror_images(target: float, velocity: float, acceleration: float, fraction: float) -> None:
    there = travel(0, target, velocity, acceleration)
    back = travel(0, -target, velocity, acceleration)

    time_s = fraction * there.duration_s

    assert there.at(time_s)[0] == pytest.approx(-back.at(time_s)[0])


@given(places, places, speeds, accelerations, fractions)
def test_velocity_is_the_slope_of_place(
    start: float, target: float, velocity: float, acceleration: float, fraction: float
) -> None:
    motion = travel(start, target, velocity, acceleration)
    step = 1e-5
    assume(motion.duration_s > 4 * step)
    time_s = step + fraction * (motion.duration_s - 2 * step)

    slope = (motion.at(time_s + step)[0] - motion.at(time_s - step)[0]) / (2 * step)

    assert slope == pytest.approx(motion.at(time_s)[1], abs=acceleration * step * 1.1 + 1e-6)


@given(places, st.floats(-50, 50), accelerations)
def test_braking_takes_the_way_that_physics_gives(start: float, velocity: float, acceleration: float) -> None:
    motion = brake(start, velocity, acceleration)

    way = abs(motion.end - start)

    assert way == pytest.approx(velocity**2 / (2 * acceleration), abs=1e-12)
    assert motion.duration_s == pytest.approx(abs(velocity) / acceleration)


def test_braking_begins_with_the_velocity_that_it_ends() -> None:
    assert brake(3.0, -8.0, 40.0).at(0.0) == (3.0, -8.0)


def test_rest_stays_where_it_is() -> None:
    assert rest(7.5).at(1e6) == (7.5, 0.0)
