from __future__ import annotations

from ocs.agent import State, StateChart, recall, transition
from ocs.agent.serving.chart_interface import chart_interface
from ocs.model.chart import PlainChart


class Chart(StateChart):
    OFF = State(tango="OFF", initial=True, doc="no voltage")
    BUSY = State(tango="RUNNING")
    IDLE = State(parent=BUSY, initial=True)
    WORK = State(parent=BUSY)

    start = transition(OFF, BUSY, doc="begin")
    stop = transition((IDLE, WORK), OFF)
    resume = transition(OFF, recall(BUSY))
    _trip = transition("*", StateChart.FAULT)


def test_states_have_their_tango_word_and_what_they_mean() -> None:
    told = chart_interface(Chart)

    assert told.initial == "OFF"
    assert told.states["OFF"] == ("OFF", "no voltage")
    assert told.states["IDLE"][0] == "RUNNING"
    assert {"FAULT", "ALARM", "UNKNOWN", "INIT"} <= told.states.keys()


def test_each_trigger_has_its_ways_by_name() -> None:
    transitions = chart_interface(Chart).transitions

    assert transitions["start"].paths == (("OFF", "BUSY"),)
    assert transitions["start"].doc == "begin"
    assert transitions["stop"].paths == (("IDLE", "OFF"), ("WORK", "OFF"))
    assert transitions["resume"].paths == (("OFF", "last of BUSY"),)
    assert transitions["_trip"].paths == (("*", "FAULT"),)


def test_the_chart_is_drawn_too() -> None:
    assert chart_interface(Chart).graph.startswith("stateDiagram-v2")


def test_the_plain_chart_has_no_trigger() -> None:
    assert chart_interface(PlainChart).transitions == {}
