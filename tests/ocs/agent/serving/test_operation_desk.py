"""`R.D.ops`, in the words of OCS 0.12 and ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import Device, Session, State, StateChart, process, task, transition
from ocs.model.errors import ErrorCode
from ocs.model.operation import ReplyCode
from ocs.wire import uris
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]
OK, ERROR, TIMEOUT = ReplyCode.OK.value, ReplyCode.ERROR.value, ReplyCode.TIMEOUT.value


class Chart(StateChart):
    OFF = State(tango="OFF", initial=True)
    ON = State(tango="ON")
    switch_on = transition(OFF, ON)


class Stage(Device):
    """A stage."""

    chart = Chart

    @task
    def move(self, session: Session, seconds: float = 5.0) -> float:
        """Move.

        Args:
            seconds: For how long.
        """
        session.sleep(seconds)
        return seconds

    @process
    def track(self, session: Session) -> None:
        """Track."""
        for _ in session.ticks(1.0):
            pass

    @task(when=Chart.ON)
    def aim(self, session: Session) -> None:
        """Aim."""


@pytest.fixture
def stage(panel_of: PanelOf) -> Panel:
    return panel_of(Stage, "stage")


def ask(stage: Panel, *args: Any, **kwargs: Any) -> Any:
    return stage.call(uris.operations(*stage.where), *args, **kwargs)


def test_a_start_answers_at_once_with_the_session(stage: Panel) -> None:
    code, message, session = ask(stage, "start", "move", {"seconds": 2.0})

    assert (code, message) == (OK, 'Started task "move".')
    assert (session["op_name"], session["params"]) == ("move", {"seconds": 2.0})


def test_a_run_answers_with_its_end(stage: Panel) -> None:
    code, message, session = ask(stage, "run", "move", {"seconds": 2.0})

    assert (code, message) == (OK, 'Operation "move" is currently not running (SUCCEEDED).')
    assert session["result"] == 2.0


def test_a_wait_ends_at_its_time_or_with_the_run(stage: Panel) -> None:
    ask(stage, "start", "move")

    assert ask(stage, "wait", "move", timeout=1.0)[:2] == [TIMEOUT, 'Operation "move" still running; wait timed out.']
    assert ask(stage, "wait", "move")[0] == OK


def test_what_never_ran_is_idle(stage: Panel) -> None:
    assert ask(stage, "wait", "move") == [OK, "Idle.", {}]
    assert ask(stage, "status", "move") == [OK, "No session active.", {}]


def test_a_stop_and_an_abort_are_asked_for(stage: Panel) -> None:
    ask(stage, "start", "track")
    ask(stage, "start", "move")

    assert ask(stage, "stop", "track")[:2] == [OK, 'Requested stop on process "track".']
    assert ask(stage, "abort", "move")[:2] == [OK, 'Requested abort on task "move".']
    assert ask(stage, "wait", "move")[1] == 'Operation "move" is currently not running (FAILED).'


def test_an_end_of_another_run_is_refused(stage: Panel) -> None:
    first = ask(stage, "run", "move", {"seconds": 0.1})[2]
    ask(stage, "start", "move")

    code, message, session = ask(stage, "abort", "move", {"run_id": first["run_id"]})

    assert (code, session["refused"]["code"]) == (ERROR, ErrorCode.NOT_RUNNING.value)
    assert "that run of move has ended" in message


def test_a_refusal_shows_the_run_in_its_way(stage: Panel) -> None:
    running = ask(stage, "start", "move")[2]

    code, _, session = ask(stage, "start", "move")

    assert (code, session["refused"]["code"], session["run_id"]) == (ERROR, ErrorCode.BUSY.value, running["run_id"])


def test_a_state_that_forbids_a_start_is_a_refusal_that_names_it(stage: Panel) -> None:
    code, message, session = ask(stage, "start", "aim")

    assert code == ERROR
    assert message == "aim cannot be started while stage is in OFF; it can in ON"
    assert (session["refused"]["given"], session["refused"]["allowed"]) == ("OFF", ["ON"])


@pytest.mark.parametrize("timeout", ["long", True, float("nan")])
def test_a_time_that_is_none_is_refused(stage: Panel, timeout: Any) -> None:
    code, message, _ = ask(stage, "wait", "move", timeout=timeout)

    assert (code, "timeout is" in message) == (ERROR, True)


def test_an_infinite_time_waits_for_ever(stage: Panel) -> None:
    ask(stage, "start", "move")

    assert ask(stage, "wait", "move", timeout=float("inf"))[0] == OK


def test_an_operation_that_is_added_can_be_asked_for(stage: Panel) -> None:
    def extra(session: Session) -> str:
        """Do more."""
        return "more"

    stage.device.add_task("extra", extra)

    assert ask(stage, "run", "extra")[2]["result"] == "more"


def test_history_has_the_newest_runs_oldest_first(stage: Panel) -> None:
    for seconds in (0.1, 0.2, 0.3):
        ask(stage, "run", "move", {"seconds": seconds})

    told = stage.query("history", "move", 2)

    assert [session["result"] for session in told] == [0.2, 0.3]
