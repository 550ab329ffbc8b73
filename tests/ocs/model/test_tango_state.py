from __future__ import annotations

from ocs.model.tango_state import ALWAYS_REACHABLE, TangoState


def test_the_numbers_are_those_of_tango() -> None:
    words = [
        "ON", "OFF", "CLOSE", "OPEN", "INSERT", "EXTRACT", "MOVING", "STANDBY", "FAULT", "INIT", "RUNNING", "ALARM",
        "DISABLE", "UNKNOWN",
    ]  # fmt: skip

    assert [state.name for state in sorted(TangoState, key=lambda state: state.value)] == words
    assert sorted(state.value for state in TangoState) == list(range(14))


def test_a_device_may_always_say_that_it_is_broken_alarmed_unsure_or_starting() -> None:
    assert {state.name for state in ALWAYS_REACHABLE} == {"FAULT", "ALARM", "UNKNOWN", "INIT"}
