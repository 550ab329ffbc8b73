"""The static, read-only description of a device: all that clients, tools and documents know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ocs.model.channel import ChannelInterface, Display
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
        when: Names of the states in which it may be started; empty for any.
        during: Name of the state that the device is in while it runs; empty when that does not change.
        display: Whom interfaces show it to; a hint, no protection.
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
    when: tuple[str, ...] = ()
    during: str = ""
    display: Display = Display.OPERATOR


@dataclass(frozen=True, slots=True)
class TransitionInterface:
    """One trigger of a device's state chart.

    Attributes:
        name: The trigger; with an underscore first it is the device's own.
        paths: From which state to which, by name.
        doc: What it does.
    """

    name: str
    paths: tuple[tuple[str, str], ...]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class ChartInterface:
    """A device's state chart as clients see it.

    Attributes:
        states: Each state's Tango state and what it means, by name.
        transitions: The triggers, by name.
        initial: The state after the device was set up.
        graph: The chart as a mermaid diagram.
    """

    states: Mapping[str, tuple[str, str]]
    transitions: Mapping[str, TransitionInterface]
    initial: str
    graph: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who and where a device is.

    Attributes:
        name: Its name below the address root.
        root: The address root.
        realm: The realm.
        device_class: Name of its Python class.
        doc: What it is.
        version: Version of its class.
        agent: Class and instance of the agent that hosts it, as `class/instance`.
        host: Name of the machine.
        pid: Number of the agent's process.
        epoch: Start of the agent process in ns (POSIX, UTC).
        wire: Version of the messages it speaks.
        session: Number of the agent's router session; None while it has none.
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
    session: int | None = None

    @property
    def agent_class(self) -> str:
        """Class of the agent that hosts it: what OCS knows as the class of the device."""
        return self.agent.partition("/")[0]

    @property
    def address(self) -> str:
        """The device's URI, `<root>.<name>`."""
        return f"{self.root}.{self.name}"


@dataclass(frozen=True, slots=True)
class DeviceInterface:
    """A device as others see it: identity, operations, feeds, channels, commands and state chart."""

    identity: Identity
    operations: Mapping[str, OperationInterface]
    feeds: Mapping[str, FeedInterface]
    channels: Mapping[str, ChannelInterface] = field(default_factory=dict)
    commands: Mapping[str, OperationInterface] = field(default_factory=dict)
    chart: ChartInterface | None = None
