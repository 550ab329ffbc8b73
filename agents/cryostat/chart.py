"""The states of the heater."""

from __future__ import annotations

from ocs.agent import State, StateChart, transition


class HeaterChart(StateChart):
    """What the heater does: nothing, what a person says, or what the temperature needs."""

    OFF = State("OFF", initial=True, doc="no power, and none may be set")
    HEATING = State("ON", doc="the heater has power")
    MANUAL = State("ON", initial=True, parent=HEATING, doc="the power is what was written to channel power")
    CONTROL = State("RUNNING", parent=HEATING, doc="the power is what regulate or hold needs for the set point")
    SWITCHING_OFF = State("RUNNING", doc="the power is going to 0 W")
    FAULT = State("FAULT", doc="heater open, or cut-out opened because it was too hot; Status says which")
    UNKNOWN = State("UNKNOWN", doc="the controller was not there yet")

    switch_on = transition(OFF, HEATING, doc="allow power to be set; it begins at 0 W")
    switch_off = transition(HEATING, OFF, during=SWITCHING_OFF, doc="take the power away, from any regulation too")
    reset = transition(FAULT, OFF, doc="close the cut-out again and forget the fault")

    _went_off = transition("*", OFF, doc="found without power, or switched off by the controller's watchdog")
    _found_on = transition("*", MANUAL, doc="found with power when the agent came")
