from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ocs.agent.calling.permission import NO, check_permission, objection
from ocs.model.errors import DeviceError, ErrorCode, NotAllowedError, OcsError


@pytest.mark.parametrize(
    ("answer", "against"),
    [(True, ""), (None, ""), ("", ""), (np.True_, ""), (1, ""), (False, NO), (np.False_, NO), ("closed", "closed")],
)
def test_an_answer_is_for_it_unless_it_is_false_or_a_sentence(answer: Any, against: str) -> None:
    assert objection(answer) == against


def test_a_refusal_says_what_cannot_be_done_and_why() -> None:
    with pytest.raises(NotAllowedError) as caught:
        check_permission(lambda name, *, write: f"{name} {write}", "channel door", "written", "x", write=True)

    assert caught.value.message == "channel door cannot be written: x True"
    assert caught.value.field == "door"


def test_a_check_that_fails_allows_nothing() -> None:
    def broken() -> bool:
        return 1 / 0 > 0

    with pytest.raises(OcsError) as caught:
        check_permission(broken, "move", "called")

    assert caught.value.code is ErrorCode.FAILED
    assert "the check of move failed with ZeroDivisionError" in caught.value.message


def test_a_check_may_refuse_by_an_error_of_its_own() -> None:
    def refuse() -> bool:
        raise DeviceError("the door is open; close it")

    with pytest.raises(DeviceError, match="the door is open"):
        check_permission(refuse, "move", "called")
