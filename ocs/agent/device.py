"""The base of every device class: what the framework does for it, and what its author may override."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from twisted.logger import Logger

from ocs.agent.declarations import Feed, LinkTo, Operation, OperationDeclaration, Property, declare
from ocs.agent.host import Host
from ocs.agent.milestone import Milestone
from ocs.agent.publishing import FeedRuntime
from ocs.link import Link, LinkState, LinkStatus
from ocs.link.simulator import Simulator
from ocs.model.address import check_device_name
from ocs.model.errors import ConfigurationError
from ocs.model.feed import FeedInterface
from ocs.model.operation import Kind


class Device:
    """One device: a class with declared operations, feeds, properties and perhaps a link.

    Authors override `setup` and `shutdown`, and declare the rest. The framework makes the object.

    Args:
        name: Its name below the address root.
        properties: Configured values, by name of the property; they win over the class's defaults.

    Raises:
        ConfigurationError: A property is unknown or has the wrong type.
    """

    version: str = ""
    declared_operations: ClassVar[dict[str, OperationDeclaration]] = {}
    declared_feeds: ClassVar[dict[str, FeedInterface]] = {}
    declared_properties: ClassVar[dict[str, Property[Any]]] = {}
    declared_links: ClassVar[tuple[LinkTo, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the declarations of the class and of its bases."""
        super().__init_subclass__(**kwargs)
        members = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
        operations = [value.declaration for value in members.values() if isinstance(value, Operation)]
        feeds = [value.interface for value in members.values() if isinstance(value, Feed)]
        cls.declared_operations = {declaration.interface.name: declaration for declaration in operations}
        cls.declared_feeds = {feed.name: feed for feed in feeds}
        cls.declared_properties = {name: value for name, value in members.items() if isinstance(value, Property)}
        cls.declared_links = tuple(value for value in members.values() if isinstance(value, LinkTo))

    def __init__(self, name: str, properties: Mapping[str, Any] | None = None) -> None:
        self.name = check_device_name(name)
        self.log = Logger(name.replace("/", "."))
        self.operations: dict[str, OperationDeclaration] = dict(self.declared_operations)
        self.feeds: dict[str, FeedRuntime] = {}
        self.device_link: Link | None = None
        self.simulator: Simulator | None = None
        self.heartbeat_on = True
        self.host: Host | None = None
        self.set_up = Milestone()
        self.setup_failure = ""
        self.link_there = Milestone()
        for key, value in (properties or {}).items():
            self._configure(key.replace("-", "_"), value)

    # -- for authors -----------------------------------------------------------------------------

    def now(self) -> float:
        """Return the time: POSIX seconds, UTC."""
        return self._hosted().timing.now()

    def seconds(self) -> float:
        """Return a monotonic time in s, for durations."""
        return self._hosted().timing.seconds()

    def subscribe_feed(self, device: str, feed: str, handler: Callable[[str, Any, dict[str, Any]], None]) -> None:
        """Have `handler(topic, message, feed_info)` called in the event loop for each message of a feed.

        Args:
            device: Name of the device; empty for every device.
            feed: Name of the feed; empty for every feed.
            handler: Must not block.
        """
        host = self._hosted()
        host.timing.soon(host.subscribe_feed, device, feed, handler)

    def start_operation(self, name: str, **params: Any) -> None:
        """Start an operation of this device from within, e.g. in `setup`; a refusal is logged."""
        host = self._hosted()
        host.timing.soon(host.start_from_within, name, params)

    def setup(self) -> None:
        """Prepare the device before its operations can start, in a thread; override it."""

    def check_link(self) -> None:
        """Ask the device for a sign of life whenever its port was opened; override it, raise if it is not there."""

    def simulator_options(self) -> list[str]:
        """Return the command line of the device's simulator, besides its name; override it."""
        return []

    def shutdown(self) -> None:
        """Leave the device in a safe state when the agent ends, in a thread; override it."""

    def add_task(self, name: str, function: Callable[..., Any], **options: Any) -> None:
        """Add a task to this one device: `function(session, **parameters)`, options as of `@task`."""
        self._add(name, function, Kind.TASK, options)

    def add_process(self, name: str, function: Callable[..., Any], **options: Any) -> None:
        """Add a process to this one device: `function(session, **parameters)`, options as of `@process`."""
        self._add(name, function, Kind.PROCESS, options)

    def add_feed(self, name: str, **options: Any) -> FeedRuntime:
        """Add a feed to this one device and return what to publish with; options as of `Feed`."""
        feed = Feed(name=name, **options)
        feed.__set_name__(type(self), name)
        return self._feed(feed.interface)

    # -- for the framework -----------------------------------------------------------------------

    @classmethod
    def doc(cls) -> str:
        """Return what the class is, in its docstring's words."""
        return inspect.cleandoc(cls.__doc__ or "")

    def attach(self, host: Host) -> None:
        """Take the agent's services; called once, before anything else."""
        self.host = host
        for feed in self.declared_feeds.values():
            self._feed(feed)

    def made_link(self) -> Link:
        """Return the device's link.

        Raises:
            ConfigurationError: The class declares none, or the agent has not opened it.
        """
        if self.device_link is None:
            raise ConfigurationError(f"{self.name} has no open link; it exists from setup() on")
        return self.device_link

    def link_changed(self, status: LinkStatus) -> None:
        """Take note that the link was found or lost; called from any thread."""
        if status.state is LinkState.OPEN:
            self.link_there.reach(self._hosted().timing)
        else:
            self.link_there.leave()

    def _configure(self, name: str, value: Any) -> None:
        declared = self.declared_properties.get(name)
        if declared is None:
            known = ", ".join(sorted(self.declared_properties)) or "none"
            raise ConfigurationError(
                f"{type(self).__name__} has no property {name}; it has {known}",
                field=name, given=value, allowed=sorted(self.declared_properties),
            )  # fmt: skip
        declared.configure(self, value)

    def _add(self, name: str, function: Callable[..., Any], kind: Kind, options: dict[str, Any]) -> None:
        ender = options.pop("aborter", None) or options.pop("stopper", None)
        declaration = declare(function, kind, name=name, **options)
        declaration = _without_device(declaration, function, ender)
        self.operations[name] = declaration
        if self.host is not None:
            self.host.add_operation(declaration)

    def _feed(self, interface: FeedInterface) -> FeedRuntime:
        runtime = self._hosted().make_feed(interface)
        self.feeds = {**self.feeds, interface.name: runtime}  # never changed in place: the loop goes through it
        return runtime

    def _hosted(self) -> Host:
        if self.host is None:
            raise ConfigurationError(f"{self.name} is not part of an agent yet; use setup() for this")
        return self.host


def _without_device(
    declaration: OperationDeclaration, function: Callable[..., Any], ender: Callable[..., Any] | None
) -> OperationDeclaration:
    def called(_device: Any, session: Any, **params: Any) -> Any:
        return function(session, **params)

    def ended(_device: Any, session: Any) -> Any:
        return ender(session) if ender is not None else None

    return replace(declaration, function=called, ender=ended if ender is not None else None)
