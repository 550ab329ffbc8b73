from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import ErrorCode
from ocs.model.operation import Kind, Outcome
from ocs.model.run import Failure, RunRecord
from ocs.testing.memory_codec import Codec, pack, through
from ocs.wire.sessions import MESSAGES_SENT, decode_failure, encode_run


def record() -> RunRecord:
    return RunRecord(0, 10**18, "move", Kind.TASK, now=1.0, params={})


@given(st.lists(st.text(st.characters(codec=None), max_size=50), max_size=300), st.text(st.characters(codec=None)))
def test_a_session_can_always_be_sent(messages: list[str], text: str) -> None:
    run = record()
    for message in messages:
        run.add_message(message, 2.0)
    run.set_progress(0.5, text)
    run.data = {text: [text, np.inf, object]}
    run.stuck = text
    run.finish(Outcome.FAILED, 3.0, failure=Failure(ErrorCode.FAILED, text))

    for codec in Codec:
        encoded = through(codec, encode_run(run))
        assert len(encoded["messages"]) <= MESSAGES_SENT


@pytest.mark.parametrize("length", [10, 1000, 100_000])
def test_messages_leave_a_session_small(length: int) -> None:
    run = record()
    for _ in range(500):
        run.add_message("x" * length, 2.0)

    assert len(pack(encode_run(run))) < 25_000


@pytest.mark.parametrize("data", [np.arange(3), [], None, 0, "", {}, np.array([])])
def test_data_of_any_truth_are_told(data: Any) -> None:
    run = record()
    run.data = data

    told = encode_run(run)["data"]

    assert told == (data.tolist() if isinstance(data, np.ndarray) else data)


def test_a_failure_comes_back() -> None:
    failure = Failure(ErrorCode.BUSY, "busy", "BusyError", "move (stage.py:3)")
    run = record()
    run.finish(Outcome.FAILED, 3.0, failure=failure)

    assert decode_failure(encode_run(run)["error"]) == failure


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_failure_is_none(nothing: Any) -> None:
    assert decode_failure(nothing) is None


class _Broken(dict[str, Any]):
    def items(self) -> Any:
        raise ValueError("not now")


def test_data_that_fail_when_they_are_read_fail_no_reply() -> None:
    run = record()
    run.data = _Broken(a=1)

    encoded = encode_run(run)

    assert encoded["data"] == {}
    assert "ValueError" in encoded["data_error"]
