"""What a user of any client handles first: the realm and its devices.

Every method that asks the realm goes through the flavour's `do`: the blocking flavours return the answer,
the async one an awaitable of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ocs.client.channel_events import DeviceEvent
from ocs.client.channel_requests import ChannelRequests
from ocs.client.channels import ClientChannel
from ocs.client.commands import ClientCommand
from ocs.client.discovery import describe_device, discover, list_devices
from ocs.client.events import FeedMessage, decode_feed_event
from ocs.client.feeds import Feed
from ocs.client.flavour import Flavour
from ocs.client.histories import ARCHIVER, Channels, Histories, Progress
from ocs.client.mailbox import Keep
from ocs.client.operations import Operation, Run
from ocs.client.requests import DeviceRequests
from ocs.client.states import ClientState, device_subject
from ocs.client.steps import Conversation
from ocs.client.watching import follow, subscribe
from ocs.model.address import python_name
from ocs.model.event import DeviceEventKind
from ocs.model.interface import DeviceInterface
from ocs.model.time_span import Moment
from ocs.wire import uris

__all__ = ["Device", "Feed", "Flavour", "Operation", "Realm", "Run"]

FRESH_S = 5.0
"""What a device told of itself is taken for true for so long, in s, unless something contradicts it."""


class Realm:
    """A realm of devices.

    Args:
        flavour: The client.
        root: The address root.
        registry: Name of the registry.
        seconds: A monotonic clock.
        archiver: Name of the archiver.
    """

    def __init__(
        self,
        flavour: Flavour,
        root: str,
        registry: str = "registry",
        seconds: Callable[[], float] = time.monotonic,
        archiver: str = ARCHIVER,
    ) -> None:
        self.flavour = flavour
        self.root = root
        self.registry = registry
        self.histories = Histories(root, archiver)
        self._seconds = seconds
        self._devices: dict[str, tuple[Device, float]] = {}

    def device(self, name: str) -> Any:
        """Return the device called `name`; it is asked anew what it offers when that may have changed.

        Raises:
            NotFoundError: There is none; the sentence tells who is there.
            RouterLostError: The router cannot be reached.
        """
        return self.flavour.do(self._find(name))

    def devices(self) -> Any:
        """Return what the registry knows of each device, by name: `expired`, `agent_class`, `op_codes` ..."""
        return self.flavour.do(list_devices(self.root, self.registry))

    def subscribe(self, device: str, feed: str, handler: Callable[[FeedMessage], None]) -> Any:
        """Have `handler` called for each message of a feed; an empty name stands for every device or feed."""
        topic = uris.feed(self.root, device, feed)
        match = "exact" if device and feed else "wildcard"

        def event(actual: str, args: list[Any]) -> None:
            handler(decode_feed_event(actual, args))

        return self.flavour.subscribe(topic, event, match)

    # -- what was archived -----------------------------------------------------------------------

    def history(
        self,
        channels: Channels,
        start: Moment = "-1h",
        end: Moment = "now",
        *,
        max_points: int | None = None,
        on_progress: Progress | None = None,
    ) -> Any:
        """Return what was archived of some channels, as a `History`: Arrow, pandas, xarray or NumPy.

        Args:
            channels: A name (`thermo-1.temperature`), a pattern (`*.temperature`, a device alone for all of it), or
                several.
            start: `-1h`, `-2d`, `today`, an ISO 8601 text (UTC), POSIX seconds or a datetime.
            end: The same; no part of the span.
            max_points: So many points of each channel at most, with the extremes between; None for every row.
            on_progress: Called with the part that is there, 0 to 1.

        Raises:
            NotFoundError: There is no archiver, or no such channel; the sentence says what to do.
            ParameterError: A pattern or a time cannot be read.
        """
        return self.flavour.do(self.histories.history(channels, start, end, max_points, on_progress))

    def chunks(
        self, channels: Channels, start: Moment = "-1h", end: Moment = "now", *, max_points: int | None = None
    ) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over the same piece by piece, in bounded memory.

        Each `Chunk` has rows of one series in the order of their time; arguments as of `history`.
        """
        return self.flavour.iterate(self.histories.chunks(channels, start, end, max_points))

    def gaps(self, pattern: Channels = "*", start: Moment | None = None, end: Moment | None = None) -> Any:
        """Return the known holes in the archive, each with its cause, the earliest first.

        Args:
            pattern: A device, a pattern, or several.
            start: As of `history`; None for the beginning.
            end: The same; None for now.
        """
        return self.flavour.do(self.histories.gaps(pattern, start, end))

    def _find(self, name: str) -> Conversation[Device]:
        device, described = self._devices.get(name, (None, 0.0))
        now = self._seconds()
        if device is not None and now < described + FRESH_S and not device.requests.outdated:
            return device
        interface = yield from discover(self.root, name, self.registry)
        if device is None or device.interface != interface:
            device = Device(self.flavour, self.root, interface, self.histories)
        device.requests.outdated = False
        self._devices[name] = (device, now)
        return device


class Device:
    """A device; its operations, channels and commands are attributes, with `-` and spaces as `_`.

    A name that several of them have means the operation before the channel, the channel before the command; all of
    them are in `operations`, `channels` and `commands`.

    Args:
        flavour: The client.
        root: The address root.
        interface: What the device told of itself.
        histories: The conversations with the archiver; those with the one called `archiver` by default.
    """

    def __init__(
        self, flavour: Flavour, root: str, interface: DeviceInterface, histories: Histories | None = None
    ) -> None:
        self._flavour = flavour
        self._histories = histories or Histories(root)
        self.interface = interface
        self.name = interface.identity.name
        self.requests = DeviceRequests(root, interface)
        self._channel_requests = asked = ChannelRequests(self.requests)
        self.operations: dict[str, Operation] = {
            name: Operation(flavour, self.requests, operation) for name, operation in interface.operations.items()
        }
        self.channels: dict[str, ClientChannel] = {
            name: ClientChannel(flavour, asked, channel, self._histories)
            for name, channel in interface.channels.items()
        }
        self.commands: dict[str, ClientCommand] = {
            name: ClientCommand(flavour, asked, command) for name, command in interface.commands.items()
        }
        self.feeds: dict[str, Feed] = {name: Feed(flavour, root, self.name, name) for name in interface.feeds}
        self.state = ClientState(flavour, asked, interface.chart)
        self._attributes: dict[str, Any] = {}
        for parts in (self.operations, self.channels, self.commands):
            for name, part in parts.items():
                self._attributes.setdefault(python_name(name), part)
        self.__doc__ = interface.identity.doc

    # -- channels, commands, health ---------------------------------------------------------------

    def read(
        self, names: str | Sequence[str] | None = None, *, source: str = "auto", max_age_s: float | None = None
    ) -> Any:
        """Return readings by channel, in one call; one that could not be read has its `error` in it.

        Args:
            names: A name, a pattern such as `temp*`, or several; None for all.
            source: `device` asks the hardware, `cache` never does; `auto` only when nothing fresh is known.
            max_age_s: With `auto`, what counts as fresh, in s.
        """
        return self._flavour.do(self._channel_requests.read(names, source, max_age_s))

    def write(self, values: Mapping[str, Any], *, readback: bool = False, check: bool = False) -> Any:
        """Write channels in one call; return what became of each: `setpoint`, `reading`, `error`.

        Args:
            values: What to write, by channel.
            readback: Whether to read each back.
            check: Whether to try everything but the hardware.
        """
        return self._flavour.do(self._channel_requests.write(values, readback=readback, check=check))

    def command(self, name: str, **params: Any) -> Any:
        """Carry a command out and return its result."""
        known = self.interface.commands.get(name)
        limit_s = None if known is None else known.timeout_s
        return self._flavour.do(self._channel_requests.command(name, params or None, limit_s))

    def config(self, channel: str | None = None) -> Any:
        """Return the configuration of one channel, or of all, by channel; see `ClientChannel.config`."""
        return self._flavour.do(self._channel_requests.config("get", channel))

    @property
    def health(self) -> Any:
        """How the device is and why, asked for now (awaitable in `ocs.client.aio`): `level`, `causes`, `sentence`."""
        return self._flavour.do(self._channel_requests.health())

    def history(
        self,
        start: Moment = "-1h",
        end: Moment = "now",
        *,
        channels: Channels = "*",
        max_points: int | None = None,
        on_progress: Progress | None = None,
    ) -> Any:
        """Return what was archived of it, as a `History`; arguments as of `Realm.history`.

        Args:
            start: Start of the span.
            end: Its end.
            channels: Names and patterns of its channels and of the fields of its feeds; all by default.
            max_points: So many points of each channel at most; None for every row.
            on_progress: Called with the part that is there, 0 to 1.
        """
        names = (channels,) if isinstance(channels, str) else channels
        asked = [f"{self.name}.{word.strip()}" for name in names for word in name.split(",")]
        return self._flavour.do(self._histories.history(asked, start, end, max_points, on_progress))

    def describe(self) -> Any:
        """Return what the device tells of itself now, as a `DeviceInterface`."""
        return self._flavour.do(describe_device(self.requests.root, self.name))

    # -- events ----------------------------------------------------------------------------------

    def subscribe(self, handler: Callable[[DeviceEvent], object], kind: DeviceEventKind | str) -> Any:
        """Have `handler` called for each event of the device as a whole; return what ends it by `close()`.

        Args:
            handler: Gets the present state or health first.
            kind: `state`, `health` or `interface`.
        """
        subject = device_subject(self._channel_requests, kind)
        return self._flavour.do(subscribe(subject, handler, self._flavour.deliver))

    def follow(self, kind: DeviceEventKind | str, *, keep: Keep = "all", timeout_s: float | None = None) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over such events; arguments as of `ClientChannel.follow`."""
        return self._flavour.iterate(follow(device_subject(self._channel_requests, kind), keep, timeout_s))

    # -- names -----------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        attributes: dict[str, Any] = self.__dict__.get("_attributes", {})
        if name in attributes:
            return attributes[name]
        if "requests" in self.__dict__:
            self.requests.outdated = True  # the device may have got it meanwhile
        raise AttributeError(
            f"{self.__dict__.get('name', 'this device')} has no operation, channel or command {name}; it has "
            f"{', '.join(attributes) or 'none'}"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__.get("_attributes", {}):
            raise AttributeError(f"{self.name}.{name} cannot be assigned to; a channel is written by put(value)")
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._attributes})

    def __repr__(self) -> str:
        identity = self.interface.identity
        return f"<{identity.device_class} {identity.address}: {', '.join(self._attributes)}>"
