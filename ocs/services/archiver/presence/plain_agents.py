"""Archives agents that keep no spool, such as those of OCS: their recorded feeds are subscribed, best effort.

What is known to be missing has a gap: while the router or the archiver was away, while the archive took nothing,
between a start of the agent and its first heartbeat, and where the numbers of messages have holes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.host import Host
from ocs.model.errors import BusyError, OcsError
from ocs.model.feed import FeedInterface
from ocs.model.gap import Gap, GapCause
from ocs.model.interface import DeviceInterface
from ocs.services.archiver.presence.absences import Beat
from ocs.services.archiver.presence.feed_rows import FeedRows, first_time
from ocs.services.archiver.presence.inquiry import Inquiry
from ocs.wire import uris

ASK_AGAIN_S = 10.0
LOOK_AGAIN_S = 60.0
"""An agent is asked so often, in s, whether it has more feeds."""

MOST_FEEDS = 10_000
MOST_WAITING = 1000
"""So many messages may wait for the disk of the archive; those that come beyond are lost, with a gap."""

Put = Callable[[Sequence[Mapping[str, Any]]], Deferred[Any]]


@dataclass(slots=True)
class _Agent:
    """One device whose agent keeps no spool."""

    beat: Beat
    asked: float
    known: bool = False
    cut_off: int | None = None
    feeds: dict[str, _Followed] = field(default_factory=dict)


@dataclass(slots=True)
class _Followed:
    """One feed that is subscribed, and what was lost of it since the last rows that were taken."""

    rows: FeedRows
    lost_since: int | None = None
    lost_rows: int = 0
    why: str = ""


class PlainAgents:
    """The agents without spool.

    Args:
        host: The archiver's agent.
        put: Puts parts into the archive; raises, or fails with, an OcsError when it takes nothing now.
        record: Takes gaps.
        epoch: Start of this archiver, ns; the rows are numbered by it.
        alive: When an earlier archiver was last at work, ns; None when there was none.

    Attributes:
        lost: Rows that could not be taken.
    """

    def __init__(self, host: Host, put: Put, record: Callable[[Gap], None], epoch: int, alive: int | None) -> None:
        self.lost = 0
        self._host = host
        self._inquiry = Inquiry(host)
        self._put = put
        self._record = record
        self._epoch = epoch
        self._alive = alive
        self._agents: dict[str, _Agent] = {}
        self._waiting = 0
        self._session: int | None = None
        self._joined_at: int | None = None

    @property
    def devices(self) -> list[str]:
        """Names of the devices that are archived by subscription."""
        return sorted(device for device, agent in self._agents.items() if agent.feeds and not agent.beat.spools)

    def heard(self, beat: Beat, now: int, seconds: float) -> None:
        """Take a heartbeat in, of any agent (ns since 1970 UTC, monotonic s)."""
        agent = self._agents.get(beat.device)
        if beat.spools:
            if agent is not None:
                agent.beat = beat  # what it sends is left to its spool from now on
            return
        if agent is None:
            agent = self._agents[beat.device] = _Agent(beat, -ASK_AGAIN_S)
        if agent.cut_off is not None:
            self._record(Gap(beat.device, agent.cut_off, now, GapCause.ROUTER_DOWN))
            agent.cut_off = None
        restarted = beat.started != agent.beat.started
        agent.beat = beat
        pause = LOOK_AGAIN_S if agent.known and not restarted else ASK_AGAIN_S
        if (seconds - agent.asked >= pause or (restarted and agent.known)) and not beat.closing:
            agent.asked = seconds
            self._ask(agent)

    def look(self, session: int | None, now: int) -> None:
        """See whether the router was lost; to be called each second.

        Args:
            session: Number of the archiver's session, None without a router.
            now: ns since 1970, UTC.
        """
        if session is None:
            return
        before, self._session = self._session, session
        if before not in {None, session} and self._joined_at is not None:
            for device in self.devices:
                agent = self._agents[device]
                agent.cut_off = agent.cut_off or self._joined_at
                self._record(Gap(device, agent.cut_off, now, GapCause.ROUTER_DOWN))
        self._joined_at = now

    # -- asking ----------------------------------------------------------------------------------

    def _ask(self, agent: _Agent) -> None:
        def told(interface: DeviceInterface | None) -> None:
            if interface is None:
                return
            first, agent.known = not agent.known, True
            for name, feed in interface.feeds.items():
                if feed.archived and name not in agent.feeds and len(agent.feeds) < MOST_FEEDS:
                    self._follow(agent, feed)
            if first and agent.feeds:
                self._tell_beginning(agent)

        self._inquiry.interface(agent.beat.device).addCallback(told)

    def _follow(self, agent: _Agent, feed: FeedInterface) -> None:
        device = agent.beat.device
        followed = agent.feeds[feed.name] = _Followed(FeedRows(device, feed.name, self._epoch))

        def event(_topic: str, message: Any, info: Mapping[str, Any]) -> None:
            if not agent.beat.spools:
                self._take(followed, message, info)

        def columns(_topic: str, args: Sequence[Any]) -> None:
            pair = args[0] if args and isinstance(args[0], (list, tuple)) and len(args[0]) == 2 else (args, {})  # noqa: PLR2004 - message and feed_info
            event("", pair[0], pair[1] if isinstance(pair[1], Mapping) else {})

        if feed.bulk:
            self._host.subscribe_topic(uris.blocks(self._host.identity.root, device, feed.name), columns)
        else:
            self._host.subscribe_feed(device, feed.name, event)

    def _tell_beginning(self, agent: _Agent) -> None:
        """Say what may be missing before the first subscription."""
        started, now = agent.beat.started, round(self._host.timing.now() * 1e9)
        if started is not None and started > self._epoch:
            if started < now:
                self._record(Gap(agent.beat.device, started, now, GapCause.MISSED, detail="it had just been started"))
        elif self._alive is not None:
            since = max(self._alive, started or self._alive)
            if since < now:
                self._record(Gap(agent.beat.device, since, now, GapCause.ARCHIVER_DOWN))

    # -- taking ----------------------------------------------------------------------------------

    def _take(self, followed: _Followed, message: Any, info: Mapping[str, Any]) -> None:
        rows = followed.rows
        hole = rows.hole_before(message, info)
        if hole is not None:
            self._record(hole)
        parts, count = rows.parts(message)
        if not parts:
            return
        try:
            if self._waiting >= MOST_WAITING:
                raise BusyError("the disk of the archive does not keep up")
            answer = self._put(parts)
        except OcsError as error:
            self._lose(followed, message, count, error)
            return
        self._waiting += 1
        answer.addCallbacks(
            lambda _: self._taken(followed, message), lambda failure: self._failed(followed, message, count, failure)
        )

    def _taken(self, followed: _Followed, message: Any) -> None:
        self._waiting -= 1
        since, followed.lost_since = followed.lost_since, None
        if since is not None:
            rows = followed.rows
            end = max(since, first_time(message) or since)
            self._record(
                Gap(rows.device, since, end, GapCause.MISSED, rows.feed, rows=followed.lost_rows, detail=followed.why)
            )
            followed.lost_rows = 0

    def _failed(self, followed: _Followed, message: Any, count: int, failure: Any) -> None:
        self._waiting -= 1
        failure.trap(OcsError)
        self._lose(followed, message, count, failure.value)

    def _lose(self, followed: _Followed, message: Any, count: int, error: OcsError) -> None:
        self.lost += count
        followed.lost_rows += count
        followed.why = error.message
        if followed.lost_since is None:
            followed.lost_since = first_time(message) or round(self._host.timing.now() * 1e9)
