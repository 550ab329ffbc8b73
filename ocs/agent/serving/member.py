"""One device as a member of the realm: its procedures, its topics, its operations, channels and state at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from ocs.agent.author.declarations import OperationDeclaration
from ocs.agent.calling.timing import Timing
from ocs.agent.data.publishing import FeedRuntime
from ocs.agent.device import Device
from ocs.agent.operations.commands import Commands
from ocs.agent.operations.operation import OperationRuntime, Surroundings
from ocs.agent.serving.channel_desk import ChannelDesk
from ocs.agent.serving.chart_interface import chart_interface
from ocs.agent.serving.config_desk import ConfigDesk
from ocs.agent.serving.health import HealthMonitor
from ocs.agent.serving.interface_events import InterfaceEvents
from ocs.agent.serving.life import Life
from ocs.agent.serving.operation_desk import Caller, Earlier, OperationDesk
from ocs.agent.serving.session_pushes import SessionPushes
from ocs.model.errors import OcsError
from ocs.model.feed import FeedInterface
from ocs.model.interface import DeviceInterface, Identity
from ocs.model.operation import Action, Kind, OpCode
from ocs.model.run import RunRecord
from ocs.realm.connection import CALL_TIMEOUT_S, RealmConnection
from ocs.realm.roster import Match
from ocs.store.settings import Settings
from ocs.wire import describe, sessions, uris
from ocs.wire.states import encode_report

if TYPE_CHECKING:
    from ocs.agent.data.archiving import Archiving

PAIR = 2
"""A feed's message comes with its feed_info."""


@dataclass(frozen=True, slots=True)
class Home:
    """What an agent shares with each of its devices.

    Attributes:
        timing: The loop.
        connection: The membership in the realm.
        settings: Memorized set points and changed configuration, on disk.
        next_id: Gives the number of the next run.
        keep: Told of each change of a run, to keep it on disk.
        of_class: Has a change of a class's configuration applied to the agent's other devices of the class.
        folder: The agent's state folder.
        simulators: Folder in which simulators tell their ports.
        grace_s: Time that a run has for its clean-up.
        archiving: The agent's part in the archive; None without an archiver.
    """

    timing: Timing
    connection: RealmConnection
    settings: Settings
    next_id: Callable[[], int]
    keep: Callable[[str, RunRecord], None]
    of_class: Callable[[Device, str, Mapping[str, Any]], None]
    folder: Path
    simulators: Path
    grace_s: float
    archiving: Archiving | None = None


class Member:
    """A device at work; also what the device gets its agent's services from.

    Args:
        device: The author's object.
        identity: Who and where it is.
        home: What its agent shares with it.
        earlier: Sessions of earlier agent processes, by operation, oldest first.
    """

    def __init__(self, device: Device, identity: Identity, home: Home, earlier: Earlier) -> None:
        self.device = device
        self.identity = identity
        self.timing = home.timing
        self.settings = home.settings
        self.archiving = home.archiving
        self.folder = home.folder
        self._home = home
        self._connection = home.connection
        self.publish = home.connection.publish
        self._pushes = SessionPushes(identity, home.timing, self.publish)
        self._interface_events = InterfaceEvents(identity, home.timing, self.publish)
        self._around = Surroundings(device, home.timing, identity.epoch, home.next_id, self._changed, home.grace_s)
        self.operations: dict[str, OperationRuntime] = {}
        self._offered: dict[str, Callable[..., Any]] = {}
        device.attach(self)
        for declaration in device.operations.values():
            self.add_operation(declaration)
        self.desk = OperationDesk(identity.name, lambda: self.operations, earlier)
        self.channels = ChannelDesk(device)
        self.config = ConfigDesk(device, self.channels, home.of_class)
        self.commands = Commands(device)
        self.health = HealthMonitor(device, lambda: self.operations)
        self.life = Life(
            device, home.timing, home.simulators, lambda: list(self.operations.values()), home.grace_s,
            lambda: self.init(force=False, author="its agent"),
        )  # fmt: skip
        self.config.load()
        self.heartbeat = FeedRuntime(
            FeedInterface(uris.HEARTBEAT, record=False, doc="the number of each operation's state"),
            identity, home.timing, partial(self.publish, echo=True),  # a registry hears itself too
        )  # fmt: skip

    # -- what the device asks of its agent -------------------------------------------------------

    @property
    def session_id(self) -> int | None:
        """Number of the agent's router session, None while it has none."""
        return self._connection.session_id

    def add_operation(self, declaration: OperationDeclaration) -> None:
        """Add an operation, from any thread; from then on it can be started."""
        added = OperationRuntime(declaration, self._around)
        # Never changed in place: the loop goes through it for each heartbeat.
        self.operations = {**self.operations, declaration.interface.name: added}

    def remove_operation(self, name: str) -> None:
        """Offer an operation no more; its thread ends when a run that is active has ended."""
        removed = self.operations.get(name)
        if removed is not None:
            self.operations = {key: value for key, value in self.operations.items() if key != name}
            removed.close()

    def interface_changed(self, kind: str, added: str, removed: str) -> None:
        """Tell clients soon that something was added or removed, and poll what there is now.

        What took the place of something of its name is both added and removed; the event of Init tells of it.
        """
        if kind == "channels":
            self.device.forget_channel(removed)
            self.device.channel_feeds.arrange()
            self.device.polling.arrange()
            self.device.state.looked()
        if added != removed:
            self._interface_events.changed(kind, added, removed)

    def make_feed(self, interface: FeedInterface) -> FeedRuntime:
        """Return what to publish to a feed with."""
        record = None if self.archiving is None else partial(self.archiving.feed, self.device)
        return FeedRuntime(interface, self.identity, self.timing, self.publish, record)

    def offer(self, verb: str, procedure: Callable[..., Any]) -> None:
        """Offer `procedure(caller, ...)` as `R.D.<verb>`, from any thread, now and after each join."""
        uri = f"{uris.management(self.identity.root, self.device.name)}.{verb}"
        self.timing.here_or_soon(self._offer, uri, procedure)

    def _offer(self, uri: str, procedure: Callable[..., Any]) -> None:
        known = uri in self._offered
        self._offered[uri] = procedure

        def answer(caller: Caller, *args: Any, **kwargs: Any) -> Any:
            return self._offered[uri](caller, *args, **kwargs)

        if not known:
            self._connection.register(uri, answer).addErrback(self._not_offered)

    def _not_offered(self, failure: Any) -> None:
        self.device.log.error("{error}", error=failure.getErrorMessage())

    def call(self, uri: str, *args: Any, timeout_s: float = CALL_TIMEOUT_S) -> Deferred[Any]:
        """Call a procedure of the realm."""
        return self._connection.call(uri, *args, timeout_s=timeout_s)

    def subscribe_topic(self, topic: str, handler: Callable[[str, list[Any]], None]) -> None:
        """Have `handler(topic, args)` called for each event of any topic."""
        self._connection.subscribe(topic, lambda actual, args, _kwargs: handler(actual, args))

    def subscribe_feed(self, device: str, feed: str, handler: Callable[[str, Any, dict[str, Any]], None]) -> None:
        """Subscribe to a feed; an empty name stands for every device, or every feed."""

        def event(topic: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            pair = args[0] if args and isinstance(args[0], (list, tuple)) and len(args[0]) == PAIR else (args, {})
            message, info = pair
            handler(topic, message, info if isinstance(info, dict) else {})

        match = Match.EXACT if device and feed else Match.WILDCARD
        self._connection.subscribe(uris.feed(self.identity.root, device, feed), event, match)

    def start_from_within(self, name: str, params: Mapping[str, Any]) -> None:
        """Start an operation for the agent itself; a refusal is logged."""
        try:
            self.desk.found(Action.START.value, name).start(params)
        except OcsError as error:
            self.device.log.warn("{op} does not start by itself: {error}", op=name, error=error.message)

    def init(self, *, force: bool, author: str) -> Deferred[str]:
        """Set the device up anew; fires with its status."""
        self.device.log.info("Init by {author}", author=author)
        return self.life.init(force=force).addCallback(self._initialised)

    def _initialised(self, status: str) -> str:
        self._interface_events.initialised()
        self.start_up()
        return status

    def start_up(self) -> None:
        """Start the operations that start by themselves."""
        for operation in list(self.operations.values()):
            params = operation.declaration.startup
            if params is not None and not operation.active:
                self.start_from_within(operation.name, params)

    # -- answering -------------------------------------------------------------------------------

    @property
    def procedures(self) -> dict[str, Callable[..., Any]]:
        """What the device offers on the realm, by URI."""
        where = (self.identity.root, self.identity.name)
        return {
            uris.operations(*where): self.desk.answer,
            uris.management(*where): self.answer_query,
            uris.read(*where): self.channels.read,
            uris.write(*where): self.channels.write,
            uris.config(*where): self.config.answer,
            uris.command(*where): self._answer_command,
            uris.state(*where): self._answer_state,
        }

    @property
    def interface(self) -> DeviceInterface:
        """The device as clients see it."""
        device = self.device
        return DeviceInterface(
            identity=replace(self.identity, session=self.session_id),
            operations={name: operation.interface for name, operation in self.operations.items()},
            feeds={name: feed.interface for name, feed in device.feeds.items()},
            channels={name: channel.interface for name, channel in device.channels.items()},
            commands={name: declaration.interface for name, declaration in device.commands.items()},
            chart=chart_interface(device.chart),
        )

    def answer_query(self, _caller: Caller, q: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Answer `R.D`: OCS's queries, `describe`, `history` and `health`; null for an unknown query, as OCS."""
        if q == "history":
            return self.desk.history(*args, **kwargs)
        answers: dict[str, Callable[[], Any]] = {
            "describe": lambda: describe.encode_interface(self.interface),
            "health": self.health.encoded,
            "get_api": self._api,
            "get_tasks": lambda: self._infos(Kind.TASK),
            "get_processes": lambda: self._infos(Kind.PROCESS),
            "get_feeds": self._feed_infos,
            "get_agent_class": lambda: self.identity.agent_class,
        }
        answer = answers.get(str(q))
        return None if answer is None else answer()

    def _answer_command(self, _caller: Caller, name: Any = None, params: Any = None) -> Any:
        return self.commands.call(name, params)

    def _answer_state(self, caller: Caller, trigger: str | None = None, to: str | None = None, reason: str = "") -> Any:
        state = self.device.state
        if trigger is None and to is None:
            return encode_report(state.report)
        return state.ask(trigger, to, str(caller[0]), str(reason)).addCallback(encode_report)

    def _api(self) -> dict[str, Any]:
        return {
            "agent_class": self.identity.agent_class,
            "instance_hostname": self.identity.host,
            "instance_pid": self.identity.pid,
            "feeds": self._feed_infos(),
            "processes": self._infos(Kind.PROCESS),
            "tasks": self._infos(Kind.TASK),
            "access_control": {"version": 1, "policy": "none", "update_timestamp": 0.0, "update_count": 0, "step": 0},
            "describe": True,
        }

    def _infos(self, kind: Kind) -> list[list[Any]]:
        infos = []
        for name, operation in sorted(self.operations.items()):
            if operation.interface.kind is kind:
                run = operation.latest
                session = sessions.never_ran(name) if run is None else sessions.encode_run(run)
                infos.append([name, session, describe.encode_operation_info(operation.interface)])
        return infos

    def _feed_infos(self) -> list[list[Any]]:
        feeds = [*self.device.feeds.values(), self.heartbeat]
        return [[feed.interface.name, feed.info] for feed in feeds]

    # -- telling ---------------------------------------------------------------------------------

    def joined(self) -> None:
        """Tell what clients who follow events could not hear: state, health and the newest readings."""
        self.device.state.joined()
        self.health.joined()
        for channel in self.device.channels.values():
            channel.events.joined()

    def beat(self, *, closing: bool = False) -> None:
        """Send one heartbeat, unless the device has it switched off; the last one before an orderly end says so."""
        health = self.health.look()
        if not self.device.heartbeat_on:
            return
        told: dict[str, Any] = {
            "agent": self.identity.agent, "session": self.session_id,
            "health": health.level.value, "state": self.device.state.tango.name,
        }  # fmt: skip
        if self.archiving is not None:
            told["spool"] = True
        if closing:
            told["closing"] = True
        self.heartbeat.publish_message(sessions.heartbeat(self.codes), told)

    @property
    def codes(self) -> dict[str, OpCode]:
        """The number of each operation's state."""
        return {
            name: OpCode.NONE if operation.latest is None else operation.latest.op_code
            for name, operation in self.operations.items()
        }

    def _changed(self, operation: OperationRuntime) -> None:
        run = operation.latest
        if run is not None:
            self._home.keep(self.identity.name, run)
            self._pushes.changed(operation, run)

    def close(self) -> None:
        """Tell clients now what they were to be told soon: how the runs ended, and that the device goes."""
        self._pushes.close()
        self._interface_events.close()
        if self._connection.joined:
            self.beat(closing=True)
