"""The base of every device class: what the framework does for it, and what its author may override."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from twisted.logger import Logger

from ocs.agent.author.channel import Channel, ChannelDeclaration
from ocs.agent.author.class_rules import check_class
from ocs.agent.author.declarations import Feed, LinkTo, Operation, OperationDeclaration, Property
from ocs.agent.author.every_device import channels_of_every_device, commands_of_every_device
from ocs.agent.author.transitions import Handlers, handlers_of
from ocs.agent.calling.device_thread import DeviceThread
from ocs.agent.calling.milestone import Milestone
from ocs.agent.channels.acquisition import Acquisition
from ocs.agent.channels.feeds import ChannelFeeds
from ocs.agent.channels.polling import Polling
from ocs.agent.channels.runtime import ChannelRuntime
from ocs.agent.data.publishing import FeedRuntime
from ocs.agent.extending import Extending
from ocs.agent.host import Host
from ocs.agent.state import StateRuntime
from ocs.link import Link, LinkState, LinkStatus
from ocs.link.simulator import Simulator
from ocs.model.address import check_device_name
from ocs.model.chart import PlainChart, StateChart
from ocs.model.errors import ConfigurationError
from ocs.model.event import EventKind
from ocs.model.feed import FeedInterface
from ocs.model.health import Cause
from ocs.model.operation import Kind
from ocs.model.overlay import OVERLAID
from ocs.model.quality import ALARMING
from ocs.model.tango_state import TangoState


class Device(Extending):
    """One device: a class with declared channels, operations, feeds, properties, states and perhaps a link.

    Authors override `setup`, `shutdown` and `read_hardware`, and declare the rest. The framework makes the object.

    Args:
        name: Its name below the address root.
        properties: Configured values, by name of the property; they win over the class's defaults.

    Raises:
        ConfigurationError: A property is unknown or has the wrong type.
    """

    version: str = ""
    alarm_over: ClassVar[frozenset[TangoState]] = OVERLAID
    """States over which channels beyond their limits lay ALARM."""
    state_asks_hardware: ClassVar[bool] = False
    """Whether asking for State first reads the channels with limits that are not polled, as Tango does."""
    setup_again_s: ClassVar[float | None] = None
    """So long after a failed set-up, in s, it is tried again, but for a wrong configuration; None leaves it to Init."""
    chart: ClassVar[type[StateChart]] = PlainChart
    declared_operations: ClassVar[dict[str, OperationDeclaration]] = {}
    declared_commands: ClassVar[dict[str, OperationDeclaration]] = {}
    declared_channels: ClassVar[dict[str, ChannelDeclaration]] = {}
    declared_feeds: ClassVar[dict[str, FeedInterface]] = {}
    declared_properties: ClassVar[dict[str, Property[Any]]] = {}
    declared_links: ClassVar[tuple[LinkTo, ...]] = ()
    transition_handlers: ClassVar[dict[str, Handlers]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the declarations of the class and of its bases."""
        super().__init_subclass__(**kwargs)
        for name, value in list(vars(cls).items()):
            if isinstance(value, Channel):
                value.name_it(name)
        members = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
        declared = {
            value.declaration.interface.name: value.declaration
            for value in members.values()
            if isinstance(value, Operation)
        }
        is_command = {name for name, each in declared.items() if each.interface.kind is Kind.COMMAND}
        cls.declared_operations = {name: each for name, each in declared.items() if name not in is_command}
        cls.declared_commands = {name: each for name, each in declared.items() if name in is_command}
        cls.declared_channels = {
            value.declaration.name: value.declaration.of_class(cls)
            for value in members.values()
            if isinstance(value, Channel)
        }
        feeds = [value.interface for value in members.values() if isinstance(value, Feed)]
        cls.declared_feeds = {feed.name: feed for feed in feeds}
        cls.declared_properties = {name: value for name, value in members.items() if isinstance(value, Property)}
        cls.declared_links = tuple(value for value in members.values() if isinstance(value, LinkTo))
        cls.transition_handlers = handlers_of(cls)
        check_class(cls)

    def __init__(self, name: str, properties: Mapping[str, Any] | None = None) -> None:
        self.name = check_device_name(name)
        self.log = Logger(name.replace("/", "."))
        self.operations: dict[str, OperationDeclaration] = dict(self.declared_operations)
        self._commands: dict[str, OperationDeclaration] = dict(self.declared_commands)
        self._channels: dict[str, ChannelRuntime] = {}
        self._added: set[tuple[str, str]] = set()
        self._renewable: set[tuple[str, str]] = set()
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
        return self.hosted().timing.now()

    def seconds(self) -> float:
        """Return a monotonic time in s, for durations."""
        return self.hosted().timing.seconds()

    def subscribe_feed(self, device: str, feed: str, handler: Callable[[str, Any, dict[str, Any]], None]) -> None:
        """Have `handler(topic, message, feed_info)` called in the event loop for each message of a feed.

        Args:
            device: Name of the device; empty for every device.
            feed: Name of the feed; empty for every feed.
            handler: Must not block.
        """
        host = self.hosted()
        host.timing.soon(host.subscribe_feed, device, feed, handler)

    def subscribe_topic(self, topic: str, handler: Callable[[str, list[Any]], None]) -> None:
        """Have `handler(topic, args)` called in the event loop for each event of a topic; it must not block."""
        host = self.hosted()
        host.timing.soon(host.subscribe_topic, topic, handler)

    def own_causes(self, now: float) -> Iterable[Cause | None]:  # noqa: ARG002 - for those who override it
        """Return what else makes this device unwell, beside what the framework sees; override it.

        Args:
            now: POSIX s, UTC.
        """
        return ()

    def start_operation(self, name: str, **params: Any) -> None:
        """Start an operation of this device from within, e.g. in `setup`; a refusal is logged."""
        host = self.hosted()
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

    def read_hardware(self, names: list[str]) -> None:
        """Fetch what the channels `names` are about to be read from, in one exchange for all; override it.

        It is called once for each request and each poll, before the readers of these channels, in their thread.
        """

    def set_status(self, text: str) -> None:
        """Say in words how the device is, until its state changes."""
        self.state.set_status(text)

    # -- for the framework -----------------------------------------------------------------------

    @classmethod
    def doc(cls) -> str:
        """Return what the class is, in its docstring's words."""
        return inspect.cleandoc(cls.__doc__ or "")

    def attach(self, host: Host) -> None:
        """Take the agent's services; called once, before anything else."""
        self.host = host
        self.alarming: dict[str, bool] = {}
        self.followers: dict[str, list[ChannelRuntime]] = {}
        self.sent_events: dict[str, Counter[EventKind]] = {}
        self._thread = DeviceThread(self.name, host.timing)
        self._acquisition = Acquisition(self, self._thread)
        self._state = StateRuntime(self, self.chart)
        for feed in self.declared_feeds.values():
            self._feed(feed)
        every = channels_of_every_device(asks_hardware=self.state_asks_hardware)
        for declaration in [*every, *self.declared_channels.values()]:
            self._channels[declaration.name] = ChannelRuntime(declaration, self)
        self._commands = {**commands_of_every_device(), **self._commands}
        self._channel_feeds = ChannelFeeds(self)
        self._channel_feeds.arrange()
        self._polling = Polling(self, self._channel_feeds)

    @property
    def state(self) -> StateRuntime:
        """Where the device stands in its chart; also to change it."""
        return self._state

    @property
    def channels(self) -> dict[str, ChannelRuntime]:
        """Its channels by name."""
        return self._channels

    @property
    def commands(self) -> dict[str, OperationDeclaration]:
        """Its commands by name."""
        return self._commands

    @property
    def thread(self) -> DeviceThread:
        """Where its plain handlers run."""
        return self._thread

    @property
    def acquisition(self) -> Acquisition:
        """What reads and writes its channels."""
        return self._acquisition

    @property
    def polling(self) -> Polling:
        """What reads its channels by themselves."""
        return self._polling

    @property
    def channel_feeds(self) -> ChannelFeeds:
        """What publishes channels together."""
        return self._channel_feeds

    def quality_changed(self, channel: ChannelRuntime) -> None:
        """Take note that a channel went beyond its limits or came back, in the loop."""
        latest = channel.latest
        alarming = bool(channel.problem) or (latest is not None and latest.quality in ALARMING)
        if self.alarming.get(channel.name, False) is not alarming:
            self.alarming = {**self.alarming, channel.name: alarming}  # never changed in place: threads read it
            self.state.looked()

    def forget_channel(self, name: str) -> None:
        """Take note that a channel was removed: what it had says nothing of the device any more."""
        self.alarming = {known: alarming for known, alarming in self.alarming.items() if known != name}

    @property
    def culprits(self) -> list[str]:
        """A sentence for each channel that is beyond its limits."""
        channels = [
            self.channels[name] for name, alarming in self.alarming.items() if alarming and name in self.channels
        ]
        return [channel.problem or channel.culprit for channel in channels]

    def state_changed(self) -> None:
        """Give the channels of the state their new values, in the loop."""
        for name, value in (("State", self.state.tango), ("Status", self.state.status)):
            channel = self.channels.get(name)
            if channel is not None:
                reading = channel.made(value)
                if channel.value != reading.value:
                    channel.processed(reading)
                    archiving = self.hosted().archiving
                    if archiving is not None and name == "State":
                        archiving.reading(channel, reading)

    async def read_limited(self) -> None:
        """Read the channels with limits that are not polled, so that State takes them into account."""
        limited = [
            channel
            for channel in self.channels.values()
            if channel.poll_period_s is None and channel.declaration.reader is not None and channel.limited
        ]
        if limited:
            await self.acquisition.read(limited)

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
            self.link_there.reach(self.hosted().timing)
        else:
            self.link_there.leave()
        archiving = self.hosted().archiving
        if archiving is not None and status.state is not LinkState.CLOSED:
            archiving.link_changed(self.name, there=status.state is LinkState.OPEN, reason=status.reason)

    def _configure(self, name: str, value: Any) -> None:
        declared = self.declared_properties.get(name)
        if declared is None:
            known = ", ".join(sorted(self.declared_properties)) or "none"
            raise ConfigurationError(
                f"{type(self).__name__} has no property {name}; it has {known}",
                field=name, given=value, allowed=sorted(self.declared_properties),
            )  # fmt: skip
        declared.configure(self, value)
