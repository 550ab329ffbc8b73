"""Writing channels from the command line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ocs.cli.main import run
from ocs.cli.write import followers
from tests.ocs.cli.conftest import Served, system_test


def channel(name: str, *, partner: str = "", tolerance: float | None = None) -> Any:
    config = SimpleNamespace(settle_tolerance=tolerance)
    return SimpleNamespace(name=name, interface=SimpleNamespace(partner=partner, config=config))


def test_those_are_waited_for_that_have_a_rule_and_follow_what_was_written() -> None:
    following = channel("voltage", partner="setpoint", tolerance=0.1)
    parts = [channel("setpoint"), following, channel("own", tolerance=0.1), channel("odd")]
    device = SimpleNamespace(channels={part.name: part for part in parts})

    assert [one.name for one in followers(device, ["setpoint", "own", "odd"])] == ["voltage", "own"]
    assert [one.name for one in followers(device, ["odd"])] == ["odd"]


def test_nothing_can_be_waited_for_when_nothing_is_written() -> None:
    assert run(["write", "psu-1", "setpoint=1", "--check", "--wait", "3"]) == 2


@system_test
def test_what_was_written_is_read_back_waited_for_and_kept(served: Served) -> None:
    told = served.asked("write", "psu-1", "setpoint=5", "mode=FAST", "wave=1,2,3", "--readback", "--wait", "20")
    after = served.asked_json("read", "psu-1", "setpoint", "mode", "wave")
    wave = ",".join(str(number / 100) for number in range(100))
    served.asked("write", "psu-1", "setpoint=0", "mode=SLOW", f"wave={wave}")

    assert "psu-1.setpoint set to 5.00 V" in told
    assert "[1.00, 2.00, 3.00] V" in told
    assert {name: reading["value"] for name, reading in after.items()} == {
        "setpoint": 5.0, "mode": "FAST", "wave": [1.0, 2.0, 3.0]
    }  # fmt: skip


@system_test
def test_the_value_that_follows_is_waited_for(served: Served) -> None:
    told = served.asked("write", "psu-1", "setpoint=2", "--wait", "20")
    document = served.asked_json("write", "psu-1", "setpoint=0", "--wait", "20")

    assert "psu-1.voltage settled at 2.000 V after " in told
    assert document["setpoint"]["setpoint"] == 0.0
    assert document["voltage"]["settled"]["settled"] is True


@system_test
def test_a_check_changes_nothing(served: Served) -> None:
    told = served.asked("write", "psu-1", "setpoint=7", "--check")

    assert told == "psu-1.setpoint would become 7.00 V\n"
    assert served.asked_json("read", "psu-1", "setpoint")["setpoint"]["value"] == 0.0


@system_test
@pytest.mark.parametrize(
    ("words", "code", "sentences"),
    [
        (("setpoint=40",), 7, ["setpoint is 40 V; it must be at most 30 V", "the nearest allowed value is 30 V"]),
        (("setpoint=nan",), 7, ["give a finite number"]),
        (("setpoint=40", "mode=QUICK"), 7, ["at most 30 V", "mode is 'QUICK'; it must be one of SLOW, FAST"]),
        (("setpoint=hot",), 2, ["setpoint is 'hot'; it must be a number in V"]),
        (("voltage=1",), 7, ["voltage"]),
        (("setpont=1",), 6, ["psu-1 has no channel setpont; did you mean setpoint?"]),
        (("setpoint",), 2, ["write name=value"]),
    ],
)
def test_what_is_refused_is_one_sentence_each(
    served: Served, words: tuple[str, ...], code: int, sentences: list[str]
) -> None:
    told = served.asked("write", "psu-1", *words, expect=code)

    for sentence in sentences:
        assert sentence in told
