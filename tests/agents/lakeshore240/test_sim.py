"""The simulated module understands every command of the driver, and is understood."""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.lakeshore240 import curve, driver, sim
from agents.lakeshore240.curve import Coefficient, Curve, CurveFormat, CurveHeader, CurvePoint
from agents.lakeshore240.driver import (
    DisplayUnit,
    Identity,
    InputSetup,
    ProfibusSlot,
    ReadingStatus,
    SensorType,
)
from agents.lakeshore240.reply import Query
from agents.lakeshore240.sim import Thermometer
from agents.lakeshore240.world import BASES_K, Beam, World
from ocs.model.errors import NotFoundError, OutOfRangeError, ParameterError

T = TypeVar("T")
TOLERANCE_K = 0.15
"""Five times the noise, and the drift."""


class Bench:
    """A module on the desk, without a wire, input 1 riding on a stage."""

    def __init__(self, inputs: int = 8) -> None:
        self.clock = Clock()
        self.place: float | None = None
        chance = random.Random(1)
        world = World(self.clock.seconds, chance, Beam(2.0), lambda: self.place, inputs)
        self.module = Thermometer(world)

    def ask(self, query: Query[T]) -> T:
        reply = self.module.answer(query.text.encode())
        assert reply is not None
        return query.parse(reply.decode())

    def tell(self, command: str) -> None:
        assert self.module.answer(command.encode()) is None


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("inputs", [2, 8])
def test_it_says_who_it_is(inputs: int) -> None:
    found = Bench(inputs).ask(driver.identity())

    assert found == Identity("LSCI", f"240-{inputs}P", "LSA00SIM", "1.0")
    assert found.inputs == inputs


@pytest.mark.parametrize("number", range(1, 9))
def test_each_input_reads_its_temperature_in_every_unit(bench: Bench, number: int) -> None:
    base = BASES_K[number - 1]

    assert bench.ask(driver.kelvin(number)) == pytest.approx(base, abs=TOLERANCE_K)
    assert bench.ask(driver.celsius(number)) == pytest.approx(base - 273.15, abs=TOLERANCE_K)
    assert bench.ask(driver.fahrenheit(number)) == pytest.approx(base * 1.8 - 459.67, abs=1.8 * TOLERANCE_K)
    assert 0.5 < bench.ask(driver.sensor(number)) < 1.65
    assert bench.ask(driver.reading_status(number)) == ReadingStatus(0)


def test_names_setup_and_slots_are_kept_through_a_power_cycle(bench: Bench) -> None:
    setup = InputSetup(
        SensorType.NTC,
        autorange=True,
        range=8,
        current_reversal=True,
        unit=DisplayUnit.SENSOR,
        enabled=True,
    )
    slot = ProfibusSlot(7, DisplayUnit.CELSIUS)

    bench.tell(driver.set_module_name("cryostat A"))
    bench.tell(driver.set_input_name(3, "4K plate"))
    bench.tell(driver.set_input_setup(3, setup))
    bench.tell(driver.set_profibus_slots(4))
    bench.tell(driver.set_profibus_slot(2, slot))
    bench.module.power_cycle()

    assert bench.ask(driver.module_name()) == "cryostat A"
    assert bench.ask(driver.input_name(3)) == "4K plate"
    assert bench.ask(driver.input_setup(3)) == setup
    assert bench.ask(driver.profibus_slots()) == 4
    assert bench.ask(driver.profibus_slot(2)) == slot


@given(st.integers(2, 200), st.integers(1, 8), st.sampled_from(Coefficient))
def test_any_curve_is_uploaded_and_verified(count: int, number: int, coefficient: Coefficient) -> None:
    bench = Bench()
    slope = 1.3 if coefficient is Coefficient.POSITIVE else -1.3
    points = tuple(CurvePoint(0.1 + i / 137, 300 + slope * i) for i in range(count))
    header = CurveHeader("calibrated", "X1", CurveFormat.VOLT, 325.0, coefficient)
    wanted = Curve(header, points)

    for command in curve.upload(number, wanted):
        bench.tell(command)

    found = tuple(bench.ask(query) for query in curve.read_back(number, count))
    curve.verify(wanted, bench.ask(curve.header(number)), found)


def test_a_new_curve_changes_what_is_read(bench: Bench) -> None:
    volt = bench.ask(driver.sensor(6))
    header = CurveHeader("wrong", "X1", CurveFormat.VOLT, 325.0, Coefficient.NEGATIVE)
    wrong = Curve(header, (CurvePoint(volt - 0.1, 200.0), CurvePoint(volt + 0.1, 100.0)))

    for command in curve.upload(6, wrong):
        bench.tell(command)

    assert bench.ask(driver.kelvin(6)) == pytest.approx(150, abs=10)


def test_without_its_curve_an_input_cannot_be_read(bench: Bench) -> None:
    bench.tell(curve.delete(6))

    assert bench.ask(driver.reading_status(6)) is ReadingStatus.INVALID_READING
    assert bench.ask(curve.point(6, 1)) == CurvePoint(0.0, 0.0)
    assert bench.ask(curve.header(6)).name == "User Curve"


def test_the_stage_under_the_beam_warms_the_first_input(bench: Bench) -> None:
    seen = {}
    for place in (-20.0, 2.0, 24.0):
        bench.place = place
        bench.ask(driver.kelvin(1))
        bench.clock.advance(3.0)
        seen[place] = bench.ask(driver.kelvin(1))

    assert seen[2.0] == pytest.approx(81.0, abs=TOLERANCE_K)
    assert seen[-20.0] == pytest.approx(77.0, abs=TOLERANCE_K)
    assert seen[24.0] == pytest.approx(77.0, abs=TOLERANCE_K)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"KRDG?",
        b"KRDG? 0",
        b"KRDG? 9",
        b"KRDG? one",
        b"FLY 3",
        b"INTYPE 1,9,0,0,0,1,1",
        b"CRVPT? 1,0",
        b"CRVPT? 1,201",
        b"CRVPT 1,1,x,y",
        b"PROFISLOT 9,1,1",
        b"INNAME 1,a,b",
    ],
)
def test_what_it_does_not_understand_it_passes_over(bench: Bench, line: bytes) -> None:
    assert bench.module.answer(line) is None


@given(st.binary(max_size=30))
def test_no_line_breaks_it(line: bytes) -> None:
    bench = Bench()

    bench.module.answer(line)

    assert bench.ask(driver.identity()).inputs == 8


def test_the_third_input_of_a_small_module_does_not_exist() -> None:
    assert Bench(2).module.answer(driver.kelvin(3).text.encode()) is None


def test_an_open_sensor_is_told_in_the_status(bench: Bench) -> None:
    bench.module.set_quantity("input_3_open", True)

    assert bench.ask(driver.reading_status(3)) is ReadingStatus.SENSOR_OVER_RANGE
    assert bench.ask(driver.kelvin(3)) == 0.0
    bench.module.set_quantity("input_3_open", False)
    assert not bench.ask(driver.reading_status(3))


def test_a_temperature_is_set_from_outside_and_followed(bench: Bench) -> None:
    bench.module.set_quantity("input_4", 120)
    bench.clock.advance(3.0)

    assert bench.module.quantities()["input_4"] == pytest.approx(120.0, abs=TOLERANCE_K)
    assert bench.ask(driver.kelvin(4)) == pytest.approx(120.0, abs=TOLERANCE_K)


def test_the_beam_is_read_and_moved_from_outside(bench: Bench) -> None:
    assert bench.module.quantities()["beam_peak"] == 2.0
    bench.place = -5.0

    bench.module.set_quantity("beam_peak", -5.0)
    bench.ask(driver.kelvin(1))
    bench.clock.advance(3.0)

    assert bench.ask(driver.kelvin(1)) == pytest.approx(81.0, abs=TOLERANCE_K)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("input_9", 4.0, NotFoundError),
        ("colour", "red", NotFoundError),
        ("input_1", "hot", ParameterError),
        ("input_1", True, ParameterError),
        ("input_1", -1.0, OutOfRangeError),
        ("input_1", 501.0, OutOfRangeError),
        ("input_1_open", 1.0, ParameterError),
        ("beam_sigma", 0.0, OutOfRangeError),
    ],
)
def test_nature_does_not_do_the_impossible(bench: Bench, name: str, value: float | str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        bench.module.set_quantity(name, value)


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory")
    sim.add_options(parser)
    return parser.parse_args(arguments)


def test_the_command_line_makes_the_module_that_it_describes() -> None:
    module = sim.make(options("--inputs", "2", "--beam-range", "3", "3"), Clock().seconds)

    assert module.answer(b"*IDN?") == b"LSCI,240-2P,LSA00SIM,1.0"
    assert module.quantities()["beam_peak"] == 3.0


def test_the_place_of_the_beam_follows_from_the_seed_alone() -> None:
    peaks = [sim.make(options("--seed", seed), Clock().seconds).quantities()["beam_peak"] for seed in ("1", "1", "2")]

    assert peaks[0] == peaks[1] != peaks[2]
    assert all(-10.0 <= float(peak) <= 10.0 for peak in peaks)


def test_a_stage_that_is_not_there_leaves_the_base_temperature(tmp_path: Path) -> None:
    asked = options("--directory", str(tmp_path), "--beam-from", "stage-1")

    module = sim.make(asked, Clock().seconds)

    assert module.quantities()["input_1"] == pytest.approx(77.0, abs=TOLERANCE_K)
