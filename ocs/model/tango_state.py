"""The fourteen device states of the Tango model, with their numbers (cppTango, DevState)."""

from __future__ import annotations

from enum import Enum


class TangoState(Enum):
    """What any client understands of a device's state."""

    ON = 0
    OFF = 1
    CLOSE = 2
    OPEN = 3
    INSERT = 4
    EXTRACT = 5
    MOVING = 6
    STANDBY = 7
    FAULT = 8
    INIT = 9
    RUNNING = 10
    ALARM = 11
    DISABLE = 12
    UNKNOWN = 13


ALWAYS_REACHABLE = (TangoState.FAULT, TangoState.ALARM, TangoState.UNKNOWN, TangoState.INIT)
"""States that a device's own code may enter from anywhere."""
