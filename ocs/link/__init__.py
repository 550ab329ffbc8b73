"""The way to one instrument: ports, frames, exchanges, and coming back after a loss."""

from __future__ import annotations

from ocs.link.back_off import BackOff
from ocs.link.framing import ByteOrder, FixedLength, Framing, Lines, Prefixed
from ocs.link.link import Link
from ocs.link.port import open_port
from ocs.link.serial import FlowControl
from ocs.link.status import LinkCounters, LinkState, LinkStatus
from ocs.link.transport import Transport

__all__ = [
    "BackOff",
    "ByteOrder",
    "FixedLength",
    "FlowControl",
    "Framing",
    "Lines",
    "Link",
    "LinkCounters",
    "LinkState",
    "LinkStatus",
    "Prefixed",
    "Transport",
    "open_port",
]
