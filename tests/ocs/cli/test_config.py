"""Configuration of channels from the command line."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.cli.config import show_all, show_changes, show_one
from ocs.cli.main import run
from tests.ocs.cli.conftest import Served, system_test

TOLD: dict[str, Any] = {
    "values": {"label": "x", "unit": "V", "max_alarm": 12, "abs_change": [None, 0.1], "rel_change": [5, 5]},
    "sources": {"label": "library", "unit": "code", "max_alarm": "device", "abs_change": "class", "rel_change": "code"},
    "events": {"change": "", "archive": "x has no threshold; set archive_abs_change"},
    "polling": {"period_s": 0.5, "channels": ["x", "y", "z"], "count": 10, "overruns": 2, "took_s": 0.003,
                "last_error": ""},
}  # fmt: skip


def test_what_differs_from_the_defaults_is_told_by_channel_the_nearest_source_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_all(
        {"State": {"values": {}, "sources": {"description": "code"}}, "x": TOLD, "y": {"values": {}, "sources": {}}}
    )

    assert capsys.readouterr().out.splitlines() == [
        "CHANNEL  KEY         FROM    VALUE",
        "x        max_alarm   device  12",
        "         abs_change  class   inf,0.1",
        "         unit        code    V",
        "         rel_change  code    5",
        "y",
    ]


def test_one_channel_is_told_with_every_key_its_events_and_its_polling(capsys: pytest.CaptureFixture[str]) -> None:
    show_one("psu-1.x", TOLD)

    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[:3] == ["max_alarm", "device", "12"]
    assert lines[6].split()[:3] == ["label", "library", "x"]
    assert any(line.split()[:2] == ["stale_after_s", "library"] for line in lines)
    assert lines[-3:] == [
        "  sends change events",
        "  no archive events: x has no threshold; set archive_abs_change",
        "  polled every 0.5 s with 2 more channels: took 3 ms last time, 2 of 10 left out",
    ]


def test_a_change_is_told_key_by_key(capsys: pytest.CaptureFixture[str]) -> None:
    show_changes("psu-1.x", {**TOLD, "changed": ["max_alarm", "min_alarm"]})
    show_changes("psu-1.x", {**TOLD, "changed": []})

    assert capsys.readouterr().out.splitlines() == [
        "psu-1.x: max_alarm is 12 (from device)",
        "psu-1.x: min_alarm is not specified (from library)",
        "psu-1.x: nothing is different now",
    ]


@pytest.mark.parametrize("words", [("max_alarm=3",), ("voltage", "--class"), ("--reset", "max_alarm")])
def test_half_a_change_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert run(["config", "psu-1", *words]) == 2


@system_test
def test_a_limit_is_changed_and_put_back(served: Served) -> None:
    changed = served.asked("config", "psu-1", "voltage", "max_alarm=24", "abs_change=inf,0.1")
    told = served.asked_json("config", "psu-1.voltage")
    back = served.asked("config", "psu-1", "voltage", "--reset", "max_alarm", "--reset", "abs_change")

    assert "psu-1.voltage: max_alarm is 24 (from device)" in changed
    assert "psu-1.voltage: abs_change is inf,0.1 (from device)" in changed
    assert (told["values"]["max_alarm"], told["sources"]["max_alarm"]) == (24, "device")
    assert "psu-1.voltage: max_alarm is 25 (from code)" in back


@system_test
def test_a_class_is_changed_for_all_its_devices(served: Served) -> None:
    changed = served.asked("config", "psu-1.voltage", "max_alarm=23", "--class")
    back = served.asked("config", "psu-1.voltage", "--reset", "max_alarm", "--class")

    assert "max_alarm is 23 (from class)" in changed
    assert "max_alarm is 25 (from code)" in back


@system_test
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("voltage", "max_alrm=3"), 2, "no configuration key max_alrm; did you mean max_alarm"),
        (("voltage", "max_alarm=high"), 2, "max_alarm is 'high'; it must be a number"),
        (("voltage", "min_alarm=30"), 7, "min_alarm"),
        (("voltag",), 6, "psu-1 has no channel voltag; did you mean voltage?"),
    ],
)
def test_a_wrong_change_is_one_sentence(served: Served, words: tuple[str, ...], code: int, sentence: str) -> None:
    assert sentence in served.asked("config", "psu-1", *words, expect=code)
