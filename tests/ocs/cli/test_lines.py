"""Lines that wait to be shown."""

from __future__ import annotations

import json

import pytest

from ocs.cli.lines import Lines
from ocs.model.errors import DeadlineError, ExitCode


def filled(*texts: str) -> Lines:
    lines = Lines()
    for text in texts:
        lines.put("oven-1 thermal", text, {"kind": "feed", "text": text})
    return lines


def test_lines_are_shown_in_order_until_there_were_enough(capsys: pytest.CaptureFixture[str]) -> None:
    assert filled("one", "two", "three").show(2, None, as_json=False) is ExitCode.OK

    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[1:] == ["oven-1", "thermal", "one"]
    assert second.endswith("two")


def test_programs_get_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    filled("one").show(1, None, as_json=True)

    document = json.loads(capsys.readouterr().out)
    assert document["text"] == "one"
    assert document["time"] > 0


def test_the_end_of_the_time_is_no_error_unless_a_number_was_asked_for() -> None:
    assert filled("one").show(None, 0.0, as_json=False) is ExitCode.OK
    with pytest.raises(DeadlineError, match=r"1 of 2 came within 0 s"):
        filled("one").show(2, 0.0, as_json=False)


def test_what_was_taken_is_gone() -> None:
    lines = filled("one")

    assert [document["text"] for _, document in lines.taken()] == ["one"]
    assert lines.taken() == []
