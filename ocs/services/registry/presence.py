"""One device in the registry: whether it is here, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ocs.model.health import HealthLevel
from ocs.model.operation import OpCode
from ocs.services.registry.heartbeat import Heartbeat, whole

EXPIRES_S = 5.0
"""An agent without a heartbeat for so many seconds counts as lost (OCS 0.12, registry agent)."""


class Presence(Enum):
    """Whether a device can be reached, and how it went."""

    HERE = "here"
    CLOSED = "closed"
    GONE = "gone"
    LOST = "lost"


@dataclass(slots=True)
class Entry:
    """What is known of one device; times are POSIX s, UTC.

    Attributes:
        beat: Its newest heartbeat.
        last_updated: When that came.
        heard: The same on the monotonic clock, in s.
        presence: Whether it is here.
        since: Since when that holds.
        op_codes: Number of each operation's state; all 7 when it is not here.
        time_expired: When it went, by whatever way; None while it is here.
        session: Number of the agent's router session, until that left.
        facts: What it said of itself when asked: `class`, `version`, `host`, `pid` ...
        asked: Monotonic time, in s, at which it was last asked; None since its last start or return.
        told: The codes that were last published.
    """

    beat: Heartbeat
    last_updated: float
    heard: float
    presence: Presence = Presence.HERE
    since: float = 0.0
    op_codes: dict[str, int] = field(default_factory=dict)
    time_expired: float | None = None
    session: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    asked: float | None = None
    told: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Its URI."""
        return self.beat.address

    @property
    def name(self) -> str:
        """Its name below the address root."""
        return self.address.partition(".")[2]

    @property
    def agent(self) -> str:
        """Its agent, as `class/instance`; an agent of OCS has one device of its own name."""
        return self.beat.agent or f"{self.beat.agent_class}/{self.name}"

    @property
    def of_ocs(self) -> bool:
        """Whether it is an agent of OCS, whose heartbeats tell nothing of its agent and never that they end."""
        return not self.beat.agent

    @property
    def expired(self) -> bool:
        """Whether it cannot be reached, in OCS's word."""
        return self.presence is not Presence.HERE

    def become(self, presence: Presence, now: float) -> None:
        """Take note of how it is from now on."""
        if presence is not self.presence:
            self.since = now
        self.presence = presence
        if presence is Presence.HERE:
            self.time_expired = None
            return
        if self.time_expired is None:
            self.time_expired = now
        self.op_codes = dict.fromkeys(self.op_codes, OpCode.EXPIRED.value)

    def learn(self, identity: Mapping[str, Any]) -> None:
        """Keep what the device said of itself, as in the identity of `describe`."""
        texts = {"class": "class", "version": "version", "host": "host", "realm": "realm", "root": "facility"}
        for key, ours in texts.items():
            if isinstance(identity.get(key), str) and identity[key]:
                self.facts[ours] = identity[key]
        pid, session = whole(identity.get("pid")), whole(identity.get("session"))
        if pid:
            self.facts["pid"] = pid
        if self.session is None and not self.expired:
            self.session = session

    def _words(self) -> dict[str, str]:
        """Return what its heartbeats say of its health and state; one that went says neither any more."""
        if self.presence is Presence.HERE:
            return {"health": self.beat.health, "state": self.beat.state}
        return {} if self.presence is Presence.CLOSED else {"health": HealthLevel.LOST.value}

    @property
    def sentence(self) -> str:
        """What an operator should know and do; empty while it is here."""
        where = f"process {self.facts['pid']}" if "pid" in self.facts else "its process"
        where += f" on {self.facts['host']}" if "host" in self.facts else ""
        if self.presence is Presence.CLOSED:
            return f"{where} ended in good order; start agent {self.agent} to have it back"
        if self.presence is Presence.GONE and self.of_ocs:
            return f"{where} left the router; an agent of OCS does not tell why: start {self.agent} unless it was ended"
        if self.presence is Presence.GONE:
            return (
                f"{where} left the router without a word (killed, crashed, or no network); "
                f"if it does not come back by itself, read its log and start agent {self.agent}"
            )
        if self.presence is Presence.LOST:
            connected = ", though it is still connected" if self.session is not None else ""
            return (
                f"{where} sends no heartbeat{connected}: it stands still or hangs; "
                f"look at it there, end it, and start agent {self.agent}"
            )
        return ""

    def encode(self, conflict: str | None = None) -> dict[str, Any]:
        """Return the entry: the keys of OCS, and ours; what is not known is left out.

        Args:
            conflict: Name of a device that differs from this one only in case.
        """
        ours = {
            **self._words(),
            "agent": self.beat.agent,
            "session": self.session,
            "started": self.beat.started,
            "conflict": conflict,
        }
        return {
            "expired": self.expired,
            "time_expired": self.time_expired,
            "last_updated": self.last_updated,
            "op_codes": dict(self.op_codes),
            "agent_class": self.beat.agent_class,
            "agent_address": self.address,
            "presence": self.presence.value,
            "since": self.since,
            "exported": not self.expired,
            "sentence": self.sentence,
            "last_seen": self.last_updated,
            **{key: value for key, value in ours.items() if value not in {None, ""}},
            **self.facts,
        }
