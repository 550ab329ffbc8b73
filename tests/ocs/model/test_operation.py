from __future__ import annotations

import pytest

from ocs.model.operation import NEXT, SUCCESS, OpCode, Outcome, Status, op_code


def test_every_state_but_the_last_has_a_way_out() -> None:
    assert NEXT.keys() == set(Status)
    assert [status for status, following in NEXT.items() if not following] == [Status.DONE]


def test_the_end_can_be_reached_from_everywhere() -> None:
    reached = {Status.DONE}
    while len(reached) < len(Status):
        new = {status for status, following in NEXT.items() if following & reached} - reached
        assert new, f"no way to the end from {set(Status) - reached}"
        reached |= new


def test_every_outcome_is_a_success_or_not() -> None:
    assert SUCCESS.keys() == set(Outcome)


@pytest.mark.parametrize(
    ("status", "success", "degraded", "code"),
    [
        (None, None, False, OpCode.NONE),
        (Status.STARTING, None, False, OpCode.STARTING),
        (Status.RUNNING, None, False, OpCode.RUNNING),
        (Status.RUNNING, None, True, OpCode.DEGRADED),
        (Status.STOPPING, None, True, OpCode.STOPPING),
        (Status.DONE, True, True, OpCode.SUCCEEDED),
        (Status.DONE, False, False, OpCode.FAILED),
    ],
)
def test_the_number_of_a_state(status: Status | None, success: bool | None, degraded: bool, code: OpCode) -> None:  # noqa: FBT001 - a table
    assert op_code(status, success=success, degraded=degraded) is code
