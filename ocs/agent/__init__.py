"""What an author of device agents imports."""

from pydantic import Field

from ocs.agent.author.channel import Channel, Sample
from ocs.agent.author.declarations import Feed, LinkTo, Property, command, process, task
from ocs.agent.author.transitions import action, guard
from ocs.agent.device import Device
from ocs.agent.operations.session import AsyncSession, Session
from ocs.agent.program.launch import run
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
