"""A device class's state chart as clients see it."""

from __future__ import annotations

from ocs.model.chart import StateChart
from ocs.model.interface import ChartInterface, TransitionInterface
from ocs.model.transition import Recall, Transition


def chart_interface(chart: type[StateChart]) -> ChartInterface:
    """Return the description of a chart, which is made once a class."""
    return ChartInterface(
        states={name: (state.tango.name, state.doc) for name, state in chart.states.items()},
        transitions={
            name: TransitionInterface(name, tuple(_paths(transition)), transition.doc)
            for name, transition in chart.transitions.items()
        },
        initial=chart.initial.name,
        graph=chart.mermaid(),
    )


def _paths(transition: Transition) -> list[tuple[str, str]]:
    paths = []
    for path in transition.paths:
        target = f"last of {path.target.parent.name}" if isinstance(path.target, Recall) else path.target.name
        paths += [(source.name, target) for source in path.sources] or [("*", target)]
    return paths
