from __future__ import annotations

from typing import Any

import pytest

from ocs.model.chart import PlainChart, State, StateChart, recall, transition
from ocs.model.errors import NotAllowedError, NotFoundError
from ocs.model.machine import Edge, Machine


class Oven(StateChart):
    OFF, RUN, MOVING = State(initial=True), State("RUNNING"), State(doc="ramping")
    COLD, HOT, SETTLING = State(parent=RUN, initial=True), State(parent=RUN), State(parent=RUN)
    BROKEN = State("FAULT")
    switch_on = transition(OFF, RUN, during=MOVING)
    switch_off = transition(RUN, OFF)
    heat = transition(COLD, HOT)
    cool = transition(HOT, COLD)
    boost = transition(COLD, HOT)
    restart = transition(RUN, RUN)
    reset = transition(StateChart.FAULT, recall(RUN))
    _trip = transition("*", StateChart.FAULT)


def oven(*states: State) -> Machine:
    machine = Machine(Oven, 0.0)
    for state in states:
        machine.enter(state, now=1.0, by="test", free=True)
    return machine


def facts(machine: Machine) -> tuple[Any, ...]:
    return (
        machine.current, machine.previous, machine.since, machine.by, machine.reason, machine.held, machine.history,
        machine.allowed(own=True),
    )  # fmt: skip


def test_it_begins_in_the_initial_state() -> None:
    machine = Machine(Oven, 5.0)

    assert facts(machine)[:6] == (Oven.OFF, None, 5.0, "agent", "", False)


def test_it_begins_where_it_is_told_to() -> None:
    assert Machine(Oven, 0.0, start=StateChart.INIT).current is StateChart.INIT
    assert Machine(Oven, 0.0, start=Oven.RUN).current is Oven.COLD


def test_two_machines_of_one_chart_know_nothing_of_each_other() -> None:
    one, other = oven(), oven()

    one.enter(Oven.RUN, now=1.0, by="anna")

    assert other.current is Oven.OFF


def test_an_edge_tells_from_where_to_where_by_what_whom_and_why() -> None:
    machine = oven()

    edge = machine.enter(Oven.RUN, now=2.0, by="anna", reason="cooldown", trigger="switch_on")

    assert edge == Edge("OFF", "COLD", "switch_on", "anna", "cooldown", 2.0)
    assert facts(machine)[:5] == (Oven.COLD, Oven.OFF, 2.0, "anna", "cooldown")


def test_who_is_in_a_child_is_in_its_parent() -> None:
    machine = oven(Oven.HOT)

    assert machine.is_in(Oven.RUN)
    assert machine.is_in(Oven.OFF, Oven.HOT)
    assert not machine.is_in(Oven.COLD, Oven.OFF)
    assert not machine.is_in()


def test_being_in_a_state_of_another_chart_is_an_error() -> None:
    with pytest.raises(NotFoundError):
        oven().is_in(PlainChart.ON)


@pytest.mark.parametrize("again", [Oven.HOT, Oven.RUN])
def test_to_enter_where_it_is_already_is_no_edge(again: State) -> None:
    machine = oven(Oven.HOT)
    before = facts(machine)

    assert machine.enter(again, now=9.0, by="anna", reason="again") is None
    assert facts(machine) == before


def test_clients_may_ask_for_what_leaves_from_here_or_from_around() -> None:
    machine = oven(Oven.COLD)

    assert machine.allowed() == ["switch_off", "heat", "boost", "restart"]
    assert machine.allowed(own=True) == ["switch_off", "heat", "boost", "restart", "_trip"]


def test_a_trigger_that_does_not_leave_from_here_is_refused_with_those_that_do() -> None:
    with pytest.raises(NotAllowedError, match="heat is not allowed in state OFF, it leaves from COLD") as caught:
        oven().find("heat")

    assert caught.value.allowed == ["switch_on"]
    assert caught.value.given == "heat"
    assert str(caught.value).endswith("allowed in state OFF: switch_on")


def test_a_refusal_where_nothing_is_allowed_says_so() -> None:
    with pytest.raises(NotAllowedError, match="allowed in state MOVING: nothing"):
        oven(Oven.MOVING).find("heat")


def test_the_devices_own_trigger_is_refused_to_clients_only() -> None:
    machine = oven()

    assert machine.find("_trip", own=True).target is StateChart.FAULT
    with pytest.raises(NotAllowedError, match="_trip is the device's own") as caught:
        machine.find("_trip")
    assert caught.value.allowed == ["switch_on"]


def test_an_unknown_trigger_is_not_found_with_a_near_one() -> None:
    with pytest.raises(NotFoundError, match="no transition swich_on; did you mean switch_on") as caught:
        oven().find("swich_on")

    assert "heat" in caught.value.allowed
    assert "_trip" not in caught.value.allowed


def test_a_chart_without_transitions_says_so() -> None:
    with pytest.raises(NotFoundError, match="the device has none"):
        Machine(PlainChart, 0.0).find("go")


@pytest.mark.parametrize("name", ["RUN", "cold", "COLD"])
def test_the_way_to_a_state_is_found_by_its_name(name: str) -> None:
    assert oven().find_to(name) == "switch_on"


def test_two_ways_to_a_state_are_refused_with_their_names() -> None:
    with pytest.raises(NotAllowedError, match="ask for one of heat, boost by its name") as caught:
        oven(Oven.COLD).find_to("HOT")

    assert caught.value.allowed == ["heat", "boost"]


def test_no_way_to_a_state_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(NotAllowedError, match="leads to BROKEN, not from state OFF") as caught:
        oven().find_to("BROKEN")

    assert caught.value.allowed == ["switch_on"]


def test_the_devices_own_way_is_none_for_clients() -> None:
    with pytest.raises(NotAllowedError):
        oven().find_to("FAULT")


def test_no_way_to_where_it_is_says_that_it_is_there() -> None:
    with pytest.raises(NotAllowedError, match="leads to OFF, it is there already"):
        oven().find_to("OFF")


def test_an_unknown_state_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="there is no state WARM") as caught:
        oven().find_to("WARM")

    assert caught.value.allowed == list(Oven.states)


def test_a_transition_ends_in_the_initial_child() -> None:
    assert oven().target_of("switch_on") is Oven.COLD
    assert oven(Oven.HOT).target_of("restart") is Oven.COLD


def test_recall_leads_to_the_child_that_was_last_left() -> None:
    machine = oven(Oven.HOT, Oven.FAULT)

    assert machine.history == {"RUN": "HOT"}
    assert machine.target_of("reset") is Oven.HOT
    edge = machine.enter(recall(Oven.RUN), now=2.0, by="anna", trigger="reset")
    assert edge is not None
    assert edge.target == "HOT"


def test_recall_leads_to_the_initial_child_where_none_was_left() -> None:
    assert oven(Oven.FAULT).target_of("reset") is Oven.COLD


def test_moving_between_children_leaves_no_history() -> None:
    assert oven(Oven.COLD, Oven.HOT).history == {}


def test_a_state_that_was_only_held_is_not_recalled() -> None:
    machine = oven(Oven.HOT)

    held = [machine.held]
    for number, state in enumerate((Oven.SETTLING, StateChart.FAULT)):
        machine.enter(state, now=2.0, by="agent", held=number == 0)
        held.append(machine.held)

    assert held == [False, True, False]
    assert machine.history == {"RUN": "HOT"}


def test_a_held_state_that_was_entered_from_outside_is_not_recalled() -> None:
    machine = oven()

    machine.enter(Oven.SETTLING, now=2.0, by="agent", held=True)
    machine.enter(StateChart.FAULT, now=3.0, by="agent")

    assert machine.history == {}


def test_a_held_state_that_is_also_the_target_is_settled_in_the_end() -> None:
    machine = oven()
    machine.enter(Oven.SETTLING, now=2.0, by="agent", held=True)

    assert machine.enter(Oven.SETTLING, now=3.0, by="agent", free=True) is None
    machine.enter(StateChart.FAULT, now=4.0, by="agent")

    assert machine.history == {"RUN": "SETTLING"}


def test_code_may_enter_where_a_transition_leads_and_what_is_held_on_the_way() -> None:
    for state in (Oven.RUN, Oven.MOVING):
        machine = oven()

        machine.enter(state, now=2.0, by="agent")

        assert machine.is_in(state)


@pytest.mark.parametrize(
    "state", [StateChart.FAULT, StateChart.ALARM, StateChart.UNKNOWN, StateChart.INIT, Oven.BROKEN]
)
def test_states_of_trouble_are_open_from_anywhere(state: State) -> None:
    machine = oven(Oven.HOT)

    assert machine.enter(state, now=2.0, by="agent") is not None


def test_code_is_refused_where_the_chart_has_no_edge() -> None:
    machine = oven()
    before = facts(machine)

    with pytest.raises(NotAllowedError, match="no way from OFF to HOT; ways from OFF: switch_on to COLD") as caught:
        machine.enter(Oven.HOT, now=2.0, by="agent")

    assert caught.value.allowed == ["COLD", "MOVING", "FAULT"]
    assert facts(machine) == before


def test_a_trigger_that_leads_elsewhere_is_refused() -> None:
    machine = oven(Oven.COLD)

    with pytest.raises(NotAllowedError, match="from COLD to HOT by switch_off"):
        machine.enter(Oven.HOT, now=2.0, by="agent", trigger="switch_off")


def test_a_trigger_of_an_operation_is_no_transition() -> None:
    machine = oven(Oven.COLD)

    edge = machine.enter(Oven.HOT, now=2.0, by="agent", trigger="warm_up")

    assert edge is not None
    assert edge.trigger == "warm_up"


def test_a_state_of_another_chart_cannot_be_entered() -> None:
    with pytest.raises(NotFoundError):
        oven().enter(PlainChart.ON, now=2.0, by="agent", free=True)
