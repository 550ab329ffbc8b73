"""Agents at work in a test: on the virtual clock, with the memory router, in a folder of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ocs.agent.device import Device
from ocs.agent.operations.operation import GRACE_S
from ocs.agent.program.agent import Agent, AgentPlace
from ocs.client.blocking_steps import BlockingFlavour
from ocs.client.channel_events import ChannelEvent, DeviceEvent, decode_channel_event, decode_device_event
from ocs.client.channel_requests import ChannelRequests
from ocs.client.channel_watching import event_kind
from ocs.client.discovery import discover
from ocs.client.events import FeedMessage, decode_feed_event
from ocs.client.mailbox import Letter, Mailbox, Numbering
from ocs.client.readings import Reading, Written
from ocs.client.requests import DeviceRequests
from ocs.client.session import Session, decode_session
from ocs.client.steps import Call, Conversation
from ocs.client.surface import Realm
from ocs.model.errors import OcsError
from ocs.model.event import DeviceEventKind, EventKind
from ocs.model.health import Health
from ocs.model.interface import DeviceInterface
from ocs.model.operation import Kind
from ocs.realm.connection import RealmConnection
from ocs.realm.roster import Match
from ocs.testing.clock import VirtualClock
from ocs.testing.memory_router import WAY, MemoryRouter
from ocs.wire import uris
from ocs.wire.states import StateReport

ROOT = "observatory"
REALM = "test_realm"
LONGEST_S = 100_000.0
"""Virtual seconds after which a wait is given up; they take no time."""


class Site:
    """A small site in memory: a router, a client, and the agents that a test starts.

    Args:
        clock: The clock of the test.
        router: The router.
        folder: Where agents keep their state.
    """

    def __init__(self, clock: VirtualClock, router: MemoryRouter, folder: Path) -> None:
        self.clock = clock
        self.router = router
        self.folder = folder
        self.agents: list[Agent] = []
        self.ended: list[OcsError] = []
        self.client: RealmConnection = router.connection(realm=REALM, reactor=clock.reactor)
        self.client.start()
        clock.result_of(self.client.when_joined())
        self.script = Script(self)

    @property
    def realm(self) -> Realm:
        """The realm as a blocking program sees it; the time moves on while it waits."""
        return Realm(self.script, ROOT, seconds=self.script.seconds)

    def start(
        self, *devices: Device, instance: str = "", grace_s: float = GRACE_S, joins: bool = True, archiver: str = ""
    ) -> Agent:
        """Start an agent with these devices, and wait until it joined unless told not to.

        Args:
            *devices: Its devices.
            instance: Its instance-id; the first device's name by default.
            grace_s: Time that its runs have for their clean-up.
            joins: Whether to wait until it joined.
            archiver: Name of the archiver that gets what they record; empty for none.
        """
        name = instance or devices[0].name
        agent_class = type(devices[0]).__name__
        place = AgentPlace(
            agent_class, name, REALM, ROOT, (WAY,), self.folder / f"{agent_class}-{name.replace('/', '%2F')}", grace_s,
            archiver,
        )  # fmt: skip
        agent = Agent(
            place, devices, self.clock.timing, on_end=self.ended.append, make_connection=self.router.connection
        )
        self.agents.append(agent)
        ready = agent.start()
        if joins:
            self.clock.result_of(ready)
            self.clock.settle()
        return agent

    def device(self, name: str) -> RunningDevice:
        """Return a device as a client sees it."""
        return RunningDevice(self, self.do(discover(ROOT, name)))

    def do(self, conversation: Conversation[Any]) -> Any:
        """Carry a client's conversation out."""
        return self.script.do(conversation)

    def subscribe(self, topic: str, handler: Callable[[str, Any], None], match: Match = Match.EXACT) -> None:
        """Have `handler(topic, payload)` called for each event."""

        def event(actual: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            handler(actual, args[0] if args else None)

        self.clock.result_of(self.client.subscribe(topic, event, match))

    def end(self) -> None:
        """End all agents and the client."""
        for agent in self.agents:
            self.clock.result_of(agent.end(), LONGEST_S)
        self.clock.result_of(self.client.close())
        self.clock.settle()


class Script(BlockingFlavour):
    """A blocking client in a test: while it waits, the virtual time moves on.

    Args:
        site: Where it is.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def call(self, call: Call) -> Any:
        """Make a call and return its result."""
        asked = self._site.client.call(call.procedure, *call.args, timeout_s=call.timeout_s, **call.kwargs)
        return self._site.clock.result_of(asked, LONGEST_S)

    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> ScriptSubscription:
        """Have `handler` called in the loop for each event."""
        client, clock = self._site.client, self._site.clock
        asked = client.subscribe(topic, lambda actual, args, _kwargs: handler(actual, args), Match(match))
        return ScriptSubscription(self._site, clock.result_of(asked))

    def listen(self, mailbox: Mailbox) -> ScriptSubscription:
        """Have each event put into the mailbox."""
        return self.subscribe(mailbox.topic, mailbox.put, "exact")

    def deliver(self, function: Callable[[], object]) -> None:
        """Call `function`."""
        function()

    def seconds(self) -> float:
        """Return the virtual seconds."""
        return self._site.clock.now

    def pause(self, woken: threading.Event, longest_s: float | None) -> None:
        """Let the time pass until woken, or until so many seconds have passed."""
        clock, over = self._site.clock, threading.Event()
        timer = clock.timing.later(LONGEST_S if longest_s is None else longest_s, over.set)
        clock.run_until(lambda: woken.is_set() or over.is_set(), 2 * LONGEST_S)
        if timer.active():
            timer.cancel()


class ScriptSubscription:
    """A subscription of a script."""

    def __init__(self, site: Site, subscription: Any) -> None:
        self._site = site
        self._subscription = subscription

    def close(self) -> None:
        """Get no more events."""
        self._site.clock.result_of(self._site.client.unsubscribe(self._subscription))


class RunningDevice:
    """A device at work, asked as a client asks it.

    Args:
        site: The site.
        interface: What it told of itself.
    """

    def __init__(self, site: Site, interface: DeviceInterface) -> None:
        self.site = site
        self.clock = site.clock
        self.interface = interface
        self.name = interface.identity.name
        self.requests = DeviceRequests(ROOT, interface)
        self._channels = ChannelRequests(self.requests)

    @property
    def object(self) -> Any:
        """The author's object."""
        members = (member for agent in self.site.agents for member in agent.members)
        return next(member.device for member in members if member.device.name == self.name)

    def run(self, op: str, /, **params: Any) -> Session:
        """Start a run, let the time pass until it ended, and return its session.

        Raises:
            OcsError: It was refused.
        """
        session: Session = self.site.do(self.requests.run(op, params, LONGEST_S))
        return session

    def start(self, op: str, /, **params: Any) -> Session:
        """Start a run and return its session at once.

        Raises:
            OcsError: It was refused.
        """
        session: Session = self.site.do(self.requests.start(op, params))
        self.clock.settle()
        return session

    def status(self, op: str) -> Session:
        """Return the newest run as it is now."""
        session: Session | None = self.site.do(self.requests.status(op))
        assert session is not None, f"{self.name}.{op} never ran"
        return session

    def abort(self, op: str) -> Session:
        """Ask a task's run to end."""
        session: Session = self.site.do(self.requests.abort(op))
        self.clock.settle()
        return session

    def stop(self, op: str) -> Session:
        """Ask a process's run to end."""
        session: Session = self.site.do(self.requests.stop(op))
        self.clock.settle()
        return session

    def end(self, op: str) -> Session:
        """Abort a task or stop a process, and return the session when it has ended."""
        ask = self.abort if self.interface.operations[op].kind is Kind.TASK else self.stop
        ask(op)
        return self.wait(op)

    def wait(self, op: str, timeout_s: float = LONGEST_S) -> Session:
        """Let the time pass until no run is active, and return the session."""
        session: Session = self.site.do(self.requests.wait(op, timeout_s))
        return session

    def history(self, op: str, count: int = 50) -> list[Session]:
        """Return the newest runs, oldest first."""
        sessions: list[Session] = self.site.do(self.requests.history(op, count))
        return sessions

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send any request to `R.D.ops` and return the reply as it comes."""
        asked = self.site.client.call(uris.operations(ROOT, self.name), *args, timeout_s=LONGEST_S, **kwargs)
        return self.clock.result_of(asked, LONGEST_S)

    def query(self, *args: Any) -> Any:
        """Send any query to `R.D` and return the answer as it comes."""
        return self.clock.result_of(self.site.client.call(uris.management(ROOT, self.name), *args))

    def messages(self, feed: str, *, blocks: bool = False) -> list[FeedMessage]:
        """Return a list to which each message of a feed is added from now on."""
        told: list[FeedMessage] = []
        topic = (uris.blocks if blocks else uris.feed)(ROOT, self.name, feed)
        self.site.subscribe(topic, lambda actual, payload: told.append(decode_feed_event(actual, [payload])))
        return told

    def changes(self, op: str) -> list[Session]:
        """Return a list to which each session that is pushed is added from now on."""
        told: list[Session] = []

        def changed(_topic: str, payload: Any) -> None:
            session = decode_session(payload)
            if session is not None:
                told.append(session)

        self.site.subscribe(uris.sessions(ROOT, self.name, op), changed)
        return told

    # -- channels, commands, state, health ---------------------------------------------------------

    def read(
        self, names: str | Sequence[str] | None = None, *, source: str = "auto", max_age_s: float | None = None
    ) -> dict[str, Reading]:
        """Return readings by channel, all by default; one that could not be read has its error in it."""
        readings: dict[str, Reading] = self.site.do(self._channels.read(names, source, max_age_s))
        return readings

    def reading(self, channel: str, *, source: str = "auto", max_age_s: float | None = None) -> Reading:
        """Return one channel's reading; one that could not be read has its error in it."""
        reading: Reading = self.site.do(self._channels.read_one(channel, source, max_age_s))
        return reading

    def recent(self, name: str, count: int = 10) -> list[Reading]:
        """Return the newest readings of a channel's ring, oldest first."""
        readings: list[Reading] = self.site.do(self._channels.recent(name, count))
        return readings

    def write(self, values: Mapping[str, Any], *, readback: bool = False, check: bool = False) -> dict[str, Written]:
        """Write channels and return what became of each; one that was refused has its error in it."""
        written: dict[str, Written] = self.site.do(self._channels.write(values, readback=readback, check=check))
        self.clock.settle()
        return written

    def command(self, name: str, params: Any = None) -> Any:
        """Carry a command out and return its result.

        Raises:
            OcsError: It was refused, or failed.
        """
        known = self.interface.commands.get(name)
        return self.site.do(self._channels.command(name, params, None if known is None else known.timeout_s))

    def state(self, trigger: str | None = None, to: str | None = None, reason: str = "") -> StateReport:
        """Return the state; with `trigger` or `to` ask for a transition first.

        Raises:
            OcsError: It was refused, or failed.
        """
        asks = trigger is not None or to is not None
        report: StateReport = self.site.do(
            self._channels.transition(trigger=trigger, to=to, reason=reason) if asks else self._channels.state()
        )
        self.clock.settle()
        return report

    def config(
        self, action: str = "get", channel: str | None = None, values: Any = None, scope: str = "device"
    ) -> dict[str, dict[str, Any]]:
        """Get, set or reset the configuration of a channel; return it by channel as it comes.

        Raises:
            OcsError: It was refused.
        """
        told: dict[str, dict[str, Any]] = self.site.do(self._channels.config(action, channel, values, scope))
        self.clock.settle()
        return told

    def health(self) -> Health:
        """Return the health as it is now."""
        health: Health = self.site.do(self._channels.health())
        return health

    def events(self, channel: str, kind: EventKind | str = "change") -> list[ChannelEvent]:
        """Return a list to which each event of a channel is added from now on, whether it has a source or not."""
        told: list[ChannelEvent] = []
        numbering, wanted = Numbering(), event_kind(kind)
        unit = self.interface.channels[channel].config.unit

        def event(topic: str, payload: Any) -> None:
            letter = Letter(topic, [payload], *numbering.take([payload]))
            decoded = decode_channel_event(letter, self.name, channel, wanted, unit)
            assert decoded is not None, f"this is no {wanted.value} event: {payload!r}"
            told.append(decoded)

        self.site.subscribe(uris.channel_event(ROOT, self.name, channel, wanted), event)
        return told

    def device_events(self, kind: DeviceEventKind) -> list[DeviceEvent]:
        """Return a list to which each event of the device as a whole is added from now on."""
        told: list[DeviceEvent] = []
        numbering = Numbering()

        def event(topic: str, payload: Any) -> None:
            letter = Letter(topic, [payload], *numbering.take([payload]))
            decoded = decode_device_event(letter, self.name, kind)
            assert decoded is not None, f"this is no {kind.value} event: {payload!r}"
            told.append(decoded)

        self.site.subscribe(uris.device_event(ROOT, self.name, kind), event)
        return told
