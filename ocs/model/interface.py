"""The static, read-only description of a device: all that clients, tools and documents know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ocs.model.feed import FeedInterface
from ocs.model.operation import Kind

WIRE_VERSION = "1.0"
"""Version of the messages; within a major number keys are only added."""


@dataclass(frozen=True, slots=True)
class OperationInterface:
    """What a client may know of one operation.

    Attributes:
        name: Its name on the wire.
        kind: Task, process or command.
        doc: Its help, the author's docstring.
        params: JSON schema of its parameters, with `unit`; None when it takes anything.
        result: JSON schema of its result; empty when none is declared.
        level: The level that a caller needs, 1 to 4.
        abortable: Whether a task may be aborted.
        blocking: Whether it runs in a thread of its own.
        timeout_s: After this time, in s, the agent ends it; None for never.
    """

    name: str
    kind: Kind
    doc: str = ""
    params: Mapping[str, Any] | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    level: int = 1
    abortable: bool = True
    blocking: bool = True
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who and where a device is.

    Attributes:
        name: Its name below the address root.
        root: The address root.
        realm: The realm.
        device_class: Name of its class.
        doc: What it is.
        version: Version of its class.
        agent: Class and instance of the agent that hosts it, as `class/instance`.
        host: Name of the machine.
        pid: Number of the agent's process.
        epoch: Start of the agent process in ns (POSIX, UTC).
        wire: Version of the messages it speaks.
    """

    name: str
    root: str
    realm: str
    device_class: str
    doc: str
    version: str
    agent: str
    host: str
    pid: int
    epoch: int
    wire: str = WIRE_VERSION

    @property
    def address(self) -> str:
        """The device's URI, `<root>.<name>`."""
        return f"{self.root}.{self.name}"


@dataclass(frozen=True, slots=True)
class DeviceInterface:
    """A device as others see it: identity, operations and feeds."""

    identity: Identity
    operations: Mapping[str, OperationInterface]
    feeds: Mapping[str, FeedInterface]
