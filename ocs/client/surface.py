"""What a user of any client handles: the realm, its devices, their operations, runs and feeds.

Every method that asks the realm goes through the flavour's `do`: the blocking flavours return the answer,
the async one an awaitable of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from ocs.client.events import FeedMessage, decode_earlier_sessions, decode_feed_event, decode_session_event
from ocs.client.interrupts import OnInterrupt, interruptible
from ocs.client.requests import DeviceRequests, StillRunningError, discover, list_devices
from ocs.client.session import Session
from ocs.client.steps import Conversation
from ocs.model.address import python_name
from ocs.model.interface import DeviceInterface, OperationInterface
from ocs.model.operation import Kind
from ocs.wire import uris

FRESH_S = 5.0
"""What a device told of itself is taken for true for so long, in s, unless something contradicts it."""


class Flavour(Protocol):
    """What a client supplies: how a conversation is carried out, and how events come."""

    def do(self, conversation: Conversation[Any]) -> Any:
        """Carry a conversation out; return its result, or an awaitable of it."""

    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Any:
        """Have `handler(topic, args)` called for each event; return (an awaitable of) what ends it by `close()`."""

    def follow(self, topic: str, timeout_s: float | None) -> Any:
        """Return an iterator, or an async one, over the arguments of a topic's events."""


class Realm:
    """A realm of devices.

    Args:
        flavour: The client.
        root: The address root.
        registry: Name of the registry.
        seconds: A monotonic clock.
    """

    def __init__(
        self, flavour: Flavour, root: str, registry: str = "registry", seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self.flavour = flavour
        self.root = root
        self.registry = registry
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

    def _find(self, name: str) -> Conversation[Device]:
        device, described = self._devices.get(name, (None, 0.0))
        now = self._seconds()
        if device is not None and now < described + FRESH_S and not device.requests.outdated:
            return device
        interface = yield from discover(self.root, name, self.registry)
        if device is None or device.interface != interface:
            device = Device(self.flavour, self.root, interface)
        device.requests.outdated = False
        self._devices[name] = (device, now)
        return device


class Device:
    """A device; its operations are attributes, with `-` and spaces as `_`.

    Args:
        flavour: The client.
        root: The address root.
        interface: What the device told of itself.
    """

    def __init__(self, flavour: Flavour, root: str, interface: DeviceInterface) -> None:
        self.interface = interface
        self.name = interface.identity.name
        self.requests = DeviceRequests(root, interface)
        self.operations: dict[str, Operation] = {
            name: Operation(flavour, self.requests, operation) for name, operation in interface.operations.items()
        }
        self._attributes = {python_name(name): operation for name, operation in self.operations.items()}
        self.feeds: dict[str, Feed] = {name: Feed(flavour, root, self.name, name) for name in interface.feeds}
        self.__doc__ = interface.identity.doc

    def __getattr__(self, name: str) -> Operation:
        attributes: dict[str, Operation] = self.__dict__.get("_attributes", {})
        if name in attributes:
            return attributes[name]
        if "requests" in self.__dict__:
            self.requests.outdated = True  # the device may have got it meanwhile
        known = ", ".join(attributes) or "none"
        raise AttributeError(f"{self.__dict__.get('name', 'this device')} has no operation {name}; it has {known}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._attributes})

    def __repr__(self) -> str:
        identity = self.interface.identity
        return f"<{identity.device_class} {identity.address}: {', '.join(self._attributes)}>"


class Operation:
    """A task or process of a device. Calling a task starts it and waits; calling a process starts it."""

    def __init__(self, flavour: Flavour, requests: DeviceRequests, interface: OperationInterface) -> None:
        self._flavour = flavour
        self.requests = requests
        self.interface = interface
        self.name = interface.name
        self.__name__ = python_name(interface.name)
        self.__doc__ = f"{self.signature}\n\n{interface.doc}"

    @property
    def address(self) -> str:
        """Device and operation, for people."""
        return f"{self.requests.name}.{self.name}"

    @property
    def signature(self) -> str:
        """The parameters with types, units and defaults, for people."""
        return f"{self.name}({', '.join(_parameters(self.interface.params))})"

    def __call__(self, **params: Any) -> Any:
        """Start it; a task is waited for, and its session returned when it ended well.

        Raises:
            OcsError: It was refused or failed, with the device's code and sentence.
        """
        if self.interface.kind is Kind.PROCESS:
            return self.start(**params)
        return self.run(params)

    def run(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
        on_interrupt: OnInterrupt | str = OnInterrupt.LEAVE,
        abort_on_timeout: bool = False,
    ) -> Any:
        """Start it and wait until it ended; return its session.

        Args:
            params: The parameters.
            timeout_s: Longest wait in s; it ends the wait, not the run.
            on_interrupt: What Ctrl-C does to the run: `leave` or `abort`.
            abort_on_timeout: Ask the run to end when the wait times out.

        Raises:
            StillRunningError: It still runs after `timeout_s` seconds.
            InterruptedWait: Ctrl-C was pressed.
            OcsError: It was refused or failed, with the device's code and sentence.
        """

        def conversation() -> Conversation[Session]:
            running = self.requests.run(self.name, params or {}, timeout_s)
            try:
                session = yield from interruptible(running, self.address, on_interrupt, self.requested_end)
            except StillRunningError:
                if abort_on_timeout:
                    yield from self.requested_end()
                raise
            return session.check(self.requests.name)

        return self._flavour.do(conversation())

    def start(self, **params: Any) -> Any:
        """Start a run and return it at once."""

        def conversation() -> Conversation[Run]:
            return Run(self._flavour, self, (yield from self.requests.start(self.name, params)))

        return self._flavour.do(conversation())

    def status(self) -> Any:
        """Return the session of the newest run, None if it never ran."""
        return self._flavour.do(self.requests.status(self.name))

    def wait(self, timeout_s: float | None = None, *, on_interrupt: OnInterrupt | str = OnInterrupt.LEAVE) -> Any:
        """Return the newest run's session when it has ended; raises StillRunningError after `timeout_s` seconds."""
        waiting = self.requests.wait(self.name, timeout_s)
        return self._flavour.do(interruptible(waiting, self.address, on_interrupt, self.requested_end))

    def abort(self) -> Any:
        """Ask a task's run to end."""
        return self._flavour.do(self.requests.abort(self.name))

    def stop(self) -> Any:
        """Ask a process's run to end."""
        return self._flavour.do(self.requests.stop(self.name))

    def end(self) -> Any:
        """Ask the run to end: abort for a task, stop for a process."""
        return self._flavour.do(self.requested_end())

    def requested_end(self, run_id: str = "") -> Conversation[Session]:
        """Ask the run to end, as a conversation; with a `run_id` only if it is that run."""
        requests = self.requests
        end = requests.abort if self.interface.kind is Kind.TASK else requests.stop
        return end(self.name, run_id)

    def history(self, count: int = 50) -> Any:
        """Return the sessions of the newest runs, oldest first, those of earlier agent processes included."""
        return self._flavour.do(self.requests.history(self.name, count))

    def __repr__(self) -> str:
        return f"<{self.interface.kind.value} {self.requests.name}.{self.signature}>"


class Run:
    """A run that was started; `session` is what was last known of it."""

    def __init__(self, flavour: Flavour, operation: Operation, session: Session) -> None:
        self._flavour = flavour
        self.operation = operation
        self.session = session

    def wait(self, timeout_s: float | None = None, *, on_interrupt: OnInterrupt | str = OnInterrupt.LEAVE) -> Any:
        """Return the session when the run ended.

        Args:
            timeout_s: Longest wait in s; it ends the wait, not the run.
            on_interrupt: What Ctrl-C does to the run: `leave` or `abort`.

        Raises:
            InterruptedWait: Ctrl-C was pressed.
            StillRunningError: It still runs after `timeout_s` seconds.
            OcsError: It failed, with the device's code and sentence.
        """

        def conversation() -> Conversation[Session]:
            operation = self.operation
            waiting = operation.requests.wait(operation.name, timeout_s)
            newest = yield from interruptible(waiting, operation.address, on_interrupt, self._requested_end)
            own = yield from operation.requests.own(operation.name, newest, self.session)
            self.session = own or newest
            return self.session.check(operation.requests.name)

        return self._flavour.do(conversation())

    def status(self) -> Any:
        """Return the run's session as it is now, None if the device has forgotten it."""

        def conversation() -> Conversation[Session | None]:
            requests, name = self.operation.requests, self.operation.name
            return (yield from requests.own(name, (yield from requests.status(name)), self.session))

        return self._flavour.do(conversation())

    def abort(self) -> Any:
        """Ask the run of a task to end; NotRunningError when it has ended, even if another one runs."""
        requests = self.operation.requests
        return self._flavour.do(requests.abort(self.operation.name, self.session.run_id))

    def stop(self) -> Any:
        """Ask the run of a process to end; NotRunningError when it has ended, even if another one runs."""
        requests = self.operation.requests
        return self._flavour.do(requests.stop(self.operation.name, self.session.run_id))

    def _requested_end(self) -> Conversation[Session]:
        return self.operation.requested_end(self.session.run_id)

    def progress(self, timeout_s: float | None = None) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over the run's progress, until it ended.

        Args:
            timeout_s: The longest pause between two changes.
        """
        return self._flavour.follow_run(self, timeout_s)  # type: ignore[attr-defined] # each flavour has its own

    @property
    def topic(self) -> str:
        """Where the changes of the operation's sessions are published."""
        requests = self.operation.requests
        return uris.sessions(requests.root, requests.name, self.operation.name)

    def take(self, args: list[Any]) -> Session | None:
        """Return the session in an event if it belongs to this run."""
        newest = decode_session_event(args)
        if newest is None:
            return None
        told = [newest] if newest.is_of(self.session) else decode_earlier_sessions(args)
        own = next((session for session in told if session.is_of(self.session)), None)
        self.session = own or self.session
        return own

    def __repr__(self) -> str:
        return f"<run {self.operation.requests.name}: {self.session.sentence}>"


class Feed:
    """A feed of a device."""

    def __init__(self, flavour: Flavour, root: str, device: str, name: str) -> None:
        self._flavour = flavour
        self.name = name
        self.topic = uris.feed(root, device, name)
        self.blocks_topic = uris.blocks(root, device, name)

    def subscribe(self, handler: Callable[[FeedMessage], None], *, blocks: bool = False) -> Any:
        """Have `handler` called for each message; with `blocks` those of a bulk feed, as arrays."""

        def event(topic: str, args: list[Any]) -> None:
            handler(decode_feed_event(topic, args))

        return self._flavour.subscribe(self.blocks_topic if blocks else self.topic, event, "exact")

    def follow(self, timeout_s: float | None = None) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over the feed's messages.

        Args:
            timeout_s: The longest pause between two; DeadlineError after it.
        """
        return self._flavour.follow(self.topic, timeout_s)


def _parameters(schema: Mapping[str, Any] | None) -> Iterator[str]:
    if schema is None:
        yield "..."
        return
    required = set(schema.get("required", ()))
    for name, entry in schema.get("properties", {}).items():
        kind = entry.get("type") or ("choice" if "$ref" in entry or "enum" in entry else "value")
        unit = f" [{entry['unit']}]" if entry.get("unit") else ""
        default = "" if name in required else f" = {entry.get('default')}"
        yield f"{name}: {kind}{unit}{default}"
