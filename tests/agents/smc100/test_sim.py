"""The simulated SMC100 understands every command of the driver, and is understood."""

from __future__ import annotations

import argparse
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from agents.smc100 import sim
from agents.smc100.driver import (
    Axis,
    CommandError,
    Condition,
    ControllerState,
    PositionerError,
    Query,
)
from agents.smc100.sim import Controller
from agents.smc100.stage import Settings, Stage
from ocs.model.errors import NotFoundError, OutOfRangeError, ParameterError

T = TypeVar("T")
AXIS = Axis(1)


class Bench:
    """A controller on the desk, without a wire."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.controller = Controller(Stage(self.clock.seconds, Settings()))

    def ask(self, query: Query[T]) -> T:
        reply = self.controller.answer(query.text.encode())
        assert reply is not None
        return query.parse(reply.decode())

    def tell(self, command: str) -> CommandError:
        assert self.controller.answer(command.encode()) is None
        return self.ask(AXIS.last_error())

    def home(self) -> None:
        assert self.tell(AXIS.home()) is CommandError.NONE
        self.clock.advance(2.0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def homed(bench: Bench) -> Bench:
    bench.home()
    return bench


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (AXIS.position(), 0.0),
        (AXIS.demanded_position(), 0.0),
        (AXIS.target(), 0.0),
        (AXIS.velocity(), 8.0),
        (AXIS.acceleration(), 40.0),
        (AXIS.jerk_time(), 0.0),
        (AXIS.negative_limit(), -25.0),
        (AXIS.positive_limit(), 25.0),
        (AXIS.home_velocity(), 4.0),
        (AXIS.home_timeout(), 20.0),
        (AXIS.time_of(-16), 2.2),
        (AXIS.stage(), "SIMULATED50CC"),
        (AXIS.version(), "SMC100CC simulated 1.0"),
        (AXIS.last_error(), CommandError.NONE),
        (AXIS.error_text(CommandError.MOVING), "not allowed while the stage moves"),
    ],
)
def test_a_question_of_the_driver_is_answered(bench: Bench, query: Query[Any], value: Any) -> None:
    assert bench.ask(query) == value


def test_homing_moving_and_stopping_are_seen_in_the_status(bench: Bench) -> None:
    seen = [bench.ask(AXIS.status()).condition]

    bench.tell(AXIS.home())
    seen.append(bench.ask(AXIS.status()).condition)
    bench.clock.advance(2.0)
    seen.append(bench.ask(AXIS.status()).condition)
    bench.tell(AXIS.move_to(10.0))
    bench.clock.advance(0.5)
    seen.append(bench.ask(AXIS.status()).condition)
    bench.tell(AXIS.stop())
    bench.clock.advance(1.0)
    seen.append(bench.ask(AXIS.status()).condition)

    assert seen == [
        Condition.NOT_REFERENCED_FROM_RESET,
        Condition.HOMING_BY_COMMAND,
        Condition.READY_FROM_HOMING,
        Condition.MOVING,
        Condition.READY_FROM_MOVING,
    ]
    assert 0.0 < bench.ask(AXIS.position()) < 10.0


@given(st.floats(-25, 25))
def test_any_place_within_the_limits_is_reached(target: float) -> None:
    bench = Bench()
    bench.home()
    time_s = bench.ask(AXIS.time_of(target))

    assert bench.tell(AXIS.move_to(target)) is CommandError.NONE
    bench.clock.advance(time_s + 1e-5)

    assert bench.ask(AXIS.position()) == pytest.approx(target, abs=2e-6)
    assert bench.ask(AXIS.status()).state is ControllerState.READY


def test_a_relative_move_goes_on_from_where_it_is(homed: Bench) -> None:
    for _ in range(2):
        homed.tell(AXIS.move_by(-3.5))
        homed.clock.advance(5.0)

    assert homed.ask(AXIS.position()) == -7.0
    assert homed.ask(AXIS.target()) == -7.0


@pytest.mark.parametrize(
    ("command", "query", "value"),
    [
        (AXIS.set_velocity(2.5), AXIS.velocity(), 2.5),
        (AXIS.set_acceleration(10), AXIS.acceleration(), 10.0),
        (AXIS.set_negative_limit(-5), AXIS.negative_limit(), -5.0),
        (AXIS.set_positive_limit(5), AXIS.positive_limit(), 5.0),
    ],
)
def test_a_parameter_is_set_and_read_back(homed: Bench, command: str, query: Query[float], value: float) -> None:
    assert homed.tell(command) is CommandError.NONE
    assert homed.ask(query) == value


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (AXIS.move_to(25.1), CommandError.OUT_OF_LIMITS),
        (AXIS.move_by(-25.1), CommandError.OUT_OF_LIMITS),
        (AXIS.set_velocity(0), CommandError.PARAMETER),
        (AXIS.set_velocity(1000), CommandError.PARAMETER),
        (AXIS.set_positive_limit(-1), CommandError.PARAMETER),
        (AXIS.home(), CommandError.READY),
        (AXIS.enable(), CommandError.READY),
        (AXIS.enter_configuration(), CommandError.READY),
        ("1PA", CommandError.PARAMETER),
        ("1PAnan", CommandError.PARAMETER),
        ("1MM7", CommandError.PARAMETER),
        ("1TBq", CommandError.PARAMETER),
        ("1QQ", CommandError.UNKNOWN_COMMAND),
        ("PA5", CommandError.UNKNOWN_COMMAND),
        ("", CommandError.UNKNOWN_COMMAND),
        ("\x00\x7f", CommandError.UNKNOWN_COMMAND),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_letter(homed: Bench, command: str, error: CommandError) -> None:
    assert homed.tell(command) is error


def test_a_parameter_is_not_taken_before_home(bench: Bench) -> None:
    assert bench.tell(AXIS.set_velocity(2.0)) is CommandError.NOT_REFERENCED


def test_the_letter_is_forgotten_once_it_was_told(homed: Bench) -> None:
    homed.tell(AXIS.move_to(99))

    assert homed.ask(AXIS.last_error()) is CommandError.NONE


def test_motor_off_and_on(homed: Bench) -> None:
    assert homed.tell(AXIS.disable()) is CommandError.NONE
    assert homed.ask(AXIS.status()).condition is Condition.DISABLE_FROM_READY
    assert homed.tell(AXIS.enable()) is CommandError.NONE
    assert homed.ask(AXIS.status()).condition is Condition.READY_FROM_DISABLE


def test_configuration_and_reset(bench: Bench) -> None:
    commands = (AXIS.enter_configuration(), AXIS.leave_configuration(), AXIS.reset())
    seen = []

    for command in commands:
        assert bench.tell(command) is CommandError.NONE
        seen.append(bench.ask(AXIS.status()).condition)

    assert seen == [
        Condition.CONFIGURATION,
        Condition.NOT_REFERENCED_FROM_CONFIGURATION,
        Condition.NOT_REFERENCED_FROM_RESET,
    ]


def test_all_parameters_come_in_one_answer(bench: Bench) -> None:
    reply = bench.controller.answer(AXIS.configuration().encode())
    assert reply is not None
    lines = reply.decode().split("\r\n")

    assert AXIS.is_configuration_end(lines[-1])
    assert AXIS.parse_configuration(lines) == {
        "AC": "40",
        "JR": "0",
        "OH": "4",
        "OT": "20",
        "SL": "-25",
        "SR": "25",
        "VA": "8",
    }


def test_another_address_is_passed_over(homed: Bench) -> None:
    assert homed.controller.answer(b"2PA5") is None
    assert homed.controller.answer(b"2TS") is None

    assert homed.ask(AXIS.last_error()) is CommandError.NONE
    assert homed.ask(AXIS.status()).state is ControllerState.READY


def test_a_stop_without_address_stops_everyone(homed: Bench) -> None:
    homed.tell(AXIS.move_to(20))
    homed.clock.advance(1.0)

    homed.controller.answer(b"ST")
    homed.clock.advance(1.0)

    assert homed.ask(AXIS.position()) < 20


@given(st.binary(max_size=20))
def test_no_line_breaks_it(line: bytes) -> None:
    bench = Bench()

    bench.controller.answer(line)

    assert bench.ask(AXIS.status()).condition in Condition


@pytest.mark.parametrize("error", PositionerError)
def test_every_error_can_be_made_and_mended_from_outside(homed: Bench, error: PositionerError) -> None:
    name = str(error.name).lower()

    homed.controller.set_quantity(name, True)
    assert homed.ask(AXIS.status()).errors is error
    assert homed.ask(AXIS.status()).state is not ControllerState.READY
    assert homed.controller.quantities()[name] is True
    homed.controller.set_quantity(name, False)

    assert not homed.ask(AXIS.status()).errors


def test_the_quantities_tell_the_truth_about_a_move(homed: Bench) -> None:
    homed.tell(AXIS.move_to(20))
    homed.clock.advance(1.0)

    found = homed.controller.quantities()

    assert found["position"] == pytest.approx(8.0 * (1.0 - 0.1))
    assert found["velocity"] == pytest.approx(8.0)
    assert found["state"] == "moving"
    assert found["condition"] == "moving"
    assert found["target"] == 20.0


def test_a_hand_moves_the_stage_of_a_motor_that_is_off(homed: Bench) -> None:
    homed.tell(AXIS.disable())

    homed.controller.set_quantity("position", 7.0)

    assert homed.ask(AXIS.position()) == 7.0


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("position", 7.0, ParameterError),
        ("position", 99.0, OutOfRangeError),
        ("position", "far", ParameterError),
        ("following_error", 1.0, ParameterError),
        ("velocity", 1.0, NotFoundError),
    ],
)
def test_nature_does_not_do_the_impossible(homed: Bench, name: str, value: float | str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        homed.controller.set_quantity(name, value)


def test_power_off_and_on_loses_home(homed: Bench) -> None:
    homed.tell(AXIS.set_velocity(1.0))
    homed.controller.answer(b"1QQ")

    homed.controller.power_cycle()

    assert homed.ask(AXIS.status()).condition is Condition.NOT_REFERENCED_FROM_RESET
    assert homed.ask(AXIS.last_error()) is CommandError.NONE
    assert homed.ask(AXIS.velocity()) == 8.0


def test_the_command_line_makes_the_stage_that_it_describes() -> None:
    parser = argparse.ArgumentParser()
    sim.add_options(parser)
    options = parser.parse_args(["--address", "3", "--velocity", "5", "--travel", "0", "50", "--parked", "2"])

    controller = sim.make(options, Clock().seconds)

    assert controller.answer(b"3VA?") == b"3VA5"
    assert controller.answer(b"3SL?") == b"3SL0"
    assert controller.answer(b"3SR?") == b"3SR50"
    assert controller.quantities()["position"] == 2.0


@pytest.mark.parametrize("arguments", [["--velocity", "0"], ["--acceleration", "-1"], ["--address", "32"]])
def test_a_stage_that_cannot_be_is_refused(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    sim.add_options(parser)

    with pytest.raises(argparse.ArgumentError):
        parser.parse_args(arguments)
