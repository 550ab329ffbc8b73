from __future__ import annotations

from typing import Any

import pytest

from ocs.model.chart import RESERVED, PlainChart, Recall, State, StateChart, recall, transition
from ocs.model.errors import NotFoundError
from ocs.model.tango_state import ALWAYS_REACHABLE, TangoState


class Oven(StateChart):
    OFF, RUN = State(initial=True), State("RUNNING")
    HOT, COLD = State(parent=RUN), State(parent=RUN, initial=True)
    FAULT = State("FAULT", doc="sensor or link lost")
    switch_on = transition(OFF, RUN)
    reset = transition(FAULT, recall(RUN))
    leave_alarm = transition(StateChart.ALARM, OFF)
    _fault = transition("*", FAULT)


class Other(StateChart):
    AWAY = State(initial=True)


def chart(*bases: type[StateChart], **declared: Any) -> type[StateChart]:
    return type("Wrong", bases or (StateChart,), declared)


def test_states_and_transitions_are_kept_as_declared_the_implicit_ones_last() -> None:
    assert list(Oven.states) == ["OFF", "RUN", "HOT", "COLD", "FAULT", "ALARM", "UNKNOWN", "INIT"]
    assert list(Oven.transitions) == ["switch_on", "reset", "leave_alarm", "_fault"]
    assert Oven.children == {"RUN": (Oven.HOT, Oven.COLD)}
    assert Oven.initial is Oven.OFF


def test_a_declared_state_replaces_the_implicit_one() -> None:
    assert Oven.states["FAULT"] is Oven.FAULT is not StateChart.FAULT
    assert Oven.states["ALARM"] is StateChart.ALARM
    assert Oven.resolve(StateChart.FAULT) is Oven.FAULT


def test_the_plain_chart_is_on_and_has_what_every_device_may_enter() -> None:
    assert list(PlainChart.states) == ["ON", *(state.name for state in ALWAYS_REACHABLE)]
    assert PlainChart.initial.tango is TangoState.ON
    assert not PlainChart.transitions


def test_a_parent_is_entered_through_its_initial_child() -> None:
    assert Oven.leaf(Oven.RUN) is Oven.COLD
    assert Oven.leaf(Oven.HOT) is Oven.HOT


def test_a_chart_begins_in_the_initial_child_of_its_initial_state() -> None:
    outer = State(initial=True)
    nested = chart(OUTER=outer, INNER=State(parent=outer, initial=True), LAST=State(parent=outer))

    assert nested.initial.name == "INNER"


def test_a_state_of_another_chart_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="AWAY is no state of Oven; it has OFF, RUN") as caught:
        Oven.leaf(Other.AWAY)

    assert caught.value.allowed == list(Oven.states)


def test_another_charts_state_of_the_same_name_is_not_ours() -> None:
    twin = chart(OFF=State(initial=True))

    with pytest.raises(NotFoundError):
        Oven.resolve(twin.states["OFF"])


class BigOven(Oven):
    OFF = State("OFF", initial=True, doc="unplugged")
    GRILL = State(parent=Oven.RUN)
    grill = transition(Oven.HOT, GRILL)
    switch_on = Oven.switch_on | transition(GRILL, Oven.HOT)


def test_a_sub_class_adds_states_and_transitions() -> None:
    assert BigOven.children["RUN"] == (Oven.HOT, Oven.COLD, BigOven.GRILL)
    assert list(BigOven.transitions) == ["switch_on", "reset", "leave_alarm", "_fault", "grill"]
    assert "GRILL" not in Oven.states
    assert Oven.children["RUN"] == (Oven.HOT, Oven.COLD)


def test_transitions_of_a_sub_class_lead_between_its_own_states() -> None:
    assert BigOven.initial is BigOven.OFF is not Oven.OFF
    assert BigOven.switch_on.path_from(BigOven.OFF) is not None
    assert BigOven.leave_alarm.paths[0].target is BigOven.OFF
    assert Oven.leave_alarm.paths[0].target is Oven.OFF
    assert BigOven.transitions["leave_alarm"] is BigOven.leave_alarm
    assert BigOven.resolve(Oven.OFF) is BigOven.OFF


def test_a_sub_class_takes_a_transition_away_by_none() -> None:
    assert list(chart(Oven, switch_on=None, reset=None).transitions) == ["leave_alarm", "_fault"]


def test_recall_and_during_follow_into_the_sub_class() -> None:
    class Base(StateChart):
        OFF, RUN, WAIT = State(initial=True), State(), State()
        IN = State(parent=RUN, initial=True)
        go = transition(OFF, recall(RUN), during=WAIT)

    class Derived(Base):
        WAIT = State("MOVING")

    assert Derived.go.paths[0].during is Derived.WAIT
    assert Derived.go.paths[0].target == Recall(Base.RUN)


def test_charts_may_be_joined() -> None:
    class Lamp(StateChart):
        OFF = State(initial=True)

    class Locked(StateChart):
        FREE, LOCKED = State(initial=True), State("DISABLE")

    class Both(Lamp, Locked):
        FREE = State("STANDBY")

    assert list(Both.states)[:3] == ["FREE", "LOCKED", "OFF"]
    assert Both.initial is Lamp.OFF


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({}, "exactly one of .* initial=True; it is none"),
        ({"ON": State(initial=True), "OFF": State(initial=True)}, "it is ON and OFF"),
        ({"on": State(initial=True)}, r"Wrong.on: a state has an upper-case name, as in ON"),
        ({"_ON": State(initial=True)}, "upper-case name"),
        ({"FAULT": State("ON", initial=True)}, "FAULT stands for ON; any client takes FAULT for Tango's FAULT"),
        ({"ON": Other.AWAY}, "ON is AWAY under a second name"),
        ({"ON": State(initial=True), "IN": State(parent=Other.AWAY)}, "its parent AWAY is no state of this chart"),
    ],
)
def test_a_chart_whose_states_make_no_sense_is_refused(declared: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        chart(**declared)


@pytest.mark.parametrize("initial", [0, 2])
def test_one_child_of_each_parent_is_initial(initial: int) -> None:
    outer = State(initial=True)
    inner = {name: State(parent=outer, initial=number < initial) for number, name in enumerate(("IN", "DEEP"))}

    with pytest.raises(TypeError, match=r"Wrong\.OUTER: exactly one of IN, DEEP"):
        chart(OUTER=outer, **inner)


def test_states_nest_one_level_deep() -> None:
    outer = State(initial=True)
    inner = State(parent=outer, initial=True)

    with pytest.raises(TypeError, match="one level deep"):
        chart(OUTER=outer, INNER=inner, DEEP=State(parent=inner, initial=True))


def test_a_parent_cannot_be_declared_again_without_its_children() -> None:
    with pytest.raises(TypeError, match="its parent RUN is no state of this chart"):
        chart(Oven, RUN=State())


def test_a_state_has_one_name() -> None:
    state = State(initial=True)

    with pytest.raises(TypeError, match="OFF is ON under a second name"):
        chart(ON=state, OFF=state)


def test_a_transition_has_one_name() -> None:
    on = State(initial=True)
    stay = transition(on, on)

    with pytest.raises(TypeError, match="under a second name"):
        chart(ON=on, stay=stay, wait=stay)


@pytest.mark.parametrize("name", ["Go", "GO", "__go", "_"])
def test_a_transition_has_a_lower_case_name(name: str) -> None:
    on = State(initial=True)

    with pytest.raises(TypeError, match="lower-case name"):
        chart(**{"ON": on, name: transition(on, on)})


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_name_that_means_something_else_is_refused(name: str) -> None:
    on = State(initial=True)

    with pytest.raises(TypeError, match=f"Wrong.{name}: {name} means something else"):
        chart(**{"ON": on, name: transition(on, on)})


def foreign() -> list[Any]:
    on = Oven.OFF
    return [
        transition(Other.AWAY, on),
        transition(on, Other.AWAY),
        transition(on, recall(Other.AWAY)),
        transition(on, on, during=Other.AWAY),
    ]


@pytest.mark.parametrize("declared", foreign())
def test_a_transition_that_names_a_state_of_another_chart_is_refused(declared: Any) -> None:
    with pytest.raises(TypeError, match=r"Wrong\.go: AWAY is no state of Wrong"):
        chart(Oven, go=declared)


def test_a_transition_that_names_a_state_without_name_is_refused() -> None:
    with pytest.raises(TypeError, match="a state without name is no state"):
        chart(Oven, go=transition(State(), Oven.OFF))


@pytest.mark.parametrize(
    ("doubled", "name"),
    [
        (lambda: transition(Oven.OFF, Oven.HOT) | transition([Oven.HOT, Oven.OFF], Oven.COLD), "OFF"),
        (lambda: transition("*", Oven.HOT) | transition("*", Oven.COLD), r"\*"),
    ],
)
def test_two_paths_of_one_name_from_one_state_are_refused(doubled: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"two paths leave from {name}"):
        chart(Oven, go=doubled())


def test_a_state_that_no_transition_reaches_is_fine() -> None:
    assert "LONELY" in chart(Oven, LONELY=State()).states


def test_a_chart_is_not_changed_afterwards() -> None:
    states: Any = Oven.states

    with pytest.raises(TypeError):
        states["NEW"] = State()
