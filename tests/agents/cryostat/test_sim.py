"""The simulated controller understands every line of the driver, and is understood."""

from __future__ import annotations

import argparse
import random
import statistics
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.cryostat import driver, sim
from agents.cryostat.driver import HeaterStatus, Query, ReadingStatus
from agents.cryostat.sim import Controller
from agents.cryostat.thermal import Cryostat
from ocs.link import Lines, Link, open_port
from ocs.link.simulator import Quantity, Simulator
from ocs.model.errors import NotFoundError, OutOfRangeError, ParameterError

T = TypeVar("T")


class Bench:
    """A controller on the desk, without a wire."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.controller = Controller(Cryostat(self.clock.seconds), self.clock.seconds, random.Random(1))

    def ask(self, query: Query[T]) -> T:
        reply = self.controller.answer(query.text.encode())
        assert reply is not None
        return query.parse(reply.decode())

    def status(self) -> HeaterStatus:
        return self.ask(driver.heater(1)).status

    def truth(self, name: str) -> object:
        return self.controller.quantities()[name]

    def overheat(self) -> None:
        """Warm it up without cooler until the cut-out opens."""
        self.controller.set_quantity("cooler", False)
        self.controller.set_quantity("stage", 390.0)
        self.ask(driver.set_power(50.0))
        self.clock.advance(60.0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_says_who_it_is(bench: Bench) -> None:
    assert bench.ask(driver.identity()) == "CRYOSTAT-4 SIM0001"


def test_a_cold_cryostat_is_cold_everywhere_but_on_the_shield(bench: Bench) -> None:
    readings = [bench.ask(driver.temperature(number)) for number in range(1, 5)]

    assert not any(reading.status for reading in readings)
    assert [reading.kelvin for reading in readings] == pytest.approx([3.97, 4.49, 3.97, 36.8], abs=0.1)


def test_readings_are_noisy_as_the_place_says(bench: Bench) -> None:
    found = [bench.ask(driver.temperature(2)).kelvin for _ in range(500)]

    assert statistics.stdev(found) == pytest.approx(0.005, rel=0.2)


def test_power_warms_the_stage(bench: Bench) -> None:
    assert bench.ask(driver.set_power(10.0)) == 10.0

    bench.clock.advance(600.0)

    heater = bench.ask(driver.heater(1))
    assert (heater.watts, heater.asked, heater.status) == (10.0, 10.0, HeaterStatus(0))
    assert heater.temperature.kelvin == pytest.approx(70.4, abs=0.1)


@pytest.mark.parametrize(
    "line", [b"HTRSET 51", b"HTRSET -1", b"HTRSET nan", b"HTRSET", b"HTRSET x", b"HEAT 1", b"", b";"]
)
def test_a_setting_that_is_not_understood_is_passed_over(bench: Bench, line: bytes) -> None:
    bench.ask(driver.set_power(10.0))

    assert bench.controller.answer(line) is None

    assert bench.ask(driver.heater(1)).asked == 10.0


@pytest.mark.parametrize("line", [b"KRDG? 0", b"KRDG? 5", b"KRDG? x", b"KRDG?", b"RDGST? -1"])
def test_a_question_about_an_input_that_is_not_there_gets_no_answer(bench: Bench, line: bytes) -> None:
    assert bench.controller.answer(line) is None


def test_small_letters_and_spaces_are_understood(bench: Bench) -> None:
    assert bench.controller.answer(b" htrset  5 ; htrset? ") == b"5.0000"


@given(st.binary(max_size=20))
def test_no_line_breaks_it(line: bytes) -> None:
    bench = Bench()

    bench.controller.answer(line)

    assert bench.ask(driver.identity())


def test_an_open_sensor_is_told_by_its_status(bench: Bench) -> None:
    bench.controller.set_quantity("thermometer_2_open", True)

    assert bench.ask(driver.temperature(2)).status is ReadingStatus.SENSOR_OPEN
    assert not bench.ask(driver.temperature(1)).status
    bench.controller.set_quantity("thermometer_2_open", False)
    assert not bench.ask(driver.temperature(2)).status


def test_what_is_out_of_the_range_of_an_input_is_told_by_its_status(bench: Bench) -> None:
    bench.controller.set_quantity("stage", 400.0)
    hot = {bench.ask(driver.temperature(1)).status for _ in range(50)}
    bench.controller.set_quantity("stage", 3.0)
    cold = {bench.ask(driver.temperature(1)).status for _ in range(50)}

    assert hot == {ReadingStatus(0), ReadingStatus.OVER_RANGE}
    assert cold == {ReadingStatus(0), ReadingStatus.UNDER_RANGE}


def test_an_open_heater_does_not_heat(bench: Bench) -> None:
    bench.ask(driver.set_power(10.0))

    bench.controller.set_quantity("heater_open", True)
    bench.clock.advance(600.0)

    heater = bench.ask(driver.heater(1))
    assert (heater.watts, heater.asked, heater.status) == (0.0, 10.0, HeaterStatus.OPEN_LOAD)
    assert heater.temperature.kelvin < 5
    bench.controller.set_quantity("heater_open", False)
    assert bench.ask(driver.heater(1)).watts == 10.0


def test_the_watchdog_switches_the_heater_off_at_its_time(bench: Bench) -> None:
    """Even if nobody looks until much later."""
    bench.ask(driver.set_watchdog(30.0))
    bench.ask(driver.set_power(50.0))

    bench.clock.advance(30.0 + 40.0)

    warmed = 336.0 * (1 - 2.7183 ** -(30 / 39.87)) * 2.7183 ** -(40 / 39.87)
    assert bench.truth("stage") == pytest.approx(warmed + 3.97, rel=0.02)
    heater = bench.ask(driver.heater(1))
    assert (heater.watts, heater.asked, heater.status) == (0.0, 0.0, HeaterStatus.WATCHDOG)


def test_any_line_keeps_the_watchdog_quiet_and_a_new_power_forgives_it(bench: Bench) -> None:
    bench.ask(driver.set_watchdog(30.0))
    bench.ask(driver.set_power(10.0))

    for _ in range(5):
        bench.clock.advance(29.0)
        bench.ask(driver.identity())
    kept = bench.ask(driver.heater(1)).watts
    bench.clock.advance(31.0)
    expired = bench.status()
    bench.ask(driver.set_power(10.0))

    assert kept == 10.0
    assert expired is HeaterStatus.WATCHDOG
    assert bench.status() is HeaterStatus(0)


def test_looking_from_outside_does_not_feed_the_watchdog(bench: Bench) -> None:
    bench.ask(driver.set_watchdog(30.0))
    bench.ask(driver.set_power(10.0))

    for _ in range(5):
        bench.clock.advance(10.0)
        bench.controller.quantities()

    assert bench.truth("watchdog_expired") is True


def test_the_cut_out_opens_and_cannot_be_reset_before_it_is_cold(bench: Bench) -> None:
    bench.overheat()

    assert bench.status() is HeaterStatus.CUT_OUT
    assert bench.ask(driver.set_power(10.0)) == 0.0
    assert bench.ask(driver.reset()) is HeaterStatus.CUT_OUT
    bench.controller.set_quantity("stage", 300.0)
    assert bench.ask(driver.reset()) is HeaterStatus(0)
    assert bench.ask(driver.set_power(10.0)) == 10.0


def test_a_power_cycle_switches_heater_and_watchdog_off(bench: Bench) -> None:
    bench.ask(driver.set_watchdog(30.0))
    bench.ask(driver.set_power(10.0))
    bench.clock.advance(10.0)
    warm = bench.truth("stage")

    bench.controller.power_cycle()

    assert bench.truth("stage") == warm
    assert bench.controller.answer(b"HTRSET?;WDOG?") == b"0.0000;0.0"


def test_the_quantities_tell_the_truth(bench: Bench) -> None:
    bench.controller.set_quantity("stage", 100.0)
    bench.controller.set_quantity("head", 10.0)
    bench.controller.set_quantity("cooler", False)

    found = bench.controller.quantities()

    assert (found["stage"], found["head"], found["cooler"]) == (100.0, 10.0, False)
    assert found["thermometer_1"] == 100.0
    assert found["heater_power"] == 0.0
    assert [name for name, value in found.items() if value is True] == []


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("stage", 2.9, OutOfRangeError),
        ("stage", 400.1, OutOfRangeError),
        ("head", "cold", ParameterError),
        ("stage", True, ParameterError),
        ("cooler", 1.0, ParameterError),
        ("thermometer_5_open", True, NotFoundError),
        ("heater_power", 10.0, NotFoundError),
    ],
)
def test_nature_does_not_do_the_impossible(bench: Bench, name: str, value: Quantity, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        bench.controller.set_quantity(name, value)


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    sim.add_options(parser)
    return parser.parse_args(arguments)


def test_the_command_line_makes_the_cryostat_that_it_describes() -> None:
    clock = Clock()
    controller = sim.make(options("--seed", "1", "--stage", "300", "--speed", "100"), clock.seconds)
    start = controller.quantities()["stage"]

    clock.advance(60.0)

    assert start == 300.0
    assert controller.quantities()["stage"] == pytest.approx(3.97, abs=0.01)


@pytest.mark.parametrize(
    "arguments", [("--speed", "0"), ("--speed", "nan"), ("--speed", "inf"), ("--stage", "2"), ("--stage", "401")]
)
def test_a_cryostat_that_cannot_be_is_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(argparse.ArgumentError):
        options(*arguments)


@pytest.mark.system
def test_several_have_it_open_at_once_and_each_gets_its_own_answers(tmp_path: Path) -> None:
    simulator = Simulator("agents.cryostat.sim", ["--tcp", "0", "--no-timing"])
    port = simulator.start("cryostat", tmp_path)
    links = [Link(lambda: open_port(port), Lines(driver.TERMINATOR)) for _ in range(3)]
    for link in links:
        link.open()

    links[0].ask(driver.set_power(7.0).text)
    answers = [
        driver.identity().parse(links[0].ask(driver.identity().text)),
        driver.temperature(4).parse(links[1].ask(driver.temperature(4).text)).status,
        driver.heater(1).parse(links[2].ask(driver.heater(1).text)).asked,
    ]

    assert answers == ["CRYOSTAT-4 SIM0001", ReadingStatus(0), 7.0]
    for link in links:
        link.close()
    simulator.stop()
