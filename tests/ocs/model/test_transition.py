from __future__ import annotations

from typing import Any

import pytest

from ocs.model.chart import StateChart
from ocs.model.tango_state import TangoState
from ocs.model.transition import Path, Recall, State, Transition, recall, transition


class Valve(StateChart):
    SHUT = State("CLOSE", initial=True)
    OPEN = State(doc="gas flows")
    BUSY = State("moving")
    INNER, ODD = State(parent=BUSY, initial=True), State("STANDBY", parent=BUSY)
    NAMELESS = State()
    let_in = transition(SHUT, OPEN, during=BUSY, doc="open it")
    step = transition(BUSY, SHUT) | transition(ODD, INNER, doc="inside") | transition("*", OPEN)
    _slam = transition([OPEN, BUSY], SHUT)


@pytest.mark.parametrize(
    ("state", "tango"),
    [
        (Valve.SHUT, TangoState.CLOSE),
        (Valve.OPEN, TangoState.OPEN),
        (Valve.BUSY, TangoState.MOVING),
        (Valve.INNER, TangoState.MOVING),
        (Valve.ODD, TangoState.STANDBY),
        (Valve.NAMELESS, TangoState.ON),
    ],
)
def test_a_state_stands_for_its_word_its_name_its_parent_or_on(state: State, tango: TangoState) -> None:
    assert state.tango is tango


@pytest.mark.parametrize("word", ["BUSY", "", 3])
def test_a_word_that_is_no_tango_state_is_refused(word: Any) -> None:
    with pytest.raises(TypeError, match="the fourteen are ON, OFF"):
        State(word)


def test_states_are_compared_by_what_was_declared() -> None:
    assert State("ON") != State("ON")
    assert len({Valve.OPEN, Valve.OPEN, Valve.SHUT}) == 2


def test_a_leading_underscore_makes_it_the_devices_own() -> None:
    assert Valve._slam.own
    assert not Valve.let_in.own


@pytest.mark.parametrize(
    ("state", "index"), [(Valve.ODD, 1), (Valve.INNER, 0), (Valve.BUSY, 0), (Valve.SHUT, 2), (Valve.OPEN, 2)]
)
def test_the_innermost_path_wins(state: State, index: int) -> None:
    assert Valve.step.path_from(state) is Valve.step.paths[index]


def test_there_is_no_path_from_a_state_that_none_names() -> None:
    assert Valve.let_in.path_from(Valve.OPEN) is None


def test_joined_paths_keep_their_order_and_the_first_doc() -> None:
    assert Valve.step.name == "step"
    assert Valve.step.doc == "inside"
    assert [path.anywhere for path in Valve.step.paths] == [False, False, True]


def test_a_path_names_all_of_its_states() -> None:
    path = Path((Valve.SHUT,), Recall(Valve.BUSY), Valve.OPEN)

    assert list(path.states) == [Valve.SHUT, Valve.BUSY, Valve.OPEN]


@pytest.mark.parametrize("sources", ["OFF", (), [], ["OFF"]])
def test_a_transition_from_what_is_no_state_is_refused(sources: Any) -> None:
    with pytest.raises(TypeError, match="leaves from states"):
        transition(sources, Valve.OPEN)


def test_a_transition_to_what_is_no_state_is_refused() -> None:
    target: Any = "OPEN"

    with pytest.raises(TypeError, match=r"recall\(a state\)"):
        transition(Valve.SHUT, target)


def test_what_is_in_no_chart_says_so() -> None:
    assert repr(State()) == "State(not in a chart yet)"
    assert repr(Transition([])) == "Transition(not in a chart yet)"
    assert repr(Valve.OPEN) == "State(OPEN)"
    assert recall(Valve.BUSY) == Recall(Valve.BUSY)
