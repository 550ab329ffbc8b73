"""The simulated cryostat warms and cools as its equations say."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.cryostat.thermal import MAX_KELVIN, PLACES, Cryostat, Place, Plant, Temperatures, after, settled

PLANT = Plant()
TAU_S = PLANT.time_constant_s

watts = st.floats(0, 50)
kelvin = st.floats(3, 400)
seconds = st.floats(0, 2000)
states = st.builds(Temperatures, kelvin, st.tuples(kelvin, kelvin, kelvin, kelvin))


def by_small_steps(
    now: Temperatures, plant: Plant, places: tuple[Place, ...], watts: float, seconds: float, steps: int
) -> Temperatures:
    """Solve the same equations by Euler's method, from the text of the module."""
    dt, stage, sensors = seconds / steps, now.stage, list(now.sensors)
    for _ in range(steps):
        flow = watts + plant.room_link * (plant.room - stage)
        if plant.cooling:
            flow += plant.cooler_link * (plant.head - stage)
        for index, place in enumerate(places):
            other = place.other if plant.cooling else plant.room
            goal = place.share * stage + (1 - place.share) * other + place.rise * watts
            sensors[index] += (goal - sensors[index]) * dt / place.lag_s
        stage += flow / plant.capacity * dt
    return Temperatures(stage, tuple(sensors))


@pytest.mark.parametrize("plant", [PLANT, Plant(cooling=False)])
def test_the_closed_form_solves_the_equations(plant: Plant) -> None:
    start = Temperatures(60.0, (60.0, 50.0, 70.0, 80.0))

    exact = after(start, plant, PLACES, 20.0, 30.0)
    stepped = by_small_steps(start, plant, PLACES, 20.0, 30.0, 60_000)

    assert exact.stage == pytest.approx(stepped.stage, abs=0.01)
    assert exact.sensors == pytest.approx(stepped.sensors, abs=0.01)


def test_a_sensor_as_slow_as_the_stage_is_solved_too() -> None:
    places = (Place(lag_s=TAU_S),)
    start = Temperatures(100.0, (50.0,))

    exact = after(start, PLANT, places, 5.0, 30.0)

    assert exact.sensors == pytest.approx(by_small_steps(start, PLANT, places, 5.0, 30.0, 60_000).sensors, abs=0.05)


@given(states, watts, seconds, seconds)
def test_two_times_after_each_other_are_one(start: Temperatures, power: float, one: float, two: float) -> None:
    halfway = after(after(start, PLANT, PLACES, power, one), PLANT, PLACES, power, two)
    at_once = after(start, PLANT, PLACES, power, one + two)

    assert halfway.stage == pytest.approx(at_once.stage, abs=1e-6)
    assert halfway.sensors == pytest.approx(at_once.sensors, abs=1e-6)


@given(states, watts, seconds)
def test_the_stage_stays_between_where_it_is_and_where_it_ends(
    start: Temperatures, power: float, time_s: float
) -> None:
    end = PLANT.end_kelvin(power)

    stage = after(start, PLANT, PLACES, power, time_s).stage

    assert min(start.stage, end) - 1e-9 <= stage <= max(start.stage, end) + 1e-9


@given(watts)
def test_what_has_settled_stays(power: float) -> None:
    at_rest = settled(PLANT, PLACES, power)

    later = after(at_rest, PLANT, PLACES, power, 3600.0)

    assert later.stage == pytest.approx(at_rest.stage)
    assert later.sensors == pytest.approx(at_rest.sensors)


def test_without_heater_it_is_cold() -> None:
    assert 3.0 < Cryostat(Clock().seconds).temperatures.stage < 4.5


def test_a_step_of_power_shows_with_the_time_constant() -> None:
    clock = Clock()
    cryostat = Cryostat(clock.seconds)
    cold, warm = PLANT.end_kelvin(0.0), PLANT.end_kelvin(10.0)

    cryostat.heat(10.0)
    clock.advance(TAU_S)

    assert cryostat.temperatures.stage == pytest.approx(warm - (warm - cold) / math.e)


def test_looking_often_changes_nothing() -> None:
    clock, other = Clock(), Clock()
    watched, alone = Cryostat(clock.seconds), Cryostat(other.seconds)
    watched.heat(10.0)
    alone.heat(10.0)

    for _ in range(100):
        clock.advance(0.37)
        assert watched.temperatures.stage < 100
    other.advance(37.0)

    assert watched.temperatures.sensors == pytest.approx(alone.temperatures.sensors)


def test_each_place_has_its_own_speed() -> None:
    clock = Clock()
    cryostat = Cryostat(clock.seconds)
    before = cryostat.temperatures.sensors

    cryostat.heat(20.0)
    clock.advance(3.0)
    stage, sample, heater, shield = (
        now - then for now, then in zip(cryostat.temperatures.sensors, before, strict=True)
    )

    assert heater > stage > sample > shield > 0


def test_without_cooler_everything_warms_up_to_the_room() -> None:
    clock = Clock()
    cryostat = Cryostat(clock.seconds)

    cryostat.change(cooling=False)
    seen = []
    for _ in range(50):
        clock.advance(3600.0)
        seen.append(cryostat.temperatures.stage)

    assert all(later >= earlier for earlier, later in pairwise(seen))
    assert cryostat.temperatures.sensors == pytest.approx((293.0,) * 4, abs=0.1)


def too_hot() -> tuple[Clock, Cryostat]:
    clock = Clock()
    cryostat = Cryostat(clock.seconds, Plant(cooling=False), stage=350.0)
    cryostat.heat(50.0)
    return clock, cryostat


@given(st.floats(1, 100_000))
def test_the_stage_never_gets_hotter_than_the_cut_out_allows(time_s: float) -> None:
    clock, cryostat = too_hot()

    clock.advance(time_s)

    assert cryostat.temperatures.stage <= MAX_KELVIN + 1e-6


def test_the_cut_out_opens_at_its_temperature_and_stays_open() -> None:
    clock, cryostat = too_hot()

    clock.advance(7.0)
    assert (cryostat.cut_out, cryostat.watts) == (True, 0.0)
    cryostat.heat(10.0)
    assert cryostat.watts == 0.0
    cryostat.put(300.0)
    cryostat.close_cut_out()
    cryostat.heat(10.0)

    assert (cryostat.cut_out, cryostat.watts) == (False, 10.0)


def test_a_heater_that_is_switched_on_when_it_is_too_hot_already_does_not_heat() -> None:
    clock = Clock()
    cryostat = Cryostat(clock.seconds, Plant(cooling=False), stage=MAX_KELVIN)

    cryostat.heat(50.0)
    clock.advance(1.0)

    assert cryostat.cut_out
    assert cryostat.temperatures.stage < MAX_KELVIN


def test_a_power_may_have_changed_before_now() -> None:
    clock, other = Clock(), Clock()
    late, exact = Cryostat(clock.seconds), Cryostat(other.seconds)
    late.heat(10.0)
    exact.heat(10.0)

    clock.advance(50.0)
    late.heat(0.0, ago_s=30.0)
    other.advance(20.0)
    exact.heat(0.0)
    other.advance(30.0)

    assert late.temperatures.stage == pytest.approx(exact.temperatures.stage)


def test_a_fast_world_passes_more_time() -> None:
    clock, other = Clock(), Clock()
    fast, slow = Cryostat(clock.seconds, speed=10.0), Cryostat(other.seconds)
    fast.heat(10.0)
    slow.heat(10.0)

    clock.advance(3.0)
    other.advance(30.0)

    assert fast.temperatures.sensors == pytest.approx(slow.temperatures.sensors)
