"""What can be asked of a device, as conversations: the I/O-free layer under every client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocs.client.session import Session, decode_session
from ocs.client.steps import Call, Conversation
from ocs.model.errors import (
    AgentLostError,
    DeadlineError,
    NotAllowedError,
    NotFoundError,
    OcsError,
    OperationFailedError,
    ParameterError,
    RouterLostError,
)
from ocs.model.interface import DeviceInterface
from ocs.model.operation import Action, ReplyCode
from ocs.wire import uris
from ocs.wire.plain import plain
from ocs.wire.replies import Reply, decode_error, decode_reply

SLICE_S = 30.0
"""A long wait is made of calls of so many seconds, so that a frozen agent is noticed."""

MARGIN_S = 10.0

_SIGNS_OF_CHANGE = (AgentLostError, NotFoundError, ParameterError, RouterLostError)


class StillRunningError(DeadlineError):
    """A wait for a run ended before the run; `session` is how far it is."""

    def __init__(self, message: str, session: Session | None) -> None:
        super().__init__(message)
        self.session = session


class DeviceRequests:
    """The conversations with one device.

    Args:
        root: The address root.
        interface: What the device offers.

    Attributes:
        outdated: Whether an answer came of a later agent process, or the device did not know what it told of.
    """

    def __init__(self, root: str, interface: DeviceInterface) -> None:
        self.root = root
        self.name = interface.identity.name
        self.interface = interface
        self.outdated = False
        self._ops = uris.operations(root, self.name)

    @property
    def speaks_ours(self) -> bool:
        """Whether the device knows `run` and session topics; agents of OCS do not."""
        return bool(self.interface.identity.wire)

    def ask(self, call: Call, what: str) -> Conversation[Any]:
        """Make a call that plain agents of OCS do not know, and return its answer.

        Args:
            call: The call.
            what: What of the device is asked for, which an error then begins with.

        Raises:
            NotAllowedError: The device is a plain agent of OCS.
        """
        if not self.speaks_ours:
            raise NotAllowedError(
                f"{what}: {self.name} is an agent of OCS; it has operations and feeds, "
                "no channels, commands, state or health",
                field=what,
            )
        try:
            return (yield call)
        except _SIGNS_OF_CHANGE as error:
            self.outdated = True
            raise error if isinstance(error, RouterLostError) else prefixed(error, what) from None
        except OcsError as error:
            raise prefixed(error, what) from None

    def heard_of(self, epoch: int) -> None:
        """Take note that an answer came of the agent process that began at `epoch`."""
        if epoch > self.interface.identity.epoch:
            self.outdated = True

    def start(self, op: str, params: Mapping[str, Any]) -> Conversation[Session]:
        """Start a run and return its session."""
        reply = yield from self._ask(Action.START, op, params)
        return _needed(reply, self.name, op)

    def run(self, op: str, params: Mapping[str, Any], timeout_s: float | None) -> Conversation[Session]:
        """Start a run and return its session when it has ended."""
        if not self.speaks_ours:
            yield from self.start(op, params)
            return (yield from self.wait(op, timeout_s))
        first = SLICE_S if timeout_s is None else min(SLICE_S, timeout_s)
        reply = yield from self._ask(Action.RUN, op, params, first)
        if reply.code is ReplyCode.OK:
            return _needed(reply, self.name, op)
        left = None if timeout_s is None else timeout_s - first
        known = _needed(reply, self.name, op)
        newest = yield from self.wait(op, left, asked_s=timeout_s)
        own = yield from self.own(op, newest, known)  # between two slices another run may have begun
        return own or newest

    def wait(self, op: str, timeout_s: float | None, *, asked_s: float | None = None) -> Conversation[Session]:
        """Return the session when no run is active any more."""
        left = timeout_s
        while True:
            span = SLICE_S if left is None else max(0.0, min(SLICE_S, left))
            reply = yield from self._ask(Action.WAIT, op, None, span)
            if reply.code is ReplyCode.OK:
                return _needed(reply, self.name, op)
            if left is not None:
                left -= span
                if left <= 0:
                    raise self._still_running(op, asked_s or timeout_s or 0.0, reply)

    def status(self, op: str) -> Conversation[Session | None]:
        """Return the session of the newest run, None if it never ran."""
        reply = yield from self._ask(Action.STATUS, op)
        return decode_session(reply.session)

    def own(self, op: str, newest: Session | None, known: Session) -> Conversation[Session | None]:
        """Return `newest` if it is of the run `known`, else that run's from the history; None if it is forgotten."""
        if newest is None or newest.is_of(known):
            return newest
        kept = yield from self.history(op)
        return next((session for session in reversed(kept) if session.is_of(known)), None)

    def abort(self, op: str, run_id: str = "") -> Conversation[Session]:
        """Ask the active run of a task to end; with a `run_id` only if it is that run."""
        reply = yield from self._ask(Action.ABORT, op, {"run_id": run_id} if run_id else None)
        return _needed(reply, self.name, op)

    def stop(self, op: str, run_id: str = "") -> Conversation[Session]:
        """Ask the active run of a process to end; with a `run_id` only if it is that run."""
        reply = yield from self._ask(Action.STOP, op, {"run_id": run_id} if run_id else None)
        return _needed(reply, self.name, op)

    def history(self, op: str, count: int = 50) -> Conversation[list[Session]]:
        """Return the sessions of the newest runs, oldest first."""
        if not self.speaks_ours:
            session = yield from self.status(op)
            return [] if session is None else [session]
        kept = yield Call(uris.management(self.root, self.name), ("history", op, count))
        return [session for session in map(decode_session, kept) if session is not None]

    def _ask(
        self, action: Action, op: str, params: Mapping[str, Any] | None = None, span: float | None = None
    ) -> Conversation[Reply]:
        args = (action.value, op, plain(dict(params), "the parameters") if params else {})
        kwargs = {} if span is None else {"timeout": span}
        try:
            answer = yield Call(self._ops, args, kwargs, MARGIN_S + (span or 0.0))
            reply = decode_reply(answer)
            if reply.code is ReplyCode.ERROR:
                raise _refused(reply, self.name, op)
        except _SIGNS_OF_CHANGE:
            self.outdated = True
            raise
        self.heard_of(_epoch_of(reply))
        return reply

    def _still_running(self, op: str, asked_s: float, reply: Reply) -> StillRunningError:
        session = decode_session(reply.session)
        done = ""
        if session is not None and session.progress.fraction is not None:
            done = f" ({session.progress.fraction:.0%} done)"
        return StillRunningError(f"{self.name}.{op} still runs after {asked_s:g} s of waiting{done}", session)


def prefixed(error: OcsError, what: str) -> OcsError:
    """Return an error whose sentence begins with what it is about, unless it does already."""
    if not error.message.startswith(what):
        error.message = f"{what}: {error.message}"
        error.args = (error.message,)
    return error


def _refused(reply: Reply, device: str, op: str) -> OcsError:
    told = reply.session.get("refused")
    if told:
        return prefixed(decode_error(told), f"{device}.{op}")
    return NotAllowedError(f"{device}.{op}: {reply.message}", field=op)


def _epoch_of(reply: Reply) -> int:
    epoch = str(reply.session.get("run_id", "")).partition("-")[0]
    return int(epoch) if epoch.isdecimal() else 0


def _needed(reply: Reply, device: str, op: str) -> Session:
    session = decode_session(reply.session)
    if session is None:
        raise OperationFailedError(f"{device}.{op} never ran", field=op)
    return session
