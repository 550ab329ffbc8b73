from __future__ import annotations

from ocs.model.chart import PlainChart, State, StateChart, recall, transition
from ocs.model.chart_diagram import NOTE_LENGTH


class Oven(StateChart):
    OFF, RUN, MOVING = State(initial=True), State("RUNNING"), State(doc="ramping")
    COLD, HOT = State(parent=RUN, initial=True), State(doc="x" * (NOTE_LENGTH + 1), parent=RUN)
    switch_on = transition(OFF, RUN, during=MOVING)
    switch_off = transition([COLD, HOT], OFF)
    reset = transition(StateChart.FAULT, recall(RUN))
    _trip = transition("*", StateChart.FAULT)


def test_a_chart_is_drawn_as_declared() -> None:
    assert (
        Oven.mermaid()
        == """\
stateDiagram-v2
    [*] --> OFF
    state "any state" as anywhere
    OFF
    state RUN {
        [*] --> COLD
        HOT
    }
    MOVING
    FAULT
    OFF --> MOVING: switch_on
    MOVING --> RUN: switch_on done
    COLD --> OFF: switch_off
    HOT --> OFF: switch_off
    FAULT --> RUN: reset, back to where it was
    anywhere --> FAULT: _trip
    note right of MOVING
        ramping
    end note
    note right of FAULT
        something failed; Status says what
    end note
"""
    )


def test_states_that_every_device_has_are_left_out_where_no_transition_names_them() -> None:
    drawn = PlainChart.mermaid()

    assert drawn.startswith("stateDiagram-v2\n    [*] --> ON\n    ON\n")
    assert "FAULT" not in drawn
    assert "anywhere" not in drawn


def test_a_chart_that_begins_in_a_child_is_entered_at_the_parent() -> None:
    class Nested(StateChart):
        OUT = State(initial=True)
        IN = State(parent=OUT, initial=True)

    assert "\n    [*] --> OUT\n    state OUT {\n        [*] --> IN\n    }\n" in Nested.mermaid()
