"""What a link tells about itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class LinkState(Enum):
    """Whether the device can be asked."""

    CLOSED = "closed"
    OPEN = "open"
    LOST = "lost"


@dataclass(frozen=True)
class LinkStatus:
    """The state of a link, since when, and why."""

    state: LinkState
    since: float
    """POSIX seconds, UTC."""
    reason: str = ""
    """One sentence; empty while all is well."""


@dataclass(frozen=True)
class LinkCounters:
    """What went over a link since it was made."""

    exchanges: int = 0
    """Requests that were answered, or needed no answer."""
    timeouts: int = 0
    """Requests that were not answered in time."""
    reopened: int = 0
    """Times that the device came back after a loss."""
    bytes_in: int = 0
    """Bytes that came."""
    bytes_out: int = 0
    """Bytes that went."""
    drained: int = 0
    """Bytes that came unasked or too late and were thrown away."""


@dataclass
class Tally:
    """Counts while a link works; only the thread that has its turn writes."""

    exchanges: int = 0
    timeouts: int = 0
    reopened: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    drained: int = 0

    def counters(self) -> LinkCounters:
        """Return the counts of this moment."""
        return LinkCounters(
            exchanges=self.exchanges,
            timeouts=self.timeouts,
            reopened=self.reopened,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
            drained=self.drained,
        )
