"""Where one device stands in its chart, and which way it may go from there.

A refusal changes nothing. The machine keeps no lock and starts nothing: its owner calls it from one place at a time.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ocs.model.chart import Path, Recall, State, StateChart, Transition
from ocs.model.errors import NotAllowedError, NotFoundError
from ocs.model.tango_state import ALWAYS_REACHABLE


@dataclass(frozen=True, slots=True)
class Edge:
    """One change of state, as it is told to everybody.

    Attributes:
        source: Name of the state that was left.
        target: Name of the state that was entered.
        trigger: Name of the transition; empty when the device's code entered the state directly.
        by: Who asked for it.
        reason: Why, in the author's words; may be empty.
        time: When, POSIX s, UTC.
    """

    source: str
    target: str
    trigger: str
    by: str
    reason: str
    time: float


class Machine:
    """The state of one device.

    Args:
        chart: States and transitions.
        now: When it begins, POSIX s, UTC.
        by: Who made it.
        start: Where it begins; the chart's initial state if left out.
    """

    def __init__(self, chart: type[StateChart], now: float, by: str = "agent", *, start: State | None = None) -> None:
        self.chart = chart
        self._current = self._settled = chart.leaf(start or chart.initial)
        self._previous: State | None = None
        self._history: dict[State, State] = {}
        self._held = False
        self._since, self._by, self._reason = now, by, ""

    @property
    def current(self) -> State:
        """The state now; never one that has children."""
        return self._current

    @property
    def previous(self) -> State | None:
        """The state before this one; None before the first change."""
        return self._previous

    @property
    def since(self) -> float:
        """When the state was entered, POSIX s, UTC."""
        return self._since

    @property
    def by(self) -> str:
        """Who asked for the last change."""
        return self._by

    @property
    def reason(self) -> str:
        """Why the last change was made, in its author's words."""
        return self._reason

    @property
    def held(self) -> bool:
        """Whether the state is there only while an action works."""
        return self._held

    @property
    def history(self) -> dict[str, str]:
        """The child that was last left, by the name of its parent."""
        return {parent.name: child.name for parent, child in self._history.items()}

    def is_in(self, *states: State) -> bool:
        """Whether the device is in one of `states`, or in a child of one.

        Raises:
            NotFoundError: One is a state of another chart.
        """
        return any(state in self._current.lineage for state in [self.chart.resolve(given) for given in states])

    def allowed(self, *, own: bool = False) -> list[str]:
        """Return the transitions that clients may ask for now, with `own` those of the device too, as declared."""
        return [
            name
            for name, declared in self.chart.transitions.items()
            if (own or not declared.own) and declared.path_from(self._current) is not None
        ]

    def find(self, trigger: str, *, own: bool = False) -> Path:
        """Return the path that `trigger` takes from here.

        Args:
            trigger: Name of a transition.
            own: Whether the device itself asks, which may fire those with a leading underscore too.

        Raises:
            NotFoundError: The chart has no such transition.
            NotAllowedError: It does not leave from this state, or is the device's own and a client asks.
        """
        declared = self._declared(trigger, own=own)
        if declared.own and not own:
            raise self._refused(f"{trigger} is the device's own, no client may ask for it", trigger, self.allowed())
        path = declared.path_from(self._current)
        if path is None:
            sources = ", ".join(source.name for each in declared.paths for source in each.sources)
            told = f"{trigger} is not allowed in state {self._current.name}, it leaves from {sources}"
            raise self._refused(told, trigger, self.allowed(own=own))
        return path

    def find_to(self, target_name: str) -> str:
        """Return the one transition that a client may ask for to come from here to the state of that name.

        Args:
            target_name: Name of a state, case-blind; a parent stands for all of its children.

        Raises:
            NotFoundError: The chart has no such state.
            NotAllowedError: No transition leads there from here, or more than one does.
        """
        target = self.chart.states.get(target_name.upper())
        if target is None:
            names = list(self.chart.states)
            raise NotFoundError(
                f"there is no state {target_name}; the states are {', '.join(names)}",
                field="to", given=target_name, allowed=names,
            )  # fmt: skip
        ways = [trigger for trigger in self.allowed() if target in self.target_of(trigger).lineage]
        if len(ways) == 1:
            return ways[0]
        if ways:
            told = f"{len(ways)} transitions lead to {target.name}: ask for one of {', '.join(ways)} by its name"
            raise NotAllowedError(told, field="to", given=target.name, allowed=ways)
        here = "it is there already" if self.is_in(target) else f"not from state {self._current.name}"
        told = f"no transition that clients may ask for leads to {target.name}, {here}"
        raise self._refused(told, target.name, self.allowed(), field="to")

    def target_of(self, trigger: str) -> State:
        """Return the state in which `trigger`, the device's own or not, would end from here.

        Raises:
            NotFoundError: The chart has no such transition.
            NotAllowedError: It does not leave from this state.
        """
        return self._leaf(self.find(trigger, own=True).target)

    def enter(
        self,
        state: State | Recall,
        *,
        now: float,
        by: str,
        reason: str = "",
        trigger: str = "",
        free: bool = False,
        held: bool = False,
    ) -> Edge | None:
        """Go to `state`, or to the initial child of it.

        Without `free` or `held` the chart must have the edge: one of `trigger`, if that is a transition, else of any.
        FAULT, ALARM, UNKNOWN and INIT (and every state that stands for one of them) are open from anywhere.

        Args:
            state: Where to go.
            now: When, POSIX s, UTC.
            by: Who asked for it.
            reason: Why, in the author's words.
            trigger: Name of the transition; empty when there is none.
            free: Go there whether the chart has the edge or not, as on the way back from a held state.
            held: The state is there only while an action works: free, and never what `recall` comes back to.

        Returns:
            The edge; None when the device was in that state already, and nothing was changed but `held`.

        Raises:
            NotFoundError: It is a state of another chart.
            NotAllowedError: The chart has no such edge; nothing was changed.
        """
        leaf = self._leaf(state)
        if leaf is self._current or (isinstance(state, State) and self.is_in(state)):
            self._hold(held=held)
            return None
        if not (free or held or leaf.tango in ALWAYS_REACHABLE):
            self._check_edge(leaf, trigger)
        left = self._current
        self._remember(leaf)
        self._previous, self._current = left, leaf
        self._since, self._by, self._reason = now, by, reason
        self._hold(held=held)
        return Edge(left.name, leaf.name, trigger, by, reason, now)

    def _declared(self, trigger: str, *, own: bool) -> Transition:
        declared = self.chart.transitions.get(trigger)
        if declared is None:
            names = [name for name, each in self.chart.transitions.items() if own or not each.own]
            near = difflib.get_close_matches(trigger, names, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            told = f"the transitions are {', '.join(names)}" if names else "the device has none"
            raise NotFoundError(
                f"there is no transition {trigger}; {hint}{told}", field="trigger", given=trigger, allowed=names
            )
        return declared

    def _refused(self, told: str, given: str, allowed: list[str], *, field: str = "trigger") -> NotAllowedError:
        hint = f"allowed in state {self._current.name}: {', '.join(allowed) or 'nothing'}"
        return NotAllowedError(f"{told}; {hint}", field=field, given=given, allowed=allowed)

    def _leaf(self, state: State | Recall) -> State:
        if isinstance(state, Recall):
            parent = self.chart.resolve(state.parent)
            return self._history.get(parent) or self.chart.leaf(parent)
        return self.chart.leaf(state)

    def _check_edge(self, leaf: State, trigger: str) -> None:
        named = self.chart.transitions.get(trigger)
        ways = list(self._ways([named] if named is not None else self.chart.transitions.values()))
        states = list(dict.fromkeys(state for _, state in ways))
        if leaf not in states:
            told = ", ".join(f"{name} to {state.name}" for name, state in ways) or "none"
            raise NotAllowedError(
                f"the chart has no way from {self._current.name} to {leaf.name}{f' by {trigger}' if named else ''}; "
                f"ways from {self._current.name}: {told}",
                field="state", given=leaf.name, allowed=[state.name for state in states],
            )  # fmt: skip

    def _ways(self, transitions: Iterable[Transition]) -> Iterator[tuple[str, State]]:
        for declared in transitions:
            path = declared.path_from(self._current)
            if path is None:
                continue
            yield declared.name, self._leaf(path.target)
            if path.during is not None:
                yield declared.name, self._leaf(path.during)

    def _remember(self, leaf: State) -> None:
        """Keep which child is left with its parent: the last one that was not just held for an action."""
        parent, child = self._current.parent, self._settled
        if parent is not None and parent is not leaf.parent and child.parent is parent:
            self._history[parent] = child

    def _hold(self, *, held: bool) -> None:
        self._held = held
        if not held:
            self._settled = self._current
