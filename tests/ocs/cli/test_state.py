"""States and transitions from the command line."""

from __future__ import annotations

import pytest

from ocs.cli.main import run
from ocs.cli.state import show_state, state_word
from ocs.model.tango_state import TangoState
from ocs.wire.states import StateReport
from tests.ocs.cli.conftest import Served, system_test


def test_a_state_is_told_with_its_author_reason_and_what_may_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    report = StateReport(
        "READY", TangoState.ALARM, "warm\nvoltage is too high", 1700000000.0, "alice", "first light", ("switch_off",)
    )

    show_state("psu-1", report, 1700000012.0)

    assert capsys.readouterr().out.splitlines() == [
        "psu-1: READY (ALARM) for 12 s",
        "  since    2023-11-14 22:13:20 UTC by alice",
        "  reason   first light",
        "  allowed  switch_off",
        "  status   warm",
        "           voltage is too high",
    ]


def test_a_state_that_is_one_of_tangos_is_told_once() -> None:
    assert state_word(StateReport("ON", TangoState.ON, "", 0.0)) == "ON"


@pytest.mark.parametrize("words", [("switch_on", "--to", "ON"), ("--reason", "why not")])
def test_half_a_wish_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert run(["state", "psu-1", *words]) == 2


@system_test
def test_transitions_are_asked_for_by_name_and_by_state(served: Served) -> None:
    there = served.asked("state", "psu-1", "switch_on", "--reason", "first light")
    again = served.asked("state", "psu-1", "switch_on", expect=7)
    back = served.asked_json("state", "psu-1", "--to", "OFF")

    assert "psu-1: ON for 0 s" in there
    assert "first light" in there
    assert "switch_on is not allowed in state ON" in again
    assert "switch_off" in again
    assert (back["state"], back["number"], back["allowed"]) == ("OFF", 1, ["switch_on"])


@system_test
def test_a_transition_that_fails_leaves_the_device_where_it_was(served: Served) -> None:
    served.asked("write", "psu-1", "setpoint=29.5")
    told = served.asked("state", "psu-1", "switch_on", expect=1)
    after = served.asked_json("state", "psu-1")
    served.asked("write", "psu-1", "setpoint=0", "--wait", "20")

    assert "the relay does not close above 29 V" in told
    assert after["state"] == "OFF"


@system_test
def test_states_and_triggers_that_there_are_not_are_told_with_those_that_are(served: Served) -> None:
    assert "there is no state STANDBY; the states are OFF, ON" in served.asked(
        "state", "psu-1", "--to", "STANDBY", expect=6
    )
    assert "switch_on" in served.asked("state", "psu-1", "swich_on", expect=6)
    assert "the device's own" in served.asked("state", "psu-1", "_trip", expect=7)
