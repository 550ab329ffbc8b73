"""State charts: which states a class of devices has, and which transitions lead from one to the other.

A chart is declared once, as a class, and is only a template; where a device stands is in its `Machine`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from ocs.model.chart_diagram import diagram
from ocs.model.errors import NotFoundError
from ocs.model.tango_state import ALWAYS_REACHABLE
from ocs.model.transition import ANYWHERE, Path, Recall, State, Transition, recall, transition

__all__ = ["ANYWHERE", "Path", "PlainChart", "Recall", "State", "StateChart", "Transition", "recall", "transition"]

RESERVED = frozenset(
    {
        "read",
        "to",
        "wait_until",
        "subscribe",
        "states",
        "transitions",
        "children",
        "initial",
        "leaf",
        "resolve",
        "mermaid",
    }
)
"""Names that a client's `device.state` or every chart has already; no transition may be called so."""

_STATE_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_TRIGGER_NAME = re.compile(r"_?[a-z][a-z0-9_]*")
_Declared = TypeVar("_Declared", State, Transition)


class StateChart:
    """The states and transitions of a class of devices; make a sub-class and declare them there.

    States have upper-case names, exactly one of them is initial, and so is one child of each parent. FAULT, ALARM,
    UNKNOWN and INIT are there without a word and may be declared to give them another doc. A sub-class of a chart
    adds states and transitions; one declared again under the same name replaces the older one, None takes it away.

    Attributes:
        states: By name, in the order of declaration, the four implicit ones last.
        transitions: By name, in the order of declaration.
        children: Children of each parent by the parent's name.
        initial: The state without children in which a device begins.
    """

    states: ClassVar[Mapping[str, State]] = MappingProxyType({})
    transitions: ClassVar[Mapping[str, Transition]] = MappingProxyType({})
    children: ClassVar[Mapping[str, tuple[State, ...]]] = MappingProxyType({})
    initial: ClassVar[State]

    FAULT = State("FAULT", doc="something failed; Status says what")
    ALARM = State("ALARM", doc="a value is beyond its limits; Status says which")
    UNKNOWN = State("UNKNOWN", doc="the device does not tell where it stands")
    INIT = State("INIT", doc="being set up")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in sorted(RESERVED.intersection(vars(cls))):
            raise TypeError(f"{cls.__name__}.{name}: {name} means something else in charts or for clients; rename it")
        cls.states = MappingProxyType(_states(cls))
        cls.children = MappingProxyType(_children(cls))
        cls.transitions = MappingProxyType(_transitions(cls))
        cls.initial = cls.leaf(_initial(cls))

    @classmethod
    def leaf(cls, state: State) -> State:
        """Return the state that is entered when `state` is asked for: its initial child if it has children.

        Raises:
            NotFoundError: It is a state of another chart.
        """
        known = cls.resolve(state)
        return next((child for child in cls.children.get(known.name, ()) if child.initial), known)

    @classmethod
    def resolve(cls, state: State) -> State:
        """Return this chart's state for `state`, which a chart that this one derives from may have declared.

        Raises:
            NotFoundError: It is a state of another chart.
        """
        known = cls.states.get(state.name)
        if known is None or (known is not state and state.owner not in cls.__mro__):
            raise NotFoundError(
                f"{state.name or 'a state without name'} is no state of {cls.__name__}; it has {', '.join(cls.states)}",
                field="state", given=state.name, allowed=list(cls.states),
            )  # fmt: skip
        return known

    @classmethod
    def mermaid(cls) -> str:
        """Draw the chart as a `stateDiagram-v2` of mermaid, for the docs and `ocs describe --graph`."""
        return diagram(cls.states, cls.children, cls.transitions, cls.initial)


def _declared(chart: type[StateChart], kind: type[_Declared]) -> dict[str, _Declared]:
    """Return what a chart and those that it derives from declare, oldest first, the four implicit states last."""
    bases: list[type] = [base for base in reversed(chart.__mro__) if issubclass(base, StateChart)]
    found: dict[str, _Declared] = {}
    for base in [*bases[1:], StateChart]:
        for name, value in vars(base).items():
            if name == "initial" or (base is StateChart and name in found):
                continue
            if isinstance(value, kind):
                found[name] = value
                _check_one_name(chart, name, value)
            else:
                found.pop(name, None)
    return found


def _check_one_name(chart: type[StateChart], name: str, value: State | Transition) -> None:
    if value.name != name:
        raise TypeError(f"{chart.__name__}.{name} is {value.name} under a second name; declare it for itself")


def _states(chart: type[StateChart]) -> dict[str, State]:
    states = _declared(chart, State)
    always = {state.name for state in ALWAYS_REACHABLE}
    for name, state in states.items():
        where = f"{chart.__name__}.{name}"
        if not _STATE_NAME.fullmatch(name):
            raise TypeError(f"{where}: a state has an upper-case name, as in {name.upper().strip('_')}")
        if name in always and state.tango.name != name:
            raise TypeError(f"{where} stands for {state.tango.name}; any client takes {name} for Tango's {name}")
        if state.parent is None:
            continue
        if states.get(state.parent.name) is not state.parent:
            raise TypeError(f"{where}: its parent {state.parent.name or '?'} is no state of this chart")
        if state.parent.parent is not None:
            raise TypeError(f"{where}: its parent {state.parent.name} has a parent; states nest one level deep")
    return states


def _children(chart: type[StateChart]) -> dict[str, tuple[State, ...]]:
    children: dict[str, tuple[State, ...]] = {}
    for state in chart.states.values():
        if state.parent is not None:
            children[state.parent.name] = (*children.get(state.parent.name, ()), state)
    for parent, inner in children.items():
        _one_initial(f"{chart.__name__}.{parent}", inner)
    return children


def _initial(chart: type[StateChart]) -> State:
    return _one_initial(chart.__name__, [state for state in chart.states.values() if state.parent is None])


def _one_initial(where: str, states: list[State] | tuple[State, ...]) -> State:
    initial = [state for state in states if state.initial]
    if len(initial) != 1:
        found = " and ".join(state.name for state in initial) or "none"
        names = ", ".join(state.name for state in states)
        raise TypeError(f"{where}: exactly one of {names} is declared with initial=True; it is {found}")
    return initial[0]


def _transitions(chart: type[StateChart]) -> dict[str, Transition]:
    transitions = _declared(chart, Transition)
    for name, declared in transitions.items():
        where = f"{chart.__name__}.{name}"
        if not _TRIGGER_NAME.fullmatch(name):
            raise TypeError(f"{where}: a transition has a lower-case name, with one leading underscore at most")
        transitions[name] = _own(chart, declared, where)
        _check_sources(transitions[name], where)
        if transitions[name] is not declared:
            setattr(chart, name, transitions[name])
    return transitions


def _own(chart: type[StateChart], declared: Transition, where: str) -> Transition:
    """Return the transition between this chart's states, where a sub-class has declared some of them again."""

    def own(state: State) -> State:
        try:
            return chart.resolve(state)
        except NotFoundError as error:
            raise TypeError(f"{where}: {error}") from None

    if all(own(state) is state for path in declared.paths for state in path.states):
        return declared
    return Transition(
        [
            Path(
                tuple(own(state) for state in path.sources),
                Recall(own(path.target.parent)) if isinstance(path.target, Recall) else own(path.target),
                path.during and own(path.during),
                path.doc,
            )
            for path in declared.paths
        ],
        declared.name,
    )


def _check_sources(declared: Transition, where: str) -> None:
    sources = [source.name for path in declared.paths for source in path.sources]
    sources += [ANYWHERE for path in declared.paths if path.anywhere]
    doubled = next((source for source in sources if sources.count(source) > 1), None)
    if doubled is not None:
        raise TypeError(f"{where}: two paths leave from {doubled}; which one to take would be chance")


class PlainChart(StateChart):
    """What a device without a chart of its own has: it is ON, unless it says FAULT, ALARM, UNKNOWN or INIT."""

    ON = State("ON", initial=True, doc="at work")
