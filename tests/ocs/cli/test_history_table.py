"""Answers of the archive as a table."""

from __future__ import annotations

import pytest

from ocs.cli.history_table import show_table, time_text
from ocs.model.gap import Gap, GapCause
from ocs.store.archive.reading.history import History
from tests.ocs.cli.answers import SECOND, START, answer, part


def lines(history: History, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_table(history)
    return capsys.readouterr().out.splitlines()


def test_values_have_units_in_the_head_and_a_word_when_they_are_not_valid(capsys: pytest.CaptureFixture[str]) -> None:
    history = answer(
        part("thermo-1", "f", [0, 1.5], {"t": [300.25, None], "n": [1, 2], "on": [True, False]}, {"t": "K"},
             {"t": ["ALARM", "INVALID"]}),
        part("a", "_channels", [1.5], {"State": ["ON"]}),
    )  # fmt: skip

    assert lines(history, capsys) == [
        "TIME (UTC)               thermo-1.t [K]  thermo-1.n  thermo-1.on  a.State",
        "2027-01-15 08:00:00.000  300.25 ALARM    1           yes",
        "2027-01-15 08:00:01.500  INVALID         2           no           ON",
    ]


def test_gaps_stand_at_their_place_in_time(capsys: pytest.CaptureFixture[str]) -> None:
    gaps = [
        Gap("a", START + SECOND, START + 91 * SECOND, GapCause.AGENT_DOWN, rows=7),
        Gap("a", START + 5 * SECOND, None, GapCause.PAUSED, feed="f", detail="maintenance"),
    ]

    told = lines(answer(part("a", "f", [0, 2], {"x": [1.0, 2.0]}), gaps=gaps), capsys)

    assert told[1:] == [
        "2027-01-15 08:00:00.000  1",
        "2027-01-15 08:00:01.000  -- gap of a until 2027-01-15 08:01:31 (90 s), 7 rows: the agent was not there",
        "2027-01-15 08:00:02.000  2",
        "2027-01-15 08:00:05.000  -- gap of a.f still lasts: archiving was paused: maintenance",
    ]


def test_decimated_values_show_their_range_and_what_that_means(capsys: pytest.CaptureFixture[str]) -> None:
    columns = {"x": [1.5, 2.0], "x:min": [1.0, 2.0], "x:max": [2.0, 2.0], "x:count": [10, 10]}

    told = lines(answer(part("a", "f", [0, 30], columns)), capsys)

    assert [line.split(maxsplit=2)[2] for line in told[1:3]] == ["1.5 (1..2)", "2"]
    assert told[3] == "each line is the mean of 30.0 s (lowest..highest); --all shows every row"


def test_what_does_not_fit_on_a_line_is_told_value_by_value(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"temperature_{number}" for number in range(8)]
    parts = [
        part("thermo-1", name, [0, number], {name: [1.5, number]}, {name: "K"}) for number, name in enumerate(names, 1)
    ]
    gap = Gap("thermo-1", START + SECOND, START + 2 * SECOND, GapCause.AGENT_DOWN)

    told = lines(answer(*parts, gaps=[gap]), capsys)

    assert len(told) == 1 + 16 + 1
    assert [line.split(maxsplit=2)[2] for line in told[8:11]] == [
        "thermo-1.temperature_7 [K]  1.5",
        "thermo-1.temperature_0 [K]  1",
        "-- gap of thermo-1 until 2027-01-15 08:00:02 (1.0 s): the agent was not there",
    ]


def test_a_long_name_leaves_room_for_the_values_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    history = answer(part("thermo-1", "f", [0], {"t" * 70: [1.5], "of_the_beam": [300.25], "n": [7]}))

    told = lines(history, capsys)

    assert [line.split(maxsplit=2)[2] for line in told[1:]] == [
        "thermo-1.ttttttttttttttt...  1.5",
        "thermo-1.of_the_beam         300.25",
        "thermo-1.n                   7",
    ]
    assert max(map(len, told)) <= 60


def test_a_text_of_several_lines_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(answer(part("a", "f", [0, 1], {"remark": ["two\nlines", "one"]})), capsys)

    assert [line.split(maxsplit=2)[2] for line in told[1:]] == ["two lines", "one"]


def test_long_arrays_are_told_by_size_and_range(capsys: pytest.CaptureFixture[str]) -> None:
    told = lines(answer(part("a", "f", [0, 1], {"row": [list(range(100)), [1, 2]]})), capsys)

    assert [line.split(maxsplit=2)[2] for line in told[1:]] == ["[100] 0..99", "[1, 2]"]


def test_times_before_1970_keep_their_milliseconds() -> None:
    assert time_text(-1_000_000) == "1969-12-31 23:59:59.999"
