"""The words that a chart is written with: states, transitions between them, and the way back to where one was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ocs.model.tango_state import TangoState

ANYWHERE = "*"
"""As the source of a transition: every state of the chart, the target included."""


class State:
    """One state of a device; what it is called is the name that the chart gives it.

    Two states are the same only if they are the same object: a chart is compared by what was declared.

    Args:
        tango: What any client understands of it. Left out: the word of the state's own name if it is one of the
            fourteen, else that of its parent, else ON.
        initial: Whether its chart, or its parent, is entered through it.
        doc: One sentence for operators.
        parent: The state that it is a part of; one level only.

    Raises:
        TypeError: `tango` is none of the fourteen words.
    """

    __slots__ = ("_tango", "doc", "initial", "name", "owner", "parent")

    def __init__(
        self,
        tango: str | TangoState | None = None,
        *,
        initial: bool = False,
        doc: str = "",
        parent: State | None = None,
    ) -> None:
        self._tango = _tango_state(tango)
        self.initial = initial
        self.doc = doc
        self.parent = parent
        self.name = ""
        self.owner: type | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        if not self.name:  # a second name is refused by the chart, in a sentence that Python would wrap here
            self.name, self.owner = name, owner

    def __repr__(self) -> str:
        return f"State({self.name or 'not in a chart yet'})"

    @property
    def tango(self) -> TangoState:
        """The one of the fourteen states that generic displays show."""
        if self._tango is not None:
            return self._tango
        if self.name in TangoState.__members__:
            return TangoState[self.name]
        return self.parent.tango if self.parent is not None else TangoState.ON

    @property
    def lineage(self) -> tuple[State, ...]:
        """The state itself and then what it is a part of: innermost first."""
        return (self,) if self.parent is None else (self, self.parent)


@dataclass(frozen=True, slots=True)
class Recall:
    """As a target: the child of `parent` that was last left, its initial child if none ever was."""

    parent: State


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """One way from some states to one.

    Attributes:
        sources: States that it leaves from, children of them included; empty for everywhere.
        target: Where it leads.
        during: State that is held while its action works; None: the source is kept until it is done.
        doc: One sentence for operators.
    """

    sources: tuple[State, ...]
    target: State | Recall
    during: State | None = None
    doc: str = ""

    @property
    def anywhere(self) -> bool:
        """Whether it leaves from every state."""
        return not self.sources

    @property
    def states(self) -> Iterator[State]:
        """Every state that the declaration names."""
        yield from self.sources
        yield self.target.parent if isinstance(self.target, Recall) else self.target
        if self.during is not None:
            yield self.during


class Transition:
    """What moves a device from state to state under one name; `a | b` joins the paths of two under one name.

    A name with a leading underscore is the device's own, the others may be asked for by clients.
    """

    __slots__ = ("name", "paths")

    def __init__(self, paths: Iterable[Path], name: str = "") -> None:
        self.paths = tuple(paths)
        self.name = name

    def __set_name__(self, owner: type, name: str) -> None:
        if not self.name:
            self.name = name

    def __or__(self, other: Transition) -> Transition:
        return Transition((*self.paths, *other.paths))

    def __repr__(self) -> str:
        return f"Transition({self.name or 'not in a chart yet'})"

    @property
    def own(self) -> bool:
        """Whether only the device itself may fire it."""
        return self.name.startswith("_")

    @property
    def doc(self) -> str:
        """What it is for; the sentence of the first path that has one."""
        return next((path.doc for path in self.paths if path.doc), "")

    def path_from(self, state: State) -> Path | None:
        """Return the path that leaves from `state`; None when there is none.

        The innermost declaration wins: the state's own, then its parent's, then the one from everywhere.
        """
        for source in state.lineage:
            for path in self.paths:
                if source in path.sources:
                    return path
        return next((path for path in self.paths if path.anywhere), None)


def transition(
    sources: State | tuple[State, ...] | list[State] | str,
    target: State | Recall,
    *,
    during: State | None = None,
    doc: str = "",
) -> Transition:
    """Declare a transition; the chart gives it its name.

    Args:
        sources: State, states, or `"*"` for all.
        target: State, or `recall(parent)`.
        during: State to hold while the action of the transition works.
        doc: One sentence for operators.

    Raises:
        TypeError: Sources or target are no states.
    """
    if not isinstance(target, State | Recall):
        raise TypeError(f"a transition leads to a state or to recall(a state), not to {target!r}")
    if isinstance(sources, str):
        if sources != ANYWHERE:
            raise TypeError(f'a transition leaves from states, or from "*" for all of them, not from {sources!r}')
        return Transition([Path((), target, during, doc)])
    from_these = (sources,) if isinstance(sources, State) else tuple(sources)
    if not from_these or not all(isinstance(source, State) for source in from_these):
        raise TypeError(f'a transition leaves from states, or from "*" for all of them, not from {sources!r}')
    return Transition([Path(from_these, target, during, doc)])


def recall(parent: State) -> Recall:
    """Lead back to the child of `parent` that was last left, to its initial child if none ever was."""
    return Recall(parent)


def _tango_state(word: str | TangoState | None) -> TangoState | None:
    if word is None or isinstance(word, TangoState):
        return word
    if not isinstance(word, str) or word.upper() not in TangoState.__members__:
        raise TypeError(f"{word!r} is no Tango state; the fourteen are {', '.join(TangoState.__members__)}")
    return TangoState[word.upper()]
