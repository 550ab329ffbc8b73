"""The states of a power supply."""

from __future__ import annotations

from ocs.agent import State, StateChart, transition


class PsuChart(StateChart):
    """Off, on, or switched off by a protection."""

    OFF = State(initial=True, doc="no output is on")
    ON = State(doc="the enabled outputs are on")
    FAULT = State(doc="a protection has switched an output off, or the device could not be set up; Status says which")

    switch_on = transition(OFF, ON, doc="give each enabled output its set points, then switch it on")
    switch_off = transition(ON, OFF, doc="switch all outputs off; set points stay")
    reset = transition(FAULT, OFF, doc="switch all outputs off, which ends what a protection has done")
    _found_on = transition((OFF, StateChart.INIT), ON, doc="an output is on that was not switched on from here")
    _found_off = transition(ON, OFF, doc="no output is on any more, though not switched off from here")
    _trip = transition((OFF, ON), FAULT, doc="a protection has switched an output off")
