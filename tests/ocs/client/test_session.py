"""Runs as clients see them."""

from typing import Any

import pytest

from ocs.client.session import decode_session
from ocs.model.errors import AbortedError, ErrorCode, LinkLostError, OcsError, OperationFailedError
from ocs.model.operation import Outcome

OCS = {
    "session_id": 5, "op_name": "acq", "op_code": 5, "cred_level": 1, "status": "done", "degraded": False,
    "success": True, "start_time": 10.0, "end_time": 12.5, "data": {}, "messages": [[10.0, "hello"]],
}  # fmt: skip


def ended(**changes: Any) -> Any:
    return decode_session({**OCS, **changes})


def test_a_session_of_ocs_is_read_without_our_keys() -> None:
    session = ended()

    assert (session.outcome, session.run_id, session.elapsed_s) == (Outcome.SUCCEEDED, "", 2.5)
    assert session.messages == ((10.0, "hello"),)


@pytest.mark.parametrize("raw", [None, {}, {"op_name": "acq", "status": "no_history"}])
def test_an_operation_that_never_ran_has_no_session(raw: dict[str, Any] | None) -> None:
    assert decode_session(raw) is None


def test_a_run_that_ended_well_passes_its_check() -> None:
    session = ended(outcome="stopped")

    assert session.check("oven-1") is session


def test_a_failure_is_raised_with_the_code_type_and_place_of_the_device() -> None:
    failure = {
        "code": "link_lost",
        "message": "the port is gone",
        "type": "LinkLostError",
        "place": "read (agent.py:12)",
    }
    session = ended(success=False, outcome="failed", error=failure)

    with pytest.raises(
        LinkLostError, match=r"oven-1.acq failed: the port is gone \(in read \(agent.py:12\)\)"
    ) as raised:
        session.check("oven-1")
    assert raised.value.code is ErrorCode.LINK_LOST


@pytest.mark.parametrize("outcome", ["aborted", "interrupted"])
def test_an_aborted_run_raises_what_says_so(outcome: str) -> None:
    with pytest.raises(AbortedError, match=f"oven-1.acq was {outcome} after 2.5 s"):
        ended(success=False, outcome=outcome).check("oven-1")


def test_a_failure_of_an_agent_of_ocs_is_told_by_its_last_message() -> None:
    session = ended(success=False, messages=[[1.0, "lock timed out"], [2.0, 'Status is now "done".']])

    with pytest.raises(OperationFailedError, match="acq failed: lock timed out"):
        session.check("oven-1")


def test_a_code_of_a_newer_version_is_still_an_error() -> None:
    failure = {"code": "melted", "message": "no more"}

    with pytest.raises(OcsError, match="no more") as raised:
        ended(success=False, outcome="failed", error=failure).check("oven-1")
    assert raised.value.code is ErrorCode.INTERNAL
