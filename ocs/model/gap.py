"""Holes in the archive that are known, and why they are there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class GapCause(Enum):
    """Why there are no data."""

    PROCESS_KILLED = "process_killed"
    PROCESS_STOPPED = "process_stopped"
    AGENT_DOWN = "agent_down"
    ROUTER_DOWN = "router_down"
    ARCHIVER_DOWN = "archiver_down"
    LINK_LOST = "link_lost"
    PAUSED = "paused"
    SPOOL_FULL = "spool_full"
    SPOOL_OLD = "spool_old"
    SPOOL_DAMAGED = "spool_damaged"
    DISK_FULL = "disk_full"
    MISSED = "missed"
    REFUSED = "refused"
    DAMAGED = "damaged"
    EXPIRED = "expired"


CAUSE_SENTENCES: dict[GapCause, str] = {
    GapCause.PROCESS_KILLED: "the agent's process was killed or crashed",
    GapCause.PROCESS_STOPPED: "the agent was stopped in good order",
    GapCause.AGENT_DOWN: "the agent was not there",
    GapCause.ROUTER_DOWN: "the router was away, and this agent keeps no spool",
    GapCause.ARCHIVER_DOWN: "the archiver was away, and this agent keeps no spool",
    GapCause.LINK_LOST: "the device did not answer its agent",
    GapCause.PAUSED: "archiving was paused",
    GapCause.SPOOL_FULL: "the agent's spool was full, its oldest data went",
    GapCause.SPOOL_OLD: "the data waited in the agent's spool for longer than it keeps them",
    GapCause.SPOOL_DAMAGED: "a file of the agent's spool was damaged",
    GapCause.DISK_FULL: "the disk of the agent's spool was full",
    GapCause.MISSED: "rows did not come through",
    GapCause.REFUSED: "the archiver refused the data; they are in its quarantine",
    GapCause.DAMAGED: "a file of the archive was damaged",
    GapCause.EXPIRED: "the archive keeps such data for a limited time",
}
"""What each cause means, for people."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of time without data, or with some missing.

    Two records of one device, feed, block, start and cause are the same gap; the later one tells more.

    Attributes:
        device: Name of the device.
        start: From when on, ns since 1970 UTC.
        end: Until when, ns; None while it lasts.
        cause: Why.
        feed: Name of the feed; empty for all of the device.
        block: Name of the block; empty for all of the feed.
        rows: How many rows are missing, where that is known; 0 else.
        epoch: Epoch of the missing rows, where they had numbers.
        first: Number of the first missing row; 0 where they had none.
        last: Number of the last missing row.
        detail: What else is to say, in words.
    """

    device: str
    start: int
    end: int | None
    cause: GapCause
    feed: str = ""
    block: str = ""
    rows: int = 0
    epoch: int = 0
    first: int = 0
    last: int = 0
    detail: str = ""

    @property
    def sentence(self) -> str:
        """Why there are no data, for people."""
        return CAUSE_SENTENCES[self.cause] + (f": {self.detail}" if self.detail else "")

    def __lt__(self, other: Gap) -> bool:
        return (self.start, self.device, self.feed) < (other.start, other.device, other.feed)
