"""One agent process: its devices, its membership in the realm, its history, and how it ends."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ocs.agent.device import Device
from ocs.agent.execution import Worker
from ocs.agent.links import close_link, open_link
from ocs.agent.member import Member
from ocs.agent.operations import GRACE_S
from ocs.agent.timing import Timing
from ocs.model.cancellation import CancelReason
from ocs.model.errors import DuplicateError, ErrorCode, NotRunningError, OcsError
from ocs.model.interface import Identity
from ocs.model.run import RunRecord
from ocs.realm.connection import RealmConnection
from ocs.realm.endpoint import Endpoint
from ocs.store.history import RunHistory
from ocs.store.ownership import Ownership
from ocs.wire import sessions, uris

HEARTBEAT_S = 1.0
HOLDER_TIMEOUT_S = 3.0
SHUTDOWN_S = 10.0
SAY_WAITING_S = 3.0


@dataclass(frozen=True, slots=True)
class AgentPlace:
    """Where an agent lives.

    Attributes:
        agent_class: Name of its class.
        instance: Its instance-id.
        realm: The realm.
        root: The address root.
        ways: The ways to the router.
        folder: Its state folder.
        grace_s: Time that a run has for its clean-up after it was asked to end.
    """

    agent_class: str
    instance: str
    realm: str
    root: str
    ways: tuple[Endpoint, ...]
    folder: Path
    grace_s: float = GRACE_S


class Agent:
    """A process that offers devices on a realm.

    Args:
        place: Where it lives.
        devices: Its devices.
        timing: The loop.
        on_end: Called with an error when the agent cannot go on (its name belongs to another).
        make_connection: Makes its membership in the realm, with the arguments of `RealmConnection`.

    Raises:
        DuplicateError: Another process of this machine owns its state folder.
    """

    def __init__(
        self,
        place: AgentPlace,
        devices: Sequence[Device],
        timing: Timing,
        *,
        on_end: Callable[[OcsError], None] = lambda _error: None,
        make_connection: Callable[..., RealmConnection] = RealmConnection,
    ) -> None:
        self.place = place
        self.timing = timing
        self.epoch = int(timing.now() * 1e9)
        self._log = Logger("ocs.agent")
        self._on_end = on_end
        self._owner = Ownership(place.folder, place.instance)
        self._history = RunHistory(place.folder, timing.now, self._history_trouble)
        self._numbers = itertools.count()
        self.connection = make_connection(
            place.ways, place.realm, timing.reactor,
            on_join=self._joined, on_loss=self._lost, on_refusal=self._refused,
        )  # fmt: skip
        earlier = self._history.load()
        self.members = [
            Member(
                device, self._identity(device), timing, connection=self.connection,
                next_id=lambda: next(self._numbers), keep=self._keep,
                earlier=earlier.get(device.name, {}), grace_s=place.grace_s,
            )
            for device in devices
        ]  # fmt: skip
        self._beating = LoopingCall(self._beat)
        self._beating.clock = timing.reactor
        self._ending: Deferred[None] | None = None
        self._ready: Deferred[None] = Deferred()
        self._no_word_needed: Callable[[], None] = lambda: None

    # -- life ------------------------------------------------------------------------------------

    def start(self) -> Deferred[None]:
        """Set the devices up, start what starts by itself, join the realm; fires at the first join."""
        self._history.start()
        for member in self.members:
            for uri, procedure in member.procedures.items():
                self.connection.register(uri, procedure)
            self._set_up(member)
        self.connection.start()
        self._beating.start(HEARTBEAT_S, now=False)
        waiting = self.timing.later(SAY_WAITING_S, self._say_waiting)
        self._no_word_needed = lambda: waiting.cancel() if waiting.active() else None
        return self._ready

    def end(self) -> Deferred[None]:
        """End all runs, leave the devices safe, say goodbye; fires when all is done."""
        if self._ending is None:
            self._ending = defer.ensureDeferred(self._end())
        return self._ending

    async def _end(self) -> None:
        self._no_word_needed()
        for member in self.members:
            for operation in member.operations.values():
                operation.refuse_starts()
                try:
                    operation.request_end(CancelReason.SHUTDOWN)
                except NotRunningError:
                    continue
        waits = [
            operation.wait(self.place.grace_s + 1.0)
            for member in self.members
            for operation in member.operations.values()
        ]
        await defer.gatherResults(waits, consumeErrors=True)
        await defer.gatherResults([self._shut_down(member) for member in self.members], consumeErrors=True)
        if self._beating.running:
            self._beating.stop()
        for member in self.members:
            for feed in member.device.feeds.values():
                feed.flush()
            member.close()
        await self.connection.close()
        self._history.close()
        self._owner.release()

    # -- devices ---------------------------------------------------------------------------------

    def _set_up(self, member: Member) -> None:
        device = member.device

        def body() -> None:
            for declaration in device.declared_links:
                open_link(device, declaration, self.place.folder.parent / "simulators")
            device.setup()

        def done(_result: Any, error: BaseException | None) -> None:
            if error is not None:
                device.setup_failure = str(error) or type(error).__name__
                self._log.error("{device} could not be set up: {error}", device=device.name, error=error)
            device.set_up.reach(self.timing)
            if error is None:
                self._start_up(member)

        self._in_thread(device, "setup", body, done)

    def _start_up(self, member: Member) -> None:
        for operation in list(member.operations.values()):
            params = operation.declaration.startup
            if params is not None and not operation.active and self._ending is None:
                member.start_from_within(operation.name, params)

    def _shut_down(self, member: Member) -> Deferred[None]:
        over: Deferred[None] = Deferred()
        device = member.device

        def body() -> None:
            try:
                device.shutdown()
            finally:
                close_link(device)

        def done(_result: Any, error: BaseException | None) -> None:
            if error is not None:
                self._log.error("{device} could not be shut down: {error}", device=device.name, error=error)
            for operation in member.operations.values():
                operation.close()
            if not over.called:
                over.callback(None)

        timer = self.timing.later(SHUTDOWN_S, done, None, TimeoutError(f"not done within {SHUTDOWN_S:g} s"))
        over.addBoth(lambda _: timer.cancel() if timer.active() else None)
        self._in_thread(device, "shutdown", body, done)
        return over

    def _in_thread(self, device: Device, what: str, body: Callable[[], Any], done: Callable[..., None]) -> None:
        worker = Worker(f"{device.name} {what}", self.timing)
        worker.run(None, body, done)
        worker.close()

    # -- realm -----------------------------------------------------------------------------------

    def _identity(self, device: Device) -> Identity:
        return Identity(
            name=device.name, root=self.place.root, realm=self.place.realm,
            device_class=self.place.agent_class, doc=device.doc(), version=device.version,
            agent=f"{self.place.agent_class}/{self.place.instance}", host=socket.gethostname(),
            pid=os.getpid(), epoch=self.epoch,
        )  # fmt: skip

    def _joined(self) -> None:
        names = ", ".join(member.device.name for member in self.members)
        self._log.info("joined {realm} as {names}", realm=self.place.realm, names=names)
        self._no_word_needed()
        self._beat()
        if not self._ready.called:
            self._ready.callback(None)

    def _lost(self, reason: str) -> None:
        if self._ending is None:
            self._log.warn("{reason}; operations go on, joining again as soon as it is back", reason=reason)

    def _say_waiting(self) -> None:
        self._log.warn(
            "waiting for the router ({reason}); it is tried again until it is there",
            reason=self.connection.last_error,
        )

    def _refused(self, error: OcsError) -> Deferred[bool]:
        """Decide what to do when a name is taken: take it over from a holder that is dead, or give up."""
        decided: Deferred[bool] = Deferred()
        if error.code is not ErrorCode.DUPLICATE:
            self._on_end(error)
            decided.callback(False)
            return decided
        device = uris.device_of(str(error.field))
        holder = self.connection.call(uris.management(self.place.root, device), "get_api", timeout_s=HOLDER_TIMEOUT_S)

        def alive(api: Any) -> None:
            where = f"process {api.get('instance_pid')} on {api.get('instance_hostname')}" if api else "another agent"
            self._on_end(
                DuplicateError(
                    f"{device} runs already as {where}; end that one first, or give this one another instance-id",
                    field="instance-id", given=device,
                )
            )  # fmt: skip
            decided.callback(False)

        def silent(_failure: Any) -> None:
            self._log.warn("the former holder of the name does not answer; taking it over")
            decided.callback(True)

        holder.addCallbacks(alive, silent)
        return decided

    def _beat(self) -> None:
        if self.connection.joined:
            for member in self.members:
                member.beat()

    # -- history ---------------------------------------------------------------------------------

    def _keep(self, device: str, run: RunRecord) -> None:
        self._history.keep(device, run.op_name, run.run_id, lambda: sessions.encode_run(run))

    def _history_trouble(self, sentence: str) -> None:
        self.timing.soon(lambda: self._log.error("{sentence}", sentence=sentence))
