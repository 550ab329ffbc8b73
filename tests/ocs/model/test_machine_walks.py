"""A machine on charts made by chance, against rules that the tests work out from plain names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.chart import State, StateChart, recall, transition
from ocs.model.errors import NotAllowedError, NotFoundError
from ocs.model.machine import Machine
from ocs.model.tango_state import ALWAYS_REACHABLE


def facts(machine: Machine) -> tuple[Any, ...]:
    return (
        machine.current, machine.previous, machine.since, machine.by, machine.reason, machine.held, machine.history,
        machine.allowed(own=True),
    )  # fmt: skip


@dataclass
class Plan:
    """A chart as plain names, from which a test knows by itself what must be allowed."""

    parents: dict[str, str]
    paths: dict[str, list[tuple[str, str, bool]]]  # trigger: (source or *, target, whether it recalls)

    def chart(self) -> type[StateChart]:
        states: dict[str, State] = {}
        for name in sorted(self.parents, key=lambda each: self.parents[each] != ""):
            parent = self.parents[name]
            initial = name == next(each for each, outer in self.parents.items() if outer == parent)
            states[name] = State(initial=initial, parent=states.get(parent))
        declared: dict[str, Any] = dict(states)
        for trigger, paths in self.paths.items():
            joined = None
            for source, target, back in paths:
                leads = recall(states[target]) if back else states[target]
                path = transition("*" if source == "*" else states[source], leads)
                joined = path if joined is None else joined | path
            declared[trigger] = joined
        return type("Random", (StateChart,), declared)

    def leaf(self, name: str) -> str:
        return next((child for child, parent in self.parents.items() if parent == name), name)

    def target(self, trigger: str, state: str, left: dict[str, str]) -> str | None:
        known = {source: (target, back) for source, target, back in self.paths[trigger]}
        for source in (state, self.parents.get(state, ""), "*"):
            if source in known:
                target, back = known[source]
                return left.get(target, self.leaf(target)) if back else self.leaf(target)
        return None


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    outer = [f"S{number}" for number in range(draw(st.integers(1, 4)))]
    parents = dict.fromkeys(outer, "")
    for number, parent in enumerate(draw(st.lists(st.sampled_from(outer), max_size=5))):
        parents[f"C{number}"] = parent
    path = st.tuples(st.sampled_from([*parents, "*"]), st.sampled_from(list(parents)), st.booleans())
    paths = st.lists(path, min_size=1, max_size=4, unique_by=lambda each: each[0])
    return Plan(parents, draw(st.dictionaries(st.sampled_from(["go", "come", "stop", "_trip", "_heal"]), paths)))


Walk = st.lists(
    st.tuples(st.sampled_from(["go", "come", "stop", "_trip", "_heal", "none"]), st.booleans()), max_size=15
)


@given(plans(), Walk)
def test_on_every_walk_what_is_allowed_succeeds_and_a_refusal_changes_nothing(
    plan: Plan, walk: list[tuple[str, bool]]
) -> None:
    machine = Machine(plan.chart(), 0.0)
    state, left = plan.leaf("S0"), dict[str, str]()

    for trigger, own in walk:
        before = facts(machine)
        expected = plan.target(trigger, state, left) if trigger in plan.paths else None
        if expected is None or (trigger.startswith("_") and not own):
            with pytest.raises((NotFoundError, NotAllowedError)):
                machine.find(trigger, own=own)
            assert trigger not in machine.allowed(own=own)
            assert facts(machine) == before
            continue
        assert trigger in machine.allowed(own=own)
        machine.find(trigger, own=own)
        machine.enter(machine.target_of(trigger), now=1.0, by="walker", trigger=trigger)
        parent = plan.parents[state]
        if parent and plan.parents[expected] != parent:
            left[parent] = state
        state = expected
        assert machine.current.name == state
        assert machine.history == left


@given(plans(), st.data())
def test_every_state_is_entered_by_code_exactly_where_an_edge_leads_or_trouble_is(
    plan: Plan, data: st.DataObject
) -> None:
    chart = plan.chart()
    start = data.draw(st.sampled_from(list(chart.states.values())))
    machine = Machine(chart, 0.0, start=start)
    here = machine.current.name
    reachable = {plan.target(trigger, here, {}) for trigger in plan.paths} | {state.name for state in ALWAYS_REACHABLE}

    for target in chart.states.values():
        machine = Machine(chart, 0.0, start=start)
        before = facts(machine)
        if chart.leaf(target).name in reachable or target in machine.current.lineage:
            machine.enter(target, now=1.0, by="agent")
            assert machine.is_in(target)
        else:
            with pytest.raises(NotAllowedError):
                machine.enter(target, now=1.0, by="agent")
            assert facts(machine) == before


@given(plans(), st.data())
def test_the_way_to_a_state_leads_there(plan: Plan, data: st.DataObject) -> None:
    chart = plan.chart()
    machine = Machine(chart, 0.0, start=data.draw(st.sampled_from(list(chart.states.values()))))
    before = facts(machine)

    for name in chart.states:
        ways = [
            trigger
            for trigger in plan.paths
            if not trigger.startswith("_")
            and (target := plan.target(trigger, machine.current.name, {})) is not None
            and name in {target, plan.parents.get(target, "")}
        ]
        if len(ways) == 1:
            assert machine.find_to(name) == ways[0]
        else:
            with pytest.raises(NotAllowedError) as caught:
                machine.find_to(name)
            assert caught.value.allowed == (ways or machine.allowed())
        assert facts(machine) == before
