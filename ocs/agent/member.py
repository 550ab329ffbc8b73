"""One device as a member of the realm: its procedures, its topics, its operations at work."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.declarations import OperationDeclaration
from ocs.agent.device import Device
from ocs.agent.operations import OperationRuntime, Surroundings
from ocs.agent.publishing import FeedRuntime
from ocs.agent.timing import Timing
from ocs.model.cancellation import CancelReason
from ocs.model.errors import MissingParameterError, NotFoundError, NotRunningError, OcsError, ParameterError
from ocs.model.feed import FeedInterface
from ocs.model.interface import DeviceInterface, Identity
from ocs.model.operation import Action, Kind, OpCode, ReplyCode
from ocs.model.run import Author, RunRecord
from ocs.realm.connection import RealmConnection
from ocs.realm.roster import Match
from ocs.wire import describe, sessions, uris
from ocs.wire.replies import Reply, refusal

PUSH_PERIOD_S = 0.1
"""Changes of a session are pushed at most so often, in s, the latest state only."""

ENDS_TOLD = 4
"""An event carries the ends of at most so many runs that the newest one followed; more are in the history."""

_ACTIONS = [known.value for known in Action]

Caller = tuple[str, str, int | None]
Earlier = Mapping[str, list[dict[str, Any]]]


class Member:
    """A device at work.

    Args:
        device: The author's object.
        identity: Who and where it is.
        timing: The agent's loop.
        connection: The membership in the realm.
        next_id: Gives the number of the next run.
        keep: Told of each change of a run, to keep it on disk.
        earlier: Sessions of earlier agent processes, by operation, oldest first.
        grace_s: Time that a run has for its clean-up.
    """

    def __init__(
        self,
        device: Device,
        identity: Identity,
        timing: Timing,
        *,
        connection: RealmConnection,
        next_id: Callable[[], int],
        keep: Callable[[str, RunRecord], None],
        earlier: Earlier,
        grace_s: float,
    ) -> None:
        self.device = device
        self.identity = identity
        self.timing = timing
        self.earlier = earlier
        self._connection = connection
        self._send = connection.publish
        self._keep = keep
        self._pushing: dict[str, tuple[Any, int]] = {}
        self._closed = False
        self._around = Surroundings(device, timing, identity.epoch, next_id, self._changed, grace_s)
        self.operations: dict[str, OperationRuntime] = {}
        device.attach(self)
        for declaration in device.operations.values():
            self.add_operation(declaration)
        self.heartbeat = FeedRuntime(
            FeedInterface(uris.HEARTBEAT, record=False, doc="the number of each operation's state"),
            identity, timing, self._send,
        )  # fmt: skip

    # -- making ----------------------------------------------------------------------------------

    def add_operation(self, declaration: OperationDeclaration) -> None:
        """Add an operation, from any thread; from then on it can be started."""
        added = OperationRuntime(declaration, self._around)
        # Never changed in place: the loop goes through it for each heartbeat.
        self.operations = {**self.operations, declaration.interface.name: added}

    def make_feed(self, interface: FeedInterface) -> FeedRuntime:
        """Return what to publish to a feed with."""
        return FeedRuntime(interface, self.identity, self.timing, self._send)

    @property
    def procedures(self) -> dict[str, Callable[..., Any]]:
        """What the device offers on the realm, by URI."""
        root, name = self.identity.root, self.identity.name
        return {uris.operations(root, name): self.answer_operation, uris.management(root, name): self.answer_query}

    @property
    def interface(self) -> DeviceInterface:
        """The device as clients see it."""
        operations = {name: operation.interface for name, operation in self.operations.items()}
        feeds = {name: feed.interface for name, feed in self.device.feeds.items()}
        return DeviceInterface(self.identity, operations, feeds)

    # -- answering -------------------------------------------------------------------------------

    def answer_query(self, _caller: Caller, q: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Answer `R.D`: OCS's queries, `describe` and `history`; null for an unknown query, as OCS."""
        if q == "describe":
            return describe.encode_interface(self.interface)
        if q == "history":
            return self._history(*args, **kwargs)
        answers: dict[str, Callable[[], Any]] = {
            "get_api": self._api,
            "get_tasks": lambda: self._infos(Kind.TASK),
            "get_processes": lambda: self._infos(Kind.PROCESS),
            "get_feeds": self._feed_infos,
            "get_agent_class": lambda: self.identity.device_class,
        }
        answer = answers.get(str(q))
        return None if answer is None else answer()

    def answer_operation(
        self,
        caller: Caller,
        action: Any = None,
        op_name: Any = None,
        params: Any = None,
        timeout: float | None = None,
        password: Any = None,  # noqa: ARG002 - sent by clients of OCS; there is no access policy yet
        *extra: Any,
        **unknown: Any,
    ) -> Any:
        """Answer `R.D.ops`: the 3-list, or what fires with it when the run ends."""
        try:
            if extra or unknown:
                raise ParameterError(
                    f"a request has action, op_name, params, timeout and password; "
                    f"it has no {next(iter(unknown), 'more')}"
                )
            operation = self._operation(action, op_name)
            return self._act(caller, Action(action), operation, params, _seconds(timeout))
        except OcsError as error:
            current = self.operations.get(op_name) if isinstance(op_name, str) else None
            busy = current.latest if current is not None and current.active else None
            return refusal(error, None if busy is None else sessions.encode_run(busy)).encode()

    def _operation(self, action: Any, op_name: Any) -> OperationRuntime:
        if action is None or op_name is None:
            raise MissingParameterError("a request names an action and an operation, as in ('start', 'acq')")
        if action not in _ACTIONS:
            raise NotFoundError(f"there is no action {action!r}; there are {', '.join(_ACTIONS)}", allowed=_ACTIONS)
        operation = self.operations.get(str(op_name))
        if operation is None:
            known = ", ".join(self.operations) or "none"
            raise NotFoundError(
                f"{self.identity.name} has no operation {op_name!r}; it has {known}",
                field=str(op_name), allowed=list(self.operations),
            )  # fmt: skip
        return operation

    def _act(
        self, caller: Caller, action: Action, operation: OperationRuntime, params: Any, timeout: float | None
    ) -> Any:
        if action is Action.STATUS:
            return self._status(operation).encode()
        if action is Action.WAIT:
            return self._ended(operation, timeout)
        if action is Action.ABORT:
            _check_run(operation, params)
            run = operation.request_end(CancelReason.ABORT)
            return Reply(ReplyCode.OK, f'Requested abort on task "{run.op_name}".', sessions.encode_run(run)).encode()
        if action is Action.STOP:
            _check_run(operation, params)
            run = operation.request_end(CancelReason.STOP)
            return Reply(ReplyCode.OK, f'Requested stop on process "{run.op_name}".', sessions.encode_run(run)).encode()
        run = operation.start(params, Author(*caller))
        if action is Action.RUN:
            return self._ended(operation, timeout)
        kind = operation.interface.kind.value
        return Reply(ReplyCode.OK, f'Started {kind} "{run.op_name}".', sessions.encode_run(run)).encode()

    def _status(self, operation: OperationRuntime) -> Reply:
        run = operation.latest
        if run is not None:
            return Reply(ReplyCode.OK, "Session active.", sessions.encode_run(run))
        earlier = self.earlier.get(operation.name)
        return Reply(ReplyCode.OK, "No session active.", earlier[-1] if earlier else {})

    def _ended(self, operation: OperationRuntime, timeout: float | None) -> Any:
        run = operation.latest
        if run is None:
            return Reply(ReplyCode.OK, "Idle.").encode()

        def answer(ended: bool) -> list[Any]:  # noqa: FBT001 - the result of a Deferred
            session = sessions.encode_run(run)
            if not ended:
                return Reply(
                    ReplyCode.TIMEOUT, f'Operation "{run.op_name}" still running; wait timed out.', session
                ).encode()
            word = "SUCCEEDED" if run.success else "FAILED"
            return Reply(
                ReplyCode.OK, f'Operation "{run.op_name}" is currently not running ({word}).', session
            ).encode()

        waiting: Deferred[bool] = operation.wait(timeout)
        return waiting.addCallback(answer)

    def _history(self, op: str | None = None, count: int = 50) -> list[dict[str, Any]]:
        if op not in self.operations:
            raise NotFoundError(f"{self.identity.name} has no operation {op!r}; it has {', '.join(self.operations)}")
        recent = [sessions.encode_run(run) for run in self.operations[op].runs]
        return [*self.earlier.get(op, []), *recent][-max(1, min(int(count), 50)) :]

    def _api(self) -> dict[str, Any]:
        return {
            "agent_class": self.identity.device_class,
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

    def start_from_within(self, name: str, params: Mapping[str, Any]) -> None:
        """Start an operation for the agent itself; a refusal is logged."""
        try:
            self._operation(Action.START.value, name).start(params)
        except OcsError as error:
            self.device.log.warn("{op} does not start by itself: {error}", op=name, error=error.message)

    def subscribe_feed(self, device: str, feed: str, handler: Callable[[str, Any, dict[str, Any]], None]) -> None:
        """Subscribe to a feed; an empty name stands for every device, or every feed."""

        def event(topic: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            message, info = args[0] if args and isinstance(args[0], (list, tuple)) else (args, {})
            handler(topic, message, info if isinstance(info, dict) else {})

        match = Match.EXACT if device and feed else Match.WILDCARD
        self._connection.subscribe(uris.feed(self.identity.root, device, feed), event, match)

    # -- telling ---------------------------------------------------------------------------------

    def beat(self) -> None:
        """Send one heartbeat, unless the device has it switched off."""
        if not self.device.heartbeat_on:
            return
        self.heartbeat.publish_message(sessions.heartbeat(self.codes))

    @property
    def codes(self) -> dict[str, OpCode]:
        """The number of each operation's state."""
        return {
            name: OpCode.NONE if operation.latest is None else operation.latest.op_code
            for name, operation in self.operations.items()
        }

    def _changed(self, operation: OperationRuntime) -> None:
        run = operation.latest
        if run is None:
            return
        self._keep(self.identity.name, run)
        if operation.name not in self._pushing and not self._closed:
            timer = self.timing.later(PUSH_PERIOD_S, self._push, operation)
            self._pushing[operation.name] = (timer, run.session_id)

    def close(self) -> None:
        """Tell clients now what they were to be told soon: how the runs ended."""
        for name in list(self._pushing):
            self._push(self.operations[name])
        self._closed = True

    def _push(self, operation: OperationRuntime) -> None:
        timer, since = self._pushing.pop(operation.name)
        if timer.active():
            timer.cancel()
        operation.published += 1
        topic = uris.sessions(self.identity.root, self.identity.name, operation.name)
        number = {"seq": operation.published, "epoch": self.identity.epoch}
        *earlier, run = (run for run in operation.runs if run.session_id >= since)
        self._send(topic, {**sessions.encode_run(run), **number, **_ends(earlier)})


def _ends(earlier: list[RunRecord]) -> dict[str, Any]:
    """Return the runs that began and ended since the last event, for whoever follows one of them."""
    return {"earlier": [sessions.encode_run(run) for run in earlier[-ENDS_TOLD:]]} if earlier else {}


def _check_run(operation: OperationRuntime, params: Any) -> None:
    """Make sure that a request to end means the run that is active; one that names no run means whichever is."""
    wanted = params.get("run_id") if isinstance(params, Mapping) else None
    run = operation.latest
    if wanted and run is not None and run.run_id != wanted:
        raise NotRunningError(
            f"that run of {operation.name} has ended; the run since then is another one and goes on",
            field="run_id", given=wanted,
        )  # fmt: skip


def _seconds(timeout: Any) -> float | None:
    if timeout is None or timeout == math.inf:
        return None
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and not math.isnan(timeout):
        return timeout
    raise ParameterError(f"timeout is {timeout!r}; it is a time in seconds, or nothing", field="timeout", given=timeout)
