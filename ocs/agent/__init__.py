"""What an author of device agents imports."""

from pydantic import Field

from ocs.agent.channel import Channel, Sample
from ocs.agent.declarations import Feed, LinkTo, Property, command, process, task
from ocs.agent.device import Device
from ocs.agent.launch import run
from ocs.agent.session import AsyncSession, Session
from ocs.agent.transitions import action, guard
from ocs.link import FixedLength, Lines, Prefixed
from ocs.model.chart import PlainChart, StateChart
from ocs.model.errors import DeviceError, LinkLostError, NotAllowedError, OcsError
from ocs.model.quality import Quality
from ocs.model.tango_state import TangoState
from ocs.model.transition import State, recall, transition
from ocs.model.units import Limits, Unit

__all__ = [
    "AsyncSession",
    "Channel",
    "Device",
    "DeviceError",
    "Feed",
    "Field",
    "FixedLength",
    "Limits",
    "Lines",
    "LinkLostError",
    "LinkTo",
    "NotAllowedError",
    "OcsError",
    "PlainChart",
    "Prefixed",
    "Property",
    "Quality",
    "Sample",
    "Session",
    "State",
    "StateChart",
    "TangoState",
    "Unit",
    "action",
    "command",
    "guard",
    "process",
    "recall",
    "run",
    "task",
    "transition",
]
