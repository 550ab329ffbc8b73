"""A chart as a diagram in the words of mermaid (mermaid.js.org, State diagrams, `stateDiagram-v2`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ocs.model.tango_state import ALWAYS_REACHABLE
from ocs.model.transition import Path, Recall, State, Transition

NOTE_LENGTH = 60
"""Characters of a doc that is short enough for a note beside its state."""

_INDENT = "    "
_ANYWHERE = "anywhere"


def diagram(
    states: Mapping[str, State],
    children: Mapping[str, tuple[State, ...]],
    transitions: Mapping[str, Transition],
    initial: State,
) -> str:
    """Draw a chart.

    States that any device has are drawn only where a transition names them. A transition with `during` is drawn as
    two arrows, the second with the word `done`; one that recalls says so, as mermaid knows no history states.
    """
    shown = _shown(states, transitions)
    paths = [(name, path) for name, declared in transitions.items() for path in declared.paths]
    lines = ["stateDiagram-v2", f"{_INDENT}[*] --> {initial.lineage[-1].name}"]
    if any(path.anywhere for _, path in paths):
        lines.append(f'{_INDENT}state "any state" as {_ANYWHERE}')
    for state in shown:
        if state.parent is None:
            lines += _boxes(state, [child for child in children.get(state.name, ()) if child in shown])
    lines += [_INDENT + arrow for name, path in paths for arrow in _arrows(name, path)]
    for state in shown:
        lines += _note(state)
    return "\n".join(lines) + "\n"


def _shown(states: Mapping[str, State], transitions: Mapping[str, Transition]) -> list[State]:
    named = {state for declared in transitions.values() for path in declared.paths for state in path.states}
    named |= {parent for state in named for parent in state.lineage}
    implicit = {state.name for state in ALWAYS_REACHABLE}
    return [
        state
        for state in states.values()
        if state in named or state.initial or state.name not in implicit or state.parent is not None
    ]


def _boxes(state: State, inner: list[State]) -> Iterator[str]:
    if not inner:
        yield f"{_INDENT}{state.name}"
        return
    yield f"{_INDENT}state {state.name} {{"
    for child in inner:
        yield f"{2 * _INDENT}{f'[*] --> {child.name}' if child.initial else child.name}"
    yield f"{_INDENT}}}"


def _arrows(name: str, path: Path) -> Iterator[str]:
    target = path.target.parent.name if isinstance(path.target, Recall) else path.target.name
    suffix = ", back to where it was" if isinstance(path.target, Recall) else ""
    sources = [source.name for source in path.sources] or [_ANYWHERE]
    if path.during is None:
        yield from (f"{source} --> {target}: {name}{suffix}" for source in sources)
        return
    yield from (f"{source} --> {path.during.name}: {name}" for source in sources)
    yield f"{path.during.name} --> {target}: {name} done{suffix}"


def _note(state: State) -> list[str]:
    doc = " ".join(state.doc.split())
    if not doc or len(doc) > NOTE_LENGTH:
        return []
    return [f"{_INDENT}note right of {state.name}", 2 * _INDENT + doc, f"{_INDENT}end note"]
