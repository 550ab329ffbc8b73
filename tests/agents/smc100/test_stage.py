"""The simulated stage: where it is at each moment, and which commands its state allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from agents.smc100.driver import motion_time
from agents.smc100.stage import Refused, Settings, Stage
from agents.smc100.status import CommandError, Condition, ControllerState, PositionerError


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(clock: Clock) -> Stage:
    return Stage(clock.seconds, Settings())


@pytest.fixture
def ready(stage: Stage, clock: Clock) -> Stage:
    stage.home()
    clock.advance(2.0)
    return stage


def test_it_begins_without_home(stage: Stage) -> None:
    assert stage.condition is Condition.NOT_REFERENCED_FROM_RESET


def test_the_home_search_from_its_park_takes_a_second_and_a_half(stage: Stage, clock: Clock) -> None:
    stage.home()

    clock.advance(1.45)
    assert stage.state is ControllerState.HOMING
    clock.advance(0.1)
    assert stage.condition is Condition.READY_FROM_HOMING


def test_the_encoder_knows_its_place_only_after_home(stage: Stage, clock: Clock) -> None:
    assert (stage.place, stage.position) == (4.0, 0.0)

    stage.home()
    clock.advance(2.0)

    assert (stage.place, stage.position) == (0.0, 0.0)


def test_a_home_search_that_takes_too_long_fails(clock: Clock) -> None:
    stage = Stage(clock.seconds, Settings(home_timeout_s=1.0), parked=20.0)

    stage.home()
    clock.advance(1.0)

    assert stage.condition is Condition.NOT_REFERENCED_FROM_HOMING
    assert stage.errors is PositionerError.HOMING_TIMEOUT
    assert 0.0 < stage.place < 20.0


@pytest.mark.parametrize("target", [16.0, -16.0, 0.4])
def test_a_move_arrives_in_the_predicted_time(ready: Stage, clock: Clock, target: float) -> None:
    time_s = motion_time(target, 8.0, 40.0)

    ready.move(target)
    clock.advance(time_s - 1e-3)
    before = ready.condition
    clock.advance(2e-3)

    assert before is Condition.MOVING
    assert ready.condition is Condition.READY_FROM_MOVING
    assert (ready.position, ready.velocity) == (target, 0.0)


def test_a_stop_slows_down_and_leaves_it_ready(ready: Stage, clock: Clock) -> None:
    ready.move(20.0)
    clock.advance(1.0)
    place = ready.place

    ready.stop()

    assert ready.velocity == pytest.approx(8.0)
    clock.advance(0.1)
    assert ready.state is ControllerState.MOVING
    assert ready.velocity == pytest.approx(4.0)
    clock.advance(0.1)
    assert ready.condition is Condition.READY_FROM_MOVING
    assert ready.place == pytest.approx(place + 0.8)


def test_a_stop_gives_the_home_search_up(stage: Stage, clock: Clock) -> None:
    stage.home()
    clock.advance(0.5)

    stage.stop()
    clock.advance(1.0)

    assert stage.condition is Condition.NOT_REFERENCED_FROM_HOMING


def test_a_stop_at_rest_changes_nothing(ready: Stage) -> None:
    ready.stop()

    assert ready.condition is Condition.READY_FROM_HOMING


@pytest.mark.parametrize("target", [25.001, -25.001])
def test_a_target_out_of_the_limits_is_refused(ready: Stage, target: float) -> None:
    with pytest.raises(Refused) as refused:
        ready.move(target)

    assert refused.value.error is CommandError.OUT_OF_LIMITS
    assert ready.state is ControllerState.READY


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (30.0, PositionerError.POSITIVE_END_OF_RUN),
        (-30.0, PositionerError.NEGATIVE_END_OF_RUN),
    ],
)
def test_an_end_switch_stops_it_and_loses_home(clock: Clock, target: float, error: PositionerError) -> None:
    stage = Stage(clock.seconds, Settings(negative_limit=-40, positive_limit=40))
    stage.home()
    clock.advance(2.0)

    stage.move(target)
    clock.advance(60.0)

    assert stage.condition is Condition.NOT_REFERENCED_FROM_MOVING
    assert stage.errors is error
    assert abs(stage.place) == 25.0


def test_home_can_be_searched_again_after_an_end_switch(clock: Clock) -> None:
    stage = Stage(clock.seconds, Settings(positive_limit=40))
    stage.home()
    clock.advance(2.0)
    stage.move(30.0)
    clock.advance(60.0)

    stage.home()
    clock.advance(20.0)

    assert stage.state is ControllerState.READY
    assert not stage.errors


def test_the_motor_off_stops_a_move_where_it_is(ready: Stage, clock: Clock) -> None:
    ready.move(20.0)
    clock.advance(1.0)
    place = ready.place

    ready.switch_motor(on=False)
    clock.advance(5.0)

    assert ready.condition is Condition.DISABLE_FROM_MOVING
    assert (ready.place, ready.velocity) == (place, 0.0)


def test_the_motor_on_makes_it_ready_again(ready: Stage) -> None:
    ready.switch_motor(on=False)
    off = ready.condition

    ready.switch_motor(on=True)

    assert off is Condition.DISABLE_FROM_READY
    assert ready.condition is Condition.READY_FROM_DISABLE


def test_a_following_error_switches_the_motor_off_and_can_be_recovered(ready: Stage, clock: Clock) -> None:
    ready.move(20.0)
    clock.advance(1.0)

    ready.fail(PositionerError.FOLLOWING_ERROR)

    assert ready.condition is Condition.DISABLE_FROM_MOVING
    assert ready.errors is PositionerError.FOLLOWING_ERROR
    ready.switch_motor(on=True)
    assert not ready.errors


def test_a_broken_motor_loses_home_and_cannot_start_until_mended(ready: Stage) -> None:
    ready.fail(PositionerError.SHORT_CIRCUIT)
    assert ready.condition is Condition.NOT_REFERENCED_FROM_READY

    with pytest.raises(Refused):
        ready.home()
    ready.mend(PositionerError.SHORT_CIRCUIT)
    ready.home()

    assert ready.state is ControllerState.HOMING


def test_a_reset_forgets_home_and_working_parameters_and_stays_in_place(ready: Stage, clock: Clock) -> None:
    ready.settings.velocity = 1.0
    ready.move(1.0)
    clock.advance(5.0)

    ready.reset()

    assert ready.condition is Condition.NOT_REFERENCED_FROM_RESET
    assert ready.settings.velocity == 8.0
    assert (ready.place, ready.position) == (1.0, 0.0)


def test_what_is_set_during_configuration_survives_a_reset(stage: Stage) -> None:
    stage.configure(enter=True)
    stage.settings.velocity = 3.0
    stage.configure(enter=False)

    stage.reset()

    assert stage.settings.velocity == 3.0


def test_a_hand_moves_it_only_while_the_motor_is_off(ready: Stage) -> None:
    with pytest.raises(Refused):
        ready.push(3.0)

    ready.switch_motor(on=False)
    ready.push(3.0)

    assert ready.position == 3.0


@pytest.mark.parametrize(
    ("command", "letter"),
    [
        (lambda stage: stage.move(1.0), "H"),
        (lambda stage: stage.stop(), "H"),
        (lambda stage: stage.switch_motor(on=True), "H"),
        (lambda stage: stage.configure(enter=False), "H"),
    ],
)
def test_before_home_a_command_is_refused_with_its_letter(
    stage: Stage, command: Callable[[Stage], None], letter: str
) -> None:
    with pytest.raises(Refused) as refused:
        command(stage)

    assert refused.value.error.value == letter


def test_each_state_refuses_with_its_own_letter(stage: Stage, clock: Clock) -> None:
    letters = ""

    def refuse(command: Callable[[], None]) -> str:
        with pytest.raises(Refused) as refused:
            command()
        return refused.value.error.value

    stage.configure(enter=True)
    letters += refuse(stage.home)
    stage.configure(enter=False)
    stage.home()
    letters += refuse(stage.home) + refuse(lambda: stage.move(1.0))
    clock.advance(2.0)
    letters += refuse(stage.home)
    stage.move(5.0)
    letters += refuse(lambda: stage.move(1.0))
    stage.switch_motor(on=False)
    letters += refuse(lambda: stage.move(1.0))

    assert letters == "IELKMJ"
