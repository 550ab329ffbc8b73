"""The archive at work: its files, policy, disk, readers and writers, opened and closed together."""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ocs.store
from ocs.agent.calling.timing import Timing
from ocs.model.archive_policy import Policy
from ocs.model.errors import ConfigurationError, OcsError, OperationFailedError
from ocs.model.gap import Gap
from ocs.model.health import Cause, HealthLevel
from ocs.services.archiver.disk_watch import DiskWatch
from ocs.services.archiver.history.paging import HistoryDesk
from ocs.services.archiver.influx.influx_writer import InfluxWriter, forget_place
from ocs.services.archiver.intake import Intake
from ocs.services.archiver.policy.pauses import PauseGaps
from ocs.services.archiver.policy.policy_desk import PolicyDesk
from ocs.services.archiver.policy.policy_file import PolicyFile
from ocs.services.archiver.troubles import Refusals, Troubles
from ocs.store.archive.archive import Archive, ArchiveOptions
from ocs.store.archive.layout import Layout

ALIVE = "alive"
"""A file whose time stamp says when an archiver was last at work in this folder."""

INFLUX_LATE_S = 60.0
MOST_UNRECORDED = 10_000

LEAP_S = 3600.0
"""Once the clock has leapt forward by more, in s, ages are not believed, and nothing is deleted for them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the site file says of the archive.

    Attributes:
        folder: Where it is.
        policy: Its policy, unless another one was set since.
        disk_warning: From so many % on a full disk makes it unwell.
        disk_full: From so many % on it takes nothing.
        seal_s: The journal becomes blocks so often, in s.
        influx_url: A time series server that gets everything too; empty for none.
        influx_database: The database there.
        root: Address root, for the names of measurements.
    """

    folder: Path
    policy: Policy
    disk_warning: float
    disk_full: float
    seal_s: float
    influx_url: str
    influx_database: str
    root: str


class Work:
    """An archive at work; made, and closed, in a thread.

    Args:
        settings: What the site file says.
        timing: The loop.
        tell: Told each trouble in one sentence, from any thread.

    Raises:
        ConfigurationError: The folder, the policy or the server cannot be used.
        DuplicateError: Another process has the archive open.
        OperationFailedError: The archive cannot be opened, as on a full disk.
    """

    def __init__(self, settings: Settings, timing: Timing, tell: Callable[[str], None]) -> None:
        self.settings = settings
        self.troubles = Troubles()
        self.refusals = Refusals()
        self._timing = timing
        self._tell = tell
        self._began = (timing.now(), timing.seconds())
        self._unrecorded: deque[Gap] = deque(maxlen=MOST_UNRECORDED)
        folder = settings.folder
        _make_folder(folder)
        self.alive = _alive(folder)
        self.lasting = _lasting(folder)
        self.policy = PolicyDesk(
            settings.policy, PolicyFile(folder, self.trouble), PauseGaps(self.record, self.lasting), self.trouble
        )
        self.archive = Archive(
            folder, now=timing.now, on_trouble=self.trouble, options=ArchiveOptions(seal_s=settings.seal_s),
            select=self.policy.selector,
        )  # fmt: skip
        self.influx = self._influx()
        self.disk = DiskWatch(folder, settings.disk_warning, settings.disk_full)
        self._open()
        self.look()
        self.intake = Intake(self.archive, self.disk, timing)
        self.histories = HistoryDesk(timing, lambda: ocs.store.open(folder), lambda: self.intake.waiting > 0)
        if self.influx is not None:
            self.influx.start()
        else:
            self._forget_influx()

    def _open(self) -> None:
        try:
            self.archive.open()
        except OSError as error:
            self.disk.look(self._timing.now())
            room = f"{self.disk.free / 1e6:.1f} MB are left on its disk, which is {self.disk.used:.1f} % full"
            raise OperationFailedError(
                f"the archive {self.settings.folder} cannot be opened ({error}); {room}: mend that, then ask for Init",
                field="folder",
            ) from error

    def _influx(self) -> InfluxWriter | None:
        settings = self.settings
        if not settings.influx_url:
            return None
        return InfluxWriter(
            settings.folder, settings.influx_url, settings.influx_database, now=self._timing.now,
            on_trouble=self.trouble, root=settings.root,
        )  # fmt: skip

    def _forget_influx(self) -> None:
        """Have the archive keep nothing any more for a server that the site file does not name."""
        try:
            forget_place(self.settings.folder)
        except (OcsError, OSError, sqlite3.Error) as error:
            self.trouble(f"the journal is still kept for a time series server that is gone ({error}); see after Init")

    def close(self) -> None:
        """Answer what waits, and close everything, what reads first and the files last."""
        self._timing.soon(self.histories.close)
        if self.influx is not None:
            self.influx.stop()
        self.archive.close()
        self._mark_alive()

    def trouble(self, sentence: str) -> None:
        """Take note of what went wrong, from any thread."""
        self.troubles.add(self._timing.now(), sentence)
        self._tell(sentence)

    def record(self, gap: Gap) -> None:
        """Have a gap archived, from any thread; one that the disk refuses is tried again at the next look."""

        def recorded(done: Future[Any]) -> None:
            if done.exception() is not None:
                self._unrecorded.append(gap)

        self.archive.record_gap(gap).add_done_callback(recorded)

    def look(self) -> None:
        """See how the disk is, and say that this archiver is at work; in a thread, as a disk may take its time."""
        self.disk.look(self._timing.now())
        self.refusals.look(self._timing.now(), self.archive.figures.refused)
        self._mark_alive()
        for _ in range(len(self._unrecorded)):
            self.record(self._unrecorded.popleft())

    def tidy(self) -> None:
        """Put small blocks together and delete what the policy keeps no longer; in a thread, it takes its time."""
        if self._clock_is_right():
            self.archive.retain(self.policy.policy.keeping)
        self.archive.compact()

    def _clock_is_right(self) -> bool:
        """Say whether ages can be believed: a wrong clock must not make years of data too old to be kept."""
        timing, (now, seconds) = self._timing, self._began
        leap_s = (timing.now() - now) - (timing.seconds() - seconds)
        if leap_s > LEAP_S:
            self.trouble(
                f"the clock has leapt forward by {leap_s / 86400:.1f} d since this archiver was set up: nothing is "
                "deleted for its age; set the clock right, or ask for Init if it is right now"
            )
        return leap_s <= LEAP_S

    def causes(self, now: float) -> Iterator[Cause | None]:
        """Return what makes the archiver unwell (POSIX s, UTC)."""
        yield self.disk.cause(self._kept())
        yield self.refusals.cause(str(Layout(self.settings.folder).quarantine))
        yield self.troubles.cause(now)
        for pause in self.policy.changes.pauses.all:
            why = f" ({pause.reason})" if pause.reason else ""
            told = f"{pause.match} is not archived{why}; when that is over, end it by resume, pattern={pause.match!r}"
            yield Cause(HealthLevel.DEGRADED, f"paused {pause.match}", pause.since / 1e9, told)
        if self.influx is not None and self.influx.lag_s > INFLUX_LATE_S:
            why = self.influx.last_error or "it does not keep up"
            told = f"{self.influx.server} is {self.influx.lag_s:.0f} s behind: {why}; the archive has everything"
            yield Cause(HealthLevel.DEGRADED, "influx", now - self.influx.lag_s, told)

    def _kept(self) -> str:
        """Say who keeps the journal, which takes more and more of the disk; nothing while nobody does."""
        kept = self.archive.figures.kept_bytes
        if self.influx is None or not kept:
            return ""
        server = self.settings.influx_url
        return (
            f"{kept / 1e9:.1f} GB of it are kept for {server}, which has not taken them yet: bring it back, or take it "
            "out of the site file"
        )

    def _mark_alive(self) -> None:
        now = self._timing.now()
        path = self.settings.folder / ALIVE
        with suppress(OSError):  # a full disk, which is told by itself
            path.touch()
            os.utime(path, (now, now))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ConfigurationError(
            f"the archive's folder {folder} cannot be made ({error.strerror}); give another one by the property folder",
            field="folder", given=str(folder),
        ) from None  # fmt: skip


def _alive(folder: Path) -> int | None:
    try:
        return (folder / ALIVE).stat().st_mtime_ns
    except OSError:
        return None


def _lasting(folder: Path) -> list[Gap]:
    """Return the gaps that an earlier archiver left open; none where there was none, or where it cannot be read."""
    try:
        with ocs.store.open(folder) as reader:
            return [gap for gap in reader.gaps() if gap.end is None]
    except (OcsError, OSError, sqlite3.Error):
        return []
