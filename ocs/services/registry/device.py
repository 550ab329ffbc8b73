"""The registry as a device.

Process, session data and feed are those of OCS 0.12's agent of the same name, so that its clients find
active agents in it; `time_expired` keeps the moment of the loss, where OCS rewrites it each second. How a
device went is told beside them: closed in good order, gone with its session, or lost while still connected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet import defer

from ocs.agent import AsyncSession, Device, Feed, Property, Session, command, process, task
from ocs.model.feed import LONGEST_FIELD
from ocs.model.health import Health
from ocs.services.registry.heartbeat import decode_heartbeat
from ocs.services.registry.inquiry import Inquiry
from ocs.services.registry.presence import Entry
from ocs.services.registry.site_health import is_unwell, of_site
from ocs.services.registry.table import News, PresenceTable
from ocs.wire import uris

LOOK_HZ = 1.0
ASK_AGAIN_S = 10.0
SHOW_S = 0.1
"""A burst of newcomers is shown at most so often, in s; who leaves is always shown at once."""

LEFT = "wamp.session.on_leave"
NAMES_TOLD = 5

_NOT_A_FIELD = re.compile(r"\W", re.ASCII)
_LOUD = {
    News.NEW: "{address} is here",
    News.BACK: "{address} is back",
    News.RESTARTED: "{address} was started anew",
    News.CLOSED: "{address} was closed",
}


class Registry(Device):
    """Keeps the list of devices: who is here, who was closed, who is gone and who is lost."""

    wait_time: Property[float] = Property(30.0, unit="s", doc="every state is published at least so often")
    agent_operations = Feed(doc="the number of each operation's state, by device", agg_params={"frame_length": 60})

    def __init__(self, name: str, properties: Mapping[str, Any] | None = None) -> None:
        super().__init__(name, properties)
        self.table = PresenceTable()
        self._main: AsyncSession | None = None
        self._shown = 0.0
        self._listening = False
        self._outdated: set[str] = set()

    def setup(self) -> None:
        """Begin to listen; the table and the subscriptions outlive an Init."""
        if not self._listening:
            self._listening = True
            self.inquiry = Inquiry(self.hosted())
            self.subscribe_feed("", uris.HEARTBEAT, self.heard)
            self.hosted().timing.soon(self.hosted().subscribe_topic, LEFT, self.session_left)

    # -- what happens ----------------------------------------------------------------------------

    def heard(self, topic: str, message: Any, info: Mapping[str, Any]) -> None:
        """Take a heartbeat in."""
        beat = decode_heartbeat(topic, message, info)
        news = self.table.heard(beat, self.now(), self.seconds())
        entry = self.table.entries[beat.address]
        if news is News.OUTDATED:
            self._warn_of_outdated(entry)
            return
        if news in _LOUD:
            self.log.info(_LOUD[news], address=beat.address)
            self._check_case(entry)
            self._ask(entry)
            if news is News.CLOSED or self.seconds() - self._shown >= SHOW_S:
                self._show()
        if entry.op_codes != entry.told:
            self.tell(entry)

    def session_left(self, _topic: str, args: Sequence[Any], *_: Any) -> None:
        """Take note that a session left the router, for whatever reason; crossbar tells its number alone."""
        if not args or not isinstance(args[0], int):
            return
        gone = self.table.left(args[0], self.now())
        if gone:
            self.log.error("{names}: {sentence}", names=_names(gone), sentence=gone[0].sentence)
            self._show()
            for entry in gone:
                self.tell(entry)

    @process(startup=True)
    async def main(
        self,
        session: AsyncSession,
        test_mode: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
    ) -> None:
        """Watch heartbeats; the session's data tell who is here.

        Args:
            test_mode: Look once and end.
        """
        told = self.seconds()
        self._main = session
        try:
            async for _ in session.ticks(LOOK_HZ):
                self.look()
                if self.seconds() - told >= self.wait_time:
                    told = self.seconds()
                    for entry in self.table.entries.values():
                        self.tell(entry)
                self._show()
                if test_mode:
                    return
        finally:
            self._main = None

    @task
    def register_agent(self, session: Session) -> None:
        """Do nothing: agents of very old releases call it."""

    @command
    async def site_health(self) -> dict[str, Any]:
        """Tell how the site is: the worst of its agents, each the worst of its devices, with all causes."""
        entries = list(self.table.entries.values())
        unwell = [entry for entry in entries if is_unwell(entry)]
        answers = await defer.gatherResults([self.inquiry.health_of(entry.address) for entry in unwell])
        told: dict[str, Health] = {
            entry.address: health for entry, health in zip(unwell, answers, strict=True) if health is not None
        }
        return of_site(entries, told, self.now())

    # -- looking ---------------------------------------------------------------------------------

    def look(self) -> None:
        """Mark the devices that fell silent, and ask those who have not said who they are."""
        if self.hosted().session_id is None:
            return  # without a router nobody can be heard
        silent = self.table.look(self.now(), self.seconds())
        for entry in silent:
            self.log.error("{address}: {sentence}", address=entry.address, sentence=entry.sentence)
            self.tell(entry)
        for session in {entry.session for entry in silent if entry.session is not None}:
            self._check_session(session)
        for entry in self.table.unasked(self.seconds(), ASK_AGAIN_S):
            self._ask(entry)

    def tell(self, entry: Entry) -> None:
        """Publish the states of one device, a block an operation."""
        entry.told = dict(entry.op_codes)
        for op, code in entry.op_codes.items():
            name = _NOT_A_FIELD.sub("_", f"{entry.address}_{op}")[:LONGEST_FIELD]
            self.agent_operations.publish({name: code}, block=name)

    def _show(self) -> None:
        if self._main is not None:
            self._main.data = self.table.encode()
            self._shown = self.seconds()

    def _check_session(self, session: int) -> None:
        # Its end may have passed unheard, while this registry had no router.
        def answered(known: bool | None) -> None:  # noqa: FBT001 - the result of a Deferred
            if known is False:
                self.session_left(LEFT, [session])

        self.inquiry.knows_session(session).addCallback(answered)

    def _ask(self, entry: Entry) -> None:
        if entry.expired:
            return
        entry.asked = self.seconds()
        started = entry.beat.started

        def answered(identity: Mapping[str, Any]) -> None:
            if entry.beat.started == started:
                entry.learn(identity)

        self.inquiry.identity_of(entry.address).addCallback(answered)

    def _check_case(self, entry: Entry) -> None:
        other = self.table.conflict(entry)
        if other is not None:
            self.log.error(
                "{name} and {other} differ only in case, so that clients cannot tell them apart; rename one of them",
                name=entry.name, other=other,
            )  # fmt: skip

    def _warn_of_outdated(self, entry: Entry) -> None:
        if entry.address not in self._outdated:
            self._outdated.add(entry.address)
            self.log.warn(
                "an older process still sends heartbeats as {address}, whose name was taken over by {agent}; end it",
                address=entry.address, agent=entry.agent,
            )  # fmt: skip


def _names(entries: Sequence[Entry]) -> str:
    more = len(entries) - NAMES_TOLD
    return ", ".join(entry.address for entry in entries[:NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")
