"""Conversations with a device, played against scripted answers."""

from collections.abc import Sequence
from typing import Any

import pytest

from ocs.client.requests import SLICE_S, DeviceRequests, StillRunningError
from ocs.client.steps import Call, Conversation, carry_out
from ocs.model.errors import BusyError, ErrorCode, OcsError
from ocs.model.interface import DeviceInterface, Identity, OperationInterface
from ocs.model.operation import Kind, Outcome, Status

DONE = {
    "session_id": 3, "op_name": "ramp", "op_code": 5, "status": "done", "success": True, "degraded": False,
    "start_time": 1.0, "end_time": 2.0, "data": {}, "messages": [], "outcome": "succeeded", "result": 42,
}  # fmt: skip
RUNNING = {**DONE, "op_code": 3, "status": "running", "success": None, "end_time": None, "outcome": None}


def requests(wire: str = "1.0") -> DeviceRequests:
    identity = Identity("oven-1", "observatory", "", "Oven", "", "", "", "", 0, 0, wire)
    return DeviceRequests("observatory", DeviceInterface(identity, {"ramp": OperationInterface("ramp", Kind.TASK)}, {}))


def play(conversation: Conversation[Any], answers: Sequence[Any]) -> tuple[Any, list[Call]]:
    """Carry a conversation out; each call gets the next answer, or raises it."""
    calls: list[Call] = []
    left = list(answers)

    def make_call(call: Call) -> Any:
        calls.append(call)
        answer = left.pop(0)
        if isinstance(answer, OcsError):
            raise answer
        return answer

    result = carry_out(conversation, make_call)
    assert not left, "answers that nobody asked for"
    return result, calls


def test_a_run_is_one_call_when_it_ends_soon() -> None:
    session, calls = play(requests().run("ramp", {"target": 3}, 10.0), [[0, "ended", DONE]])

    assert (session.result, session.outcome, session.status) == (42, Outcome.SUCCEEDED, Status.DONE)
    assert [(call.procedure, call.args, call.kwargs) for call in calls] == [
        ("observatory.oven-1.ops", ("run", "ramp", {"target": 3}), {"timeout": 10.0})
    ]


def test_a_long_wait_is_made_of_slices_each_with_a_deadline() -> None:
    running = [1, "still running", RUNNING]

    _, calls = play(requests().wait("ramp", None), [running, running, [0, "ended", DONE]])

    assert [call.kwargs["timeout"] for call in calls] == [SLICE_S] * 3
    assert all(call.timeout_s > SLICE_S for call in calls)


def test_a_wait_that_times_out_says_how_far_the_run_is() -> None:
    running = [1, "still running", {**RUNNING, "progress": {"fraction": 0.25, "message": ""}}]

    with pytest.raises(StillRunningError, match=r"oven-1.ramp still runs after 35 s of waiting \(25% done\)") as late:
        play(requests().wait("ramp", 35.0), [running, running])

    assert late.value.session is not None
    assert late.value.code is ErrorCode.TIMEOUT


def test_an_agent_of_ocs_gets_start_and_wait() -> None:
    _, calls = play(requests(wire="").run("ramp", {}, 5.0), [[0, "Started", RUNNING], [0, "ended", DONE]])

    assert [call.args[0] for call in calls] == ["start", "wait"]


def test_a_refusal_is_raised_with_its_code_and_the_operation() -> None:
    refused = {**RUNNING, "refused": {"code": "busy", "message": "ramp runs already", "field": "ramp"}}

    with pytest.raises(BusyError, match=r"^oven-1\.ramp: ramp runs already$"):
        play(requests().start("ramp", {}), [[-1, "ramp runs already", refused]])


def test_a_refusal_of_an_agent_of_ocs_keeps_its_sentence() -> None:
    with pytest.raises(OcsError, match='Operation "ramp" already in progress'):
        play(requests(wire="").start("ramp", {}), [[-1, 'Operation "ramp" already in progress.', {}]])


def test_an_answer_that_is_no_reply_is_told() -> None:
    with pytest.raises(OcsError, match="the answer is no reply of an agent: pong"):
        play(requests().status("ramp"), ["pong"])


def test_a_run_gives_its_own_session_although_another_began_meanwhile() -> None:
    own, other = {**DONE, "run_id": "7-3"}, {**DONE, "run_id": "7-4", "session_id": 4, "result": 0}
    session, calls = play(
        requests().run("ramp", {}, None), [[1, "", {**RUNNING, "run_id": "7-3"}], [0, "", other], [own, other]]
    )

    assert session.result == 42
    assert calls[-1].args[0] == "history"


def test_a_run_can_be_named_that_is_to_end() -> None:
    _, calls = play(requests().abort("ramp", "17-3"), [[0, "Requested", RUNNING]])

    assert calls[0].args == ("abort", "ramp", {"run_id": "17-3"})


def test_without_a_run_whichever_is_active_ends() -> None:
    _, calls = play(requests().stop("ramp"), [[0, "Requested", RUNNING]])

    assert calls[0].args == ("stop", "ramp", {})
