"""The archiver as a device: what it takes, what it hands out, and how it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

import ocs.store
from ocs.agent import AsyncSession, Property, command, process
from ocs.agent.author.declarations import Operation, declare
from ocs.agent.calling.execution import Worker
from ocs.model.archive_policy import Policy, read_policy
from ocs.model.errors import RetryAfterError
from ocs.model.gap import Gap
from ocs.model.health import Cause
from ocs.model.name_pattern import Pattern
from ocs.model.operation import Kind
from ocs.model.time_span import read_time
from ocs.services.archiver.figures import ArchiveFigures
from ocs.services.archiver.history.listing import list_continuity, list_gaps, list_series, units_by_series
from ocs.services.archiver.policy.previewing import Known, Preview, archived_fields, preview
from ocs.services.archiver.presence.absences import NS, Absences, decode_beat
from ocs.services.archiver.presence.inquiry import Inquiry
from ocs.services.archiver.presence.plain_agents import PlainAgents
from ocs.services.archiver.work import Settings, Work
from ocs.store.archive.reading.reading import ArchiveReader
from ocs.wire import uris

LEFT = "wamp.session.on_leave"
LOOK_HZ = 1.0
TIDY_S = 3600.0
"""Blocks are put together, and what is too old is deleted, so often, in s."""

NOT_OPEN_S = 5.0
"""Who sends rows while the archive is not open is to try again after so many seconds."""

TIDYING_S = 3600.0
ASKING_S = 60.0

Value = TypeVar("Value")
Moment = int | float | str | None


class Archiver(ArchiveFigures):
    """Keeps what agents record until it is asked for: no row twice, none missing but those that a gap names."""

    setup_again_s = 60.0
    folder = Property("", doc="folder of the archive; beside the states of the realm's agents, if empty")
    policy: Property[list[Any]] = Property([], doc="rules of what is kept; the first that fits decides")
    disk_warning = Property(90.0, unit="%", doc="from so full a disk on the archiver is degraded")
    disk_full = Property(97.0, unit="%", doc="from so full a disk on it takes nothing; the agents' spools wait")
    seal_s = Property(300.0, unit="s", doc="the journal becomes blocks so often")
    influx_url = Property("", doc="a server of Influx line protocol that gets all rows too; none if empty")
    influx_database = Property("ocs_feeds", doc="the database there")

    def setup(self) -> None:
        """Open the archive; who is here is watched from the first time on, over an Init too."""
        host = self.hosted()
        host.offer("put", self.take)
        host.offer("history", self.hand_out)
        folder = Path(self.folder).expanduser() if self.folder else host.folder.parent / "archive"
        settings = Settings(
            folder.absolute(), read_policy(self.policy), self.disk_warning, self.disk_full, self.seal_s,
            self.influx_url, self.influx_database, host.identity.root,
        )  # fmt: skip
        self.tidying = Worker(f"{self.name} tidying", host.timing)
        self.counted = (self.seconds(), 0)
        work = self.work = Work(settings, host.timing, self.tell)
        self.add_influx_channels()
        if self.absences is None:
            self.absences = Absences(self.record, work.lasting)
            self.plain = PlainAgents(host, self.put, self.record, round(self.now() * NS), work.alive)
            self.subscribe_feed("", uris.HEARTBEAT, self.heard)
            self.subscribe_topic(LEFT, self.session_left)

    def shutdown(self) -> None:
        """Answer what waits, and close the archive."""
        work, self.work = self.work, None
        if work is not None:
            work.close()
            self.tidying.close()

    # -- rows in, rows out -----------------------------------------------------------------------

    def take(self, _caller: Any, parts: Any = None) -> Deferred[dict[str, Any]]:
        """Answer `put`: archive parts, and tell what became of them when they are on the disk."""
        return self.put(parts)

    def put(self, parts: Any) -> Deferred[dict[str, Any]]:
        """Archive parts.

        Raises:
            RetryAfterError: The archive takes nothing now.
        """
        if self.work is None:
            raise RetryAfterError(
                f"the archive is not open ({self.setup_failure or 'it is being opened, or closed'})", limit=NOT_OPEN_S
            )
        return self.work.intake.put(parts)

    def hand_out(
        self,
        _caller: Any,
        channels: Any = None,
        start: Any = None,
        end: Any = None,
        max_points: Any = None,
        cursor: Any = None,
    ) -> Deferred[dict[str, Any]]:
        """Answer `history`: one page of what was archived."""
        return self.opened().histories.answer(channels, start, end, max_points, cursor)

    # -- who is here -----------------------------------------------------------------------------

    def heard(self, topic: str, _message: Any, info: Mapping[str, Any]) -> None:
        """Take a heartbeat in."""
        beat, now = decode_beat(topic, info), round(self.now() * NS)
        if self.absences is not None and self.plain is not None:
            self.absences.heard(beat, now, self.seconds())
            self.plain.heard(beat, now, self.seconds())

    def session_left(self, _topic: str, args: Sequence[Any], *_: Any) -> None:
        """Take note that a session left the router."""
        if args and isinstance(args[0], int) and self.absences is not None:
            self.absences.left(args[0], round(self.now() * NS))

    @process(startup=True)
    async def upkeep(self, session: AsyncSession) -> None:
        """See each second who is here, and put the archive in order each hour; the session's data tell who is here."""
        tidied = self.seconds()
        async for _ in session.ticks(LOOK_HZ):
            self.look(session)
            if self.work is not None and self.seconds() - tidied >= TIDY_S:
                tidied = self.seconds()
                self.in_turn(self.work.tidy).addErrback(self.tidied_badly)

    def tidied_badly(self, failure: Any) -> None:
        """Take note that the archive could not be put in order."""
        if self.work is not None:
            self.work.trouble(f"the archive could not be put in order: {failure.getErrorMessage()}; it is tried again")

    def look(self, session: AsyncSession) -> None:
        """See who is here."""
        if self.absences is None or self.plain is None:
            return
        now, member = round(self.now() * NS), self.hosted().session_id
        self.plain.look(member, now)
        if member is not None:  # without a router nobody can be heard
            self.absences.look(now, self.seconds())
        session.data = {
            "here": self.absences.here, "away": self.absences.away, "by_subscription": self.plain.devices,
        }  # fmt: skip

    def record(self, gap: Gap) -> None:
        """Have a gap archived; while the archive is not open there is nowhere to put it."""
        if self.work is not None:
            self.work.record(gap)

    # -- policy ----------------------------------------------------------------------------------

    async def tell_policy(self) -> dict[str, Any]:
        """Tell the rules that hold, whether they are the site file's, since when, and what is paused."""
        return self.opened().policy.encode()

    told_policy = Operation(declare(tell_policy, Kind.COMMAND, name="policy"))

    @command
    def set_policy(self, rules: list[Any]) -> dict[str, Any]:
        """Have other rules hold from now on, over restarts too; they act on the next rows of every channel.

        Args:
            rules: Maps as in the site file, the first that fits a field decides.
        """
        return self.changed(lambda work, now: work.policy.set_rules(rules, now))

    @command
    def reset_policy(self) -> dict[str, Any]:
        """Have the site file's rules hold again."""
        return self.changed(lambda work, now: work.policy.reset(now))

    @command
    def pause(self, pattern: str, reason: str = "") -> dict[str, Any]:
        """Archive nothing of some fields until `resume`, over restarts too; a gap of this cause explains the hole.

        Args:
            pattern: Names and patterns of fields.
            reason: Why; it is told with the gap.
        """
        return self.changed(lambda work, now: work.policy.pause(pattern, reason, now))

    @command
    def resume(self, pattern: str) -> dict[str, Any]:
        """Archive again what was paused.

        Args:
            pattern: As it was paused.
        """
        return self.changed(lambda work, now: work.policy.resume(pattern, now))

    @command(timeout_s=ASKING_S)
    async def preview(self, rules: list[Any] | None = None, pattern: str = "*") -> list[Preview]:
        """Tell what would become of each field of each device that is here, and change nothing.

        Args:
            rules: Maps as in the site file; those that hold, if left out.
            pattern: Names and patterns of fields that are asked for.
        """
        work = self.opened()
        wanted = Pattern(pattern)

        def prepared() -> tuple[Policy, Known]:
            policy = work.policy.policy if rules is None else read_policy(rules)
            return policy, self.asked(lambda reader: units_by_series(reader, "*"))

        def told() -> list[Preview]:
            fields = [each for device in devices for each in archived_fields(device, known)]
            meant = [each for each in fields if wanted.fits(each[0], each[1])]
            return preview(policy, work.policy.changes.pauses, meant)

        # In the thread, because many rules on many fields take seconds.
        here = [] if self.absences is None else [name for name in self.absences.here if wanted.fits_device(name)]
        policy, known = await self.thread.run("preview", prepared)
        devices = await Inquiry(self.hosted()).interfaces(here)
        previews: list[Preview] = await self.thread.run("preview", told)
        return previews

    # -- what is there ---------------------------------------------------------------------------

    @command
    def series(self, pattern: str = "*") -> list[dict[str, Any]]:
        """Tell the archived series: device, feed, block, their fields, first and last time (POSIX s), rows.

        Args:
            pattern: Names and patterns of fields.
        """
        return self.asked(lambda reader: list_series(reader, pattern))

    @command
    def gaps(self, pattern: str = "*", start: Moment = None, end: Moment = None) -> list[dict[str, Any]]:
        """Tell the spans of time without data and why; times are ns since 1970 UTC.

        Args:
            pattern: Names and patterns of fields.
            start: Such as `-1d`, `today`, an ISO 8601 text, POSIX s; ns since 1970 UTC too.
            end: The same.
        """
        now = round(self.now() * NS)
        first, last = (None if each is None else read_time(each, now) for each in (start, end))
        return self.asked(lambda reader: list_gaps(reader, pattern, first, last))

    @command(timeout_s=ASKING_S)
    def continuity(self, pattern: str, start: Moment = "-1h", end: Moment = "now") -> list[dict[str, Any]]:
        """Tell how many rows of each series and epoch there are, how many numbers are missing, and how many double.

        Args:
            pattern: Names and patterns of fields.
            start: Such as `-1d`, `today`, an ISO 8601 text, POSIX s.
            end: The same.
        """
        return self.asked(lambda reader: list_continuity(reader, pattern, start, end))

    @command(timeout_s=TIDYING_S, display="expert")
    async def seal(self) -> None:
        """Make blocks of what is in the journal, now."""
        await self.in_turn(self.opened().archive.seal)

    @command(timeout_s=TIDYING_S, display="expert")
    async def compact(self) -> None:
        """Put small blocks together, and delete what the policy keeps no longer, now."""
        await self.in_turn(self.opened().tidy)

    def own_causes(self, now: float) -> Iterable[Cause | None]:
        """Say how disk, refused data, archive, pauses and server are."""
        return () if self.work is None else self.work.causes(now)

    # -- in threads ------------------------------------------------------------------------------

    def tell(self, sentence: str) -> None:
        """Write a trouble to the log, from any thread."""
        self.hosted().timing.soon(lambda: self.log.warn("{sentence}", sentence=sentence))

    def changed(self, change: Callable[[Work, int], None]) -> dict[str, Any]:
        """Change the policy and return what holds; retention follows at its own pace."""
        work = self.opened()
        change(work, round(self.now() * NS))
        return work.policy.encode()

    def asked(self, question: Callable[[ArchiveReader], Value]) -> Value:
        """Return what a reader of the archive answers."""
        with ocs.store.open(self.opened().settings.folder) as reader:
            return question(reader)

    def in_turn(self, work: Callable[[], Value]) -> Deferred[Value]:
        """Do what takes its time in the thread for such, one after the other; fires with its result."""
        answer: Deferred[Value] = Deferred()

        def done(result: Any, error: BaseException | None) -> None:
            if not answer.called:
                answer.callback(result) if error is None else answer.errback(error)

        self.tidying.run(None, work, done)
        return answer
