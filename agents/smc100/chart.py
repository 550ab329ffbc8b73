"""The states of an SMC100 as a chart: the controller's own, and FAULT from its error bits.

Source: the state diagram of the controller, from general knowledge; the manual was not seen.
"""

from __future__ import annotations

from agents.smc100.status import ControllerState
from ocs.agent import State, StateChart, transition


class StageChart(StateChart):
    """What the controller does; the chart follows it, since keypad and power may lead from any state to any other."""

    NOT_REFERENCED = State("STANDBY", initial=True, doc="positions have no zero before the home search")
    CONFIGURATION = State("INIT", doc="permanent parameters are being written")
    HOMING = State("MOVING", doc="searching the home switch")
    MOVING = State("MOVING", doc="on the way to its set point")
    READY = State("ON", doc="holds its position and takes moves")
    DISABLE = State("DISABLE", doc="the motor is off, the stage can be pushed by hand")
    JOGGING = State("MOVING", doc="moved by hand with the keypad")
    SIMULATION = State("ON", doc="the controller simulates a stage")
    FAULT = State("FAULT", doc="the controller reports an error of stage or motor; Status says which")

    enable = transition(DISABLE, READY, doc="switch the motor on")
    disable = transition(READY, DISABLE, doc="switch the motor off")
    stop = transition((MOVING, HOMING), READY, doc="stop the motion where the stage is")
    reset = transition((FAULT, NOT_REFERENCED, READY, DISABLE), NOT_REFERENCED, doc="restart the controller")

    _not_referenced = transition("*", NOT_REFERENCED)
    _configuration = transition("*", CONFIGURATION)
    _homing = transition("*", HOMING)
    _moving = transition("*", MOVING)
    _ready = transition("*", READY)
    _disable = transition("*", DISABLE)
    _jogging = transition("*", JOGGING)
    _simulation = transition("*", SIMULATION)
    _fault = transition("*", FAULT)


OF_CONTROLLER: dict[ControllerState, State] = {state: StageChart.states[state.name] for state in ControllerState}
"""The state of the chart for each of the controller's."""
