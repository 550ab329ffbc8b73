"""How answers look."""

from __future__ import annotations

import json

import pytest

from ocs.cli.printing import Word, age, clock, cut, date, emit_json, paint, sentence, shown, table, tell_error


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (12.4, "12 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_ages_have_one_unit(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_times_are_utc() -> None:
    assert clock(1.26) == "00:00:01.2"
    assert date(86_400) == "1970-01-02 00:00:00"


def test_columns_are_as_wide_as_their_longest_word(capsys: pytest.CaptureFixture[str]) -> None:
    table(("A", "LONG"), [("wide one", Word("running")), ("b", "c\nd")])

    assert capsys.readouterr().out == "A         LONG\nwide one  running\nb         c d\n"


def test_no_colours_where_no_terminal_is() -> None:
    assert paint("running", "running") == "running"


def test_what_is_too_long_is_cut() -> None:
    assert cut("0123456789", 8) == "01234..."
    assert cut("01234567", 8) == "01234567"


def test_numbers_are_short_and_maps_on_one_line() -> None:
    assert shown({"a": 0.1 + 0.2, "b": [1, 2.5]}) == "a=0.3 b=[1, 2.5]"


def test_bytes_are_no_obstacle_to_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"data": b"\x01\xff"}, one_line=True)

    assert json.loads(capsys.readouterr().out) == {"data": "01ff"}


def test_a_sentence_stays_on_one_line_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    sentence("word " * 40 + "end\nand another", indent="  ")

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("  word word")
    assert first.endswith("end")
    assert second == "  and another"


def test_a_sentence_is_wrapped_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")

    sentence("one two three four five six", indent="  ")

    assert capsys.readouterr().out.splitlines() == ["  one two three four", "    five six"]


def test_part_of_a_failure_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    tell_error("it is too hot")

    assert capsys.readouterr() == ("", "error: it is too hot\n")
