"""RegistryAgent: who is here, from everybody's heartbeats.

Process, session data and feed are those of OCS 0.12's agent of the same name, so that its clients find
active agents in it; `time_expired` keeps the moment of the loss, where OCS rewrites it each second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ocs.agent import AsyncSession, Device, Feed, Property, Session, process, task
from ocs.model.feed import LONGEST_FIELD
from ocs.model.operation import OpCode
from ocs.wire import uris

EXPIRES_S = 5.0
"""An agent without a heartbeat for so many seconds counts as lost (OCS 0.12, registry agent)."""

LOOK_HZ = 1.0

_NOT_A_FIELD = re.compile(r"\W", re.ASCII)


@dataclass(slots=True)
class Entry:
    """What is known of one device; times are POSIX s, UTC."""

    agent_class: str
    agent_address: str
    last_updated: float
    heard: float
    op_codes: dict[str, int] = field(default_factory=dict)
    time_expired: float | None = None
    told: dict[str, int] = field(default_factory=dict)

    @property
    def expired(self) -> bool:
        """Whether its heartbeat stopped."""
        return self.time_expired is not None

    def encode(self) -> dict[str, Any]:
        """Return the entry with the keys of OCS."""
        return {
            "expired": self.expired,
            "time_expired": self.time_expired,
            "last_updated": self.last_updated,
            "op_codes": dict(self.op_codes),
            "agent_class": self.agent_class,
            "agent_address": self.agent_address,
        }


class Registry(Device):
    """Keeps the list of devices that are alive, with the state of their operations."""

    wait_time: Property[float] = Property(30.0, unit="s", doc="every state is published at least so often")
    agent_operations = Feed(doc="the number of each operation's state, by device", agg_params={"frame_length": 60})

    def setup(self) -> None:
        """Begin to listen."""
        self.entries: dict[str, Entry] = {}
        self.subscribe_feed("", uris.HEARTBEAT, self.heard)

    def heard(self, topic: str, message: Any, info: dict[str, Any]) -> None:
        """Take note of a heartbeat."""
        address = str(info.get("agent_address", "")) or topic.removesuffix(f".feeds.{uris.HEARTBEAT}")
        now = self.now()
        entry = self.entries.get(address)
        if entry is None:
            entry = self.entries[address] = Entry(str(info.get("agent_class", "")), address, now, self.seconds())
            self.log.info("{address} is here", address=address)
        if entry.expired:
            self.log.info("{address} is back", address=address)
        entry.agent_class = str(info.get("agent_class", entry.agent_class))
        entry.last_updated, entry.heard, entry.time_expired = now, self.seconds(), None
        entry.op_codes = codes_in(message)
        if entry.op_codes != entry.told:
            self.tell(entry)

    @process(startup=True)
    async def main(
        self,
        session: AsyncSession,
        test_mode: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
    ) -> None:
        """Watch heartbeats; the session's data tell who is alive.

        Args:
            test_mode: Look once and end.
        """
        told = self.seconds()
        async for _ in session.ticks(LOOK_HZ):
            self.expire()
            if self.seconds() - told >= self.wait_time:
                told = self.seconds()
                for entry in self.entries.values():
                    self.tell(entry)
            session.data = {address: entry.encode() for address, entry in self.entries.items()}
            if test_mode:
                return

    @task
    def register_agent(self, session: Session) -> None:
        """Do nothing: agents of very old releases call it."""

    def expire(self) -> None:
        """Mark the devices that fell silent."""
        for entry in self.entries.values():
            if not entry.expired and self.seconds() - entry.heard > EXPIRES_S:
                entry.time_expired = self.now()
                entry.op_codes = dict.fromkeys(entry.op_codes, OpCode.EXPIRED.value)
                self.log.warn("{address} is lost: no heartbeat for {s:.0f} s", address=entry.agent_address, s=EXPIRES_S)
                self.tell(entry)

    def tell(self, entry: Entry) -> None:
        """Publish the states of one device, a block an operation."""
        entry.told = dict(entry.op_codes)
        for op, code in entry.op_codes.items():
            name = _NOT_A_FIELD.sub("_", f"{entry.agent_address}_{op}")[:LONGEST_FIELD]
            self.agent_operations.publish({name: code}, block=name)


def codes_in(message: Any) -> dict[str, int]:
    """Return the number of each operation in a heartbeat; agents of very old releases send only a zero."""
    if not isinstance(message, Mapping):
        return {}
    return {str(op): code for op, code in message.items() if isinstance(code, int)}
