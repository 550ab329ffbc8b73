"""What an author of device agents imports."""

from pydantic import Field

from ocs.agent.declarations import Feed, LinkTo, Property, process, task
from ocs.agent.device import Device
from ocs.agent.launch import run
from ocs.agent.session import AsyncSession, Session
from ocs.link import FixedLength, Lines, Prefixed
from ocs.model.errors import DeviceError, LinkLostError, NotAllowedError, OcsError
from ocs.model.units import Limits, Unit

__all__ = [
    "AsyncSession",
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
    "Prefixed",
    "Property",
    "Session",
    "Unit",
    "process",
    "run",
    "task",
]
