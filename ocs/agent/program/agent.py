"""One agent process: its devices, its membership in the realm, its history, and how it ends."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ocs.agent.calling.timing import Timing
from ocs.agent.device import Device
from ocs.agent.operations.operation import GRACE_S, OperationRuntime
from ocs.agent.program.admin import AdminDevice, admin_name
from ocs.agent.serving.member import Home, Member
from ocs.model.cancellation import CancelReason
from ocs.model.errors import DuplicateError, ErrorCode, NotRunningError, OcsError
from ocs.model.interface import Identity
from ocs.model.run import RunRecord
from ocs.realm.connection import RealmConnection
from ocs.realm.endpoint import Endpoint
from ocs.store.history import RunHistory
from ocs.store.ownership import Ownership
from ocs.store.settings import Settings
from ocs.wire import sessions, uris

if TYPE_CHECKING:
    from ocs.agent.data.archiving import Archiving

HEARTBEAT_S = 1.0
HOLDER_TIMEOUT_S = 3.0
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
        archiver: Name of the archiver; empty where what the devices record is only shown live.
        spool_max_mb: Bound of the spool, in MB.
    """

    agent_class: str
    instance: str
    realm: str
    root: str
    ways: tuple[Endpoint, ...]
    folder: Path
    grace_s: float = GRACE_S
    archiver: str = ""
    spool_max_mb: float = 1000.0


class Agent:
    """A process that offers devices on a realm.

    Args:
        place: Where it lives.
        devices: Its devices.
        timing: The loop.
        on_end: Called with an error when the agent cannot go on (its name belongs to another).
        make_connection: Makes its membership in the realm, with the arguments of `RealmConnection`.

    Raises:
        DuplicateError: Another process of this machine owns its state folder, or two devices share a name.
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
        _check_names(devices)
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
        self.archiving = self._make_archiving()
        earlier = self._history.load()
        self._settings = Settings(place.folder, timing.now, self._history_trouble)
        home = Home(
            timing, self.connection, self._settings, lambda: next(self._numbers), self._keep, self._configured_class,
            place.folder, place.folder.parent / "simulators", place.grace_s, self.archiving,
        )  # fmt: skip
        self.admin = AdminDevice(admin_name(place.agent_class, place.instance))
        self.members = [
            Member(device, self._identity(device), home, earlier.get(device.name, {}))
            for device in [*devices, self.admin]
        ]
        self.admin.members = self.members
        self.admin.archiving = self.archiving
        self._beating = LoopingCall(self._beat)
        self._beating.clock = timing.reactor
        self._ending: Deferred[None] | None = None
        self._ready: Deferred[None] = Deferred()
        self._no_word_needed: Callable[[], None] = lambda: None

    # -- life ------------------------------------------------------------------------------------

    def start(self) -> Deferred[None]:
        """Set the devices up, start what starts by itself, join the realm; fires at the first join."""
        self._history.start()
        if self.archiving is not None:
            self.archiving.start([member.device.name for member in self.members if member.device is not self.admin])
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

    def end_at_once(self) -> None:
        """Have what the devices have recorded on disk, and wait for nothing else."""
        if self.archiving is not None:
            self.archiving.close()

    async def _end(self) -> None:
        try:
            await self._end_devices()
        except Exception:  # noqa: BLE001 - whatever it is, what was recorded is kept, and the agent ends
            self._log.failure("the devices did not end in good order")
        await self._end_archiving()
        await self.connection.close()
        self._history.close()
        self._settings.close()
        self._owner.release()

    async def _end_devices(self) -> None:
        self._no_word_needed()
        if self.archiving is not None:
            self.archiving.ending = True
        for operation in self._operations():
            operation.refuse_starts()
            with suppress(NotRunningError):
                operation.request_end(CancelReason.SHUTDOWN)
        waits = [operation.wait(self.place.grace_s + 1.0) for operation in self._operations()]
        await defer.gatherResults(waits, consumeErrors=True)
        await defer.gatherResults([member.life.shut_down() for member in self.members], consumeErrors=True)
        if self._beating.running:
            self._beating.stop()
        for member in self.members:
            for feed in member.device.feeds.values():
                feed.flush()
            member.close()

    def _operations(self) -> list[OperationRuntime]:
        return [operation for member in self.members for operation in member.operations.values()]

    async def _end_archiving(self) -> None:
        if self.archiving is None:
            return
        try:
            await self.archiving.flush()
        except Exception:  # noqa: BLE001 - whatever it is, the spool is closed, and the agent ends
            self._log.failure("what waits could not be committed or sent; see the gaps after the next start")
        self.archiving.close()

    def _make_archiving(self) -> Archiving | None:
        if not self.place.archiver:
            return None
        from ocs.agent.data.archiving import Archiving  # an agent without archiver does without it
        from ocs.store.spool.limits import limits_of

        return Archiving(
            self.place.folder, self.timing, self.connection, uris.put(self.place.root, self.place.archiver),
            epoch=self.epoch, on_trouble=lambda sentence: self._log.warn("{sentence}", sentence=sentence),
            limits=limits_of(self.place.spool_max_mb),
        )  # fmt: skip

    # -- devices ---------------------------------------------------------------------------------

    def _set_up(self, member: Member) -> None:
        def done(well: bool) -> None:  # noqa: FBT001 - the result of a Deferred
            if well and self._ending is None:
                member.start_up()

        member.life.set_up().addCallback(done)

    def _configured_class(self, device: Device, channel: str, stored: Mapping[str, Any]) -> None:
        for member in self.members:
            if type(member.device) is type(device) and member.device is not device:
                member.config.take_class(channel, stored, "class")

    # -- realm -----------------------------------------------------------------------------------

    def _identity(self, device: Device) -> Identity:
        return Identity(
            name=device.name, root=self.place.root, realm=self.place.realm,
            device_class=type(device).__name__, doc=device.doc(), version=device.version,
            agent=f"{self.place.agent_class}/{self.place.instance}", host=socket.gethostname(),
            pid=os.getpid(), epoch=self.epoch,
        )  # fmt: skip

    def _joined(self) -> None:
        names = ", ".join(member.device.name for member in self.members if member.device is not self.admin)
        self._log.info("joined {realm} as {names}", realm=self.place.realm, names=names)
        self._no_word_needed()
        self._beat()
        for member in self.members:
            member.joined()
        if self.archiving is not None:
            self.archiving.forwarder.joined()
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


def _check_names(devices: Sequence[Device]) -> None:
    """Make sure that no two devices have one name; names that differ in case only are one to Tango's clients."""
    seen: dict[str, str] = {}
    for device in devices:
        key = device.name.casefold()
        if key in seen:
            raise DuplicateError(
                f"two devices of this agent are called {seen[key]} and {device.name}; give one another name",
                field="name", given=device.name,
            )  # fmt: skip
        seen[key] = device.name
