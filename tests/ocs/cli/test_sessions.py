"""Sessions in words."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.cli.sessions import data_lines, row, state_word, tells, when
from ocs.client.session import Session, decode_session

RAW: dict[str, Any] = {"session_id": 1, "op_name": "ramp", "status": "running", "start_time": 100.0, "messages": []}
FAILURE = {"code": "out_of_range", "message": "too hot", "type": "", "place": ""}


def session(**keys: Any) -> Session:
    found = decode_session({**RAW, **keys})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({}, "running"),
        ({"degraded": True}, "degraded"),
        ({"stuck": "in ramp (oven.py:1)"}, "stuck"),
        ({"status": "done", "outcome": "timed_out", "end_time": 200.0}, "timed out"),
        ({"status": "done", "success": True, "end_time": 200.0}, "succeeded"),
    ],
)
def test_a_state_is_one_word(keys: dict[str, Any], word: str) -> None:
    assert state_word(session(**keys)) == word


def test_an_operation_that_never_ran_says_so() -> None:
    name, word, since, line = row("ramp", {"op_name": "ramp", "status": "no_history"}, 0.0)

    assert (name, word.text, since, line) == ("ramp", "never ran", "", "")


def test_a_running_one_tells_for_how_long_an_ended_one_how_long_ago() -> None:
    assert when(session(), 112.0) == "for 12 s"
    assert when(session(end_time=200.0), 500.0) == "5 min ago"


def test_what_matters_most_is_told() -> None:
    assert tells(session(progress={"fraction": 0.5, "message": "150.0 K"})) == "50% 150.0 K"
    assert tells(session(status="done", outcome="failed", error=FAILURE)) == "too hot"
    assert tells(session(messages=[[100.0, 'Status is now "running".'], [101.0, "valve open"]])) == "valve open"


def test_data_are_a_line_a_key_and_long_lists_a_line_an_item() -> None:
    data = {"ready": True, "since": 61.0, "children": [{"name": "a" * 50}, {"name": "b" * 50}]}

    assert data_lines(data) == [
        "ready: True",
        "since: 00:01:01.0 UTC",
        "children:",
        f"  - name={'a' * 50}",
        f"  - name={'b' * 50}",
    ]
