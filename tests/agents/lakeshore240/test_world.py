"""What the simulated sensors feel."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.lakeshore240.world import BASES_K, DRIFT_K, LAG_S, NOISE_K, Beam, Sensor, World


def make_world(clock: Clock, stage: Callable[[], float | None] = lambda: None, seed: int = 1) -> World:
    chance = random.Random(seed)
    return World(clock.seconds, chance, Beam(2.0), stage)


@given(st.floats(-20, 20), st.floats(0, 20))
def test_the_beam_is_symmetric_and_highest_at_its_peak(peak: float, distance: float) -> None:
    beam = Beam(peak)

    assert beam.kelvin(peak - distance) == pytest.approx(beam.kelvin(peak + distance))
    assert beam.kelvin(peak - distance) <= beam.kelvin(peak) == 4.0


def test_one_sigma_away_the_beam_has_the_height_of_a_gaussian() -> None:
    assert Beam(1.0, 4.0, 2.5).kelvin(3.5) == pytest.approx(4.0 * math.exp(-0.5))


def test_a_sensor_follows_a_step_with_its_time_constant() -> None:
    clock, surroundings = Clock(), [77.0]
    sensor = Sensor(clock.seconds, lambda: surroundings[0])

    surroundings[0] = 81.0
    at_once = sensor.kelvin()
    clock.advance(LAG_S)
    later = sensor.kelvin()

    assert at_once == 77.0
    assert later == pytest.approx(81.0 - 4.0 * math.exp(-1))


def test_a_sensor_that_is_read_often_ends_at_the_same_place() -> None:
    clock, surroundings = Clock(), [77.0]
    sensor = Sensor(clock.seconds, lambda: surroundings[0])

    surroundings[0] = 81.0
    for _ in range(15):
        clock.advance(LAG_S / 15)
        sensor.kelvin()

    assert sensor.kelvin() == pytest.approx(81.0 - 4.0 * math.exp(-1))


def test_only_the_first_input_rides_on_the_stage() -> None:
    clock, place = Clock(), [-100.0]
    world = make_world(clock, stage=lambda: place[0])
    before = [world.kelvin(index) for index in range(8)]

    place[0] = 2.0
    clock.advance(3.0)

    warmed = [world.kelvin(index) - before[index] for index in range(8)]
    assert warmed[0] == pytest.approx(4.0, abs=0.01)
    assert max(map(abs, warmed[1:])) < 0.01


def test_without_a_stage_there_is_no_beam() -> None:
    world = make_world(Clock())

    assert world.kelvin(0) == pytest.approx(BASES_K[0], abs=DRIFT_K)


def test_the_drift_is_slow_and_small() -> None:
    clock = Clock()
    world = make_world(clock)
    seen = []
    for _ in range(900):
        clock.advance(1.0)
        seen.append(world.kelvin(1))

    assert 1.9 * DRIFT_K < max(seen) - min(seen) <= 2 * DRIFT_K
    assert max(abs(b - a) for a, b in pairwise(seen)) < 4e-4


def test_the_noise_of_a_reading_has_its_size() -> None:
    world = make_world(Clock())

    assert statistics.stdev(world.noise() for _ in range(2000)) == pytest.approx(NOISE_K, rel=0.1)


def test_the_same_seed_gives_the_same_world() -> None:
    def readings(seed: int) -> list[float]:
        world = make_world(Clock(), seed=seed)
        return [world.kelvin(index) + world.noise() for index in range(8)]

    assert readings(5) == readings(5)
    assert readings(5) != readings(6)
