"""Agents at work in a test: on the virtual clock, with the memory router, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocs.agent.agent import Agent, AgentPlace
from ocs.agent.device import Device
from ocs.agent.operations import GRACE_S
from ocs.client.events import FeedMessage, decode_feed_event
from ocs.client.requests import DeviceRequests, discover
from ocs.client.session import Session, decode_session
from ocs.client.steps import Call, Conversation, carry_out
from ocs.model.errors import OcsError
from ocs.model.interface import DeviceInterface
from ocs.model.operation import Kind
from ocs.realm.connection import RealmConnection
from ocs.realm.roster import Match
from ocs.testing.clock import VirtualClock
from ocs.testing.memory_router import WAY, MemoryRouter
from ocs.wire import uris

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

    def start(self, *devices: Device, instance: str = "", grace_s: float = GRACE_S, joins: bool = True) -> Agent:
        """Start an agent with these devices, and wait until it joined unless told not to.

        Args:
            *devices: Its devices.
            instance: Its instance-id; the first device's name by default.
            grace_s: Time that its runs have for their clean-up.
            joins: Whether to wait until it joined.
        """
        name = instance or devices[0].name
        agent_class = type(devices[0]).__name__
        place = AgentPlace(
            agent_class, name, REALM, ROOT, (WAY,), self.folder / f"{agent_class}-{name.replace('/', '%2F')}", grace_s
        )
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

        def make_call(call: Call) -> Any:
            asked = self.client.call(call.procedure, *call.args, timeout_s=call.timeout_s, **call.kwargs)
            return self.clock.result_of(asked, LONGEST_S)

        return carry_out(conversation, make_call)

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
