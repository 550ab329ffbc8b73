"""Requests that make no sense: each is refused before anything starts, in one sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.client import Observatory
from ocs.client.requests import StillRunningError
from ocs.client.steps import Call, Conversation
from ocs.model.errors import (
    BusyError,
    MissingParameterError,
    NotAllowedError,
    NotFoundError,
    NotRunningError,
    OcsError,
    OperationFailedError,
    OutOfRangeError,
    ParameterError,
    UnknownParameterError,
)
from ocs.model.operation import Outcome
from tests.system.programs import check_sentence, sentence

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


def ask(obs: Observatory, *args: Any, **kwargs: Any) -> Any:
    """Ask odd-1 as a foreign client would, without our client's own checks."""

    def conversation() -> Conversation[Any]:
        return (yield Call("observatory.odd-1.ops", args, kwargs))

    return obs.client.do(conversation())


def test_an_unknown_device_is_told_with_those_that_are_known(obs: Observatory) -> None:
    with pytest.raises(NotFoundError) as refused:
        obs["nobody-1"]

    assert "there is no device nobody-1" in sentence(refused.value)


def test_an_unknown_operation_is_told_with_those_that_are_known(odd: Any) -> None:
    with pytest.raises(AttributeError, match=r"odd-1 has no operation, channel or command fly; it has .*move"):
        _ = odd.fly


def test_an_unknown_operation_on_the_wire_is_refused(obs: Observatory) -> None:
    code, message, session = ask(obs, "start", "fly", {})

    assert code == -1
    assert session["refused"]["code"] == "not_found"
    assert message.startswith("odd-1 has no operation 'fly'; it has ")
    check_sentence(message)


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("explode", "move"), "not_found", "there is no action 'explode'; there are start, status"),
        ((), "missing_parameter", "a request names an action and an operation"),
        (("start",), "missing_parameter", "a request names an action and an operation"),
        ((["start"], "move"), "not_found", "there is no action"),
        (("start", {"op": 1}), "not_found", "has no operation"),
        (("start", "move", "fast"), "wrong_type", "parameters are given by name"),
        (("start", "move", [1]), "wrong_type", "parameters are given by name"),
        (("wait", "move", None, "soon"), "wrong_type", "timeout is 'soon'"),
        (("start", "move", {"position": 1}, None, None, "more"), "wrong_type", "a request has action"),
    ],
)
def test_a_malformed_request_is_refused(obs: Observatory, args: tuple[Any, ...], code: str, told: str) -> None:
    answer, message, session = ask(obs, *args)

    assert answer == -1
    assert session["refused"]["code"] == code
    assert told in message
    check_sentence(message)


BAD_PARAMETERS: list[tuple[dict[str, Any], type[OcsError], str]] = [
    ({}, MissingParameterError, "parameter position is needed: Where to go."),
    ({"position": 11}, OutOfRangeError, "position is 11 mm; it must be at most 10 mm (allowed: -10 to 10 mm)"),
    ({"position": -10.5}, OutOfRangeError, "position is -10.5 mm; it must be at least -10 mm"),
    ({"position": float("nan")}, ParameterError, "position"),
    ({"position": float("inf")}, ParameterError, "position"),
    ({"position": "far"}, ParameterError, "position is 'far'"),
    ({"position": True}, ParameterError, "position is True"),
    ({"position": None}, ParameterError, "position is None"),
    ({"position": [1.0]}, ParameterError, "position is [1.0]"),
    ({"position": 1, "turns": 1.5}, ParameterError, "turns is 1.5"),
    ({"position": 1, "colour": "green"}, ParameterError, "colour is 'green': it must be 'red' or 'blue'"),
    ({"positon": 1}, UnknownParameterError, "there is no parameter positon; did you mean position?"),
    ({"position": 1, "speed": 2}, UnknownParameterError, "there is no parameter speed; it takes position, turns"),
]


@pytest.mark.parametrize(("params", "kind", "told"), BAD_PARAMETERS)
def test_a_bad_parameter_is_refused_before_anything_starts(
    odd: Any, params: dict[str, Any], kind: type[OcsError], told: str
) -> None:
    before = odd.move.status()

    with pytest.raises(kind) as refused:
        odd.move(**params)

    assert told in sentence(refused.value)
    assert sentence(refused.value).startswith("odd-1.move: ")
    assert odd.move.status() == before


def test_after_bad_parameters_good_ones_work(odd: Any) -> None:
    with pytest.raises(ParameterError):
        odd.move(position="far")

    assert odd.move(position=2.5, turns=2).result == 5.0


def test_a_start_while_it_runs_is_refused_and_tells_the_run(odd: Any) -> None:
    run = odd.nap.start()

    with pytest.raises(BusyError) as refused:
        odd.nap.start()

    assert "nap runs already since" in sentence(refused.value)
    assert refused.value.retryable
    assert odd.nap.status().session_id == run.session.session_id


def test_stop_on_a_task_is_refused(odd: Any) -> None:
    odd.nap.start()

    with pytest.raises(NotAllowedError) as refused:
        odd.nap.stop()

    assert sentence(refused.value) == "odd-1.nap: nap is a task: abort it, or wait until it ends"


def test_abort_on_a_process_is_refused(odd: Any) -> None:
    odd.count.start()

    with pytest.raises(NotAllowedError) as refused:
        odd.count.abort()

    assert sentence(refused.value) == "odd-1.count: count is a process: stop it"
    assert not odd.count.status().ended


def test_abort_of_a_task_that_allows_none_is_refused(odd: Any) -> None:
    run = odd.insist.start()

    with pytest.raises(NotAllowedError) as refused:
        run.abort()

    assert "insist cannot be aborted; wait until it ends" in sentence(refused.value)
    assert run.wait(10).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("operation", ["move", "count"])
def test_ending_what_does_not_run_is_refused(odd: Any, operation: str) -> None:
    with pytest.raises(NotRunningError) as refused:
        odd.operations[operation].end()

    assert f"{operation} is not running" in sentence(refused.value)


def test_a_second_abort_is_refused_or_finds_the_run_ended(odd: Any) -> None:
    run = odd.nap.start()
    run.abort()

    with pytest.raises(NotRunningError):
        run.abort()

    assert odd.nap.wait(10).outcome is Outcome.ABORTED


def test_a_wait_that_times_out_tells_how_far_the_run_is_and_leaves_it_alone(odd: Any) -> None:
    run = odd.nap.start()

    with pytest.raises(StillRunningError) as late:
        run.wait(timeout_s=0.1)

    assert "odd-1.nap still runs after 0.1 s of waiting" in sentence(late.value)
    assert late.value.session is not None
    assert not odd.nap.status().ended


def test_a_run_that_outlasts_its_own_limit_is_ended_by_the_agent(odd: Any) -> None:
    with pytest.raises(OperationFailedError) as late:
        odd.dawdle()

    assert "odd-1.dawdle ran into its time limit" in sentence(late.value)
    assert odd.dawdle.status().outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize(
    "wrong",
    [
        lambda obs: obs.realm.devices(),
        lambda obs: obs[""],
        lambda obs: obs["no name"],
        lambda obs: obs["odd-1.ops"],
        lambda obs: obs["//elsewhere/odd-1"],
    ],
)
def test_questions_that_nobody_can_answer_are_told_in_a_sentence(
    obs: Observatory, wrong: Callable[[Observatory], Any]
) -> None:
    with pytest.raises(OcsError) as refused:
        wrong(obs)

    sentence(refused.value)
