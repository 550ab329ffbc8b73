from __future__ import annotations

import pytest

from ocs.model.overlay import overlaid, status_text
from ocs.model.tango_state import TangoState

COVERED = {TangoState.ON, TangoState.ALARM}


@pytest.mark.parametrize("stored", list(TangoState))
def test_without_alarm_every_state_is_seen_as_stored(stored: TangoState) -> None:
    assert overlaid(stored, alarming=False) is stored


@pytest.mark.parametrize("stored", list(TangoState))
def test_an_alarm_covers_on_and_no_other_state(stored: TangoState) -> None:
    expected = TangoState.ALARM if stored in COVERED else stored

    assert overlaid(stored, alarming=True) is expected


@pytest.mark.parametrize("stored", list(TangoState))
def test_a_class_may_say_which_states_an_alarm_covers(stored: TangoState) -> None:
    expected = TangoState.ALARM if stored is TangoState.RUNNING else stored

    assert overlaid(stored, alarming=True, may={TangoState.RUNNING}) is expected


def test_status_names_the_state_unless_the_device_says_more() -> None:
    assert status_text("OFF", "", []) == "The device is in OFF state."
    assert status_text("OFF", "  \n", []) == "The device is in OFF state."
    assert status_text("OFF", "door open\ncooling", []) == "door open\ncooling"


def test_status_has_one_line_per_culprit() -> None:
    told = status_text("ALARM", "", ["temperature is 381 K,\nat or above its max_alarm 380 K", "flow is 0 l/min"])

    assert told.splitlines() == [
        "The device is in ALARM state.",
        "temperature is 381 K, at or above its max_alarm 380 K",
        "flow is 0 l/min",
    ]
