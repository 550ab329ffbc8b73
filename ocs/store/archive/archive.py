"""The archive that is written: puts go to the journal, each row once, and are answered when they are on the disk.

Everything that is taken is taken in one thread. It takes all puts that wait, writes them, syncs the disk once, and
answers all of them: no timer, and the more rows in each sync the more there are.
"""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ocs.model.archive_policy import Keeping
from ocs.model.errors import ParameterError, RetryAfterError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.archive.intake.quarantine import Quarantine
from ocs.store.archive.intake.taking import PutAnswer, Select, Selected, Taking
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.compaction import CompactReport
from ocs.store.archive.upkeep.rebuilding import open_catalogue
from ocs.store.archive.upkeep.recovering import recovered
from ocs.store.archive.upkeep.retention import RetainReport
from ocs.store.archive.upkeep.upkeep import Upkeep
from ocs.store.archive.upkeep.verification import CheckReport
from ocs.store.durability import sync_folder
from ocs.store.ownership import Ownership

__all__ = ["Archive", "ArchiveFigures", "ArchiveOptions", "Selected"]

RETRY_S = 10.0
"""After the disk refused, senders are asked to try again after so many seconds."""

MOST_PUTS = 64
"""So many puts, of up to 400 kB each, are written at a time."""

CLOSE_S = 60.0
SEAL_S = 600.0
_STARTS = frozenset({GapCause.PROCESS_KILLED, GapCause.PROCESS_STOPPED})
"""What a new process of an agent tells; it ends what the old one left open."""


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """How often the journal becomes blocks.

    Attributes:
        seal_s: A file of the journal is closed after so many seconds,
        seal_bytes: or when it has so many bytes.
    """

    seal_s: float = 300.0
    seal_bytes: int = 64_000_000


@dataclass(slots=True)
class ArchiveFigures:
    """What was done since the start.

    Attributes:
        rows: Rows stored.
        puts: Puts answered.
        skipped: Rows that the policy left out.
        refused: Parts that were refused.
        duplicates: Rows that were there already.
        journal_bytes: Bytes of the journal's files.
        kept_bytes: Of these the bytes that are in blocks too, and are kept for those who follow the journal.
    """

    rows: int = 0
    puts: int = 0
    skipped: int = 0
    refused: int = 0
    duplicates: int = 0
    journal_bytes: int = 0
    kept_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Job:
    """A put, gaps to record, or a wish to close the present file of the journal."""

    parts: Sequence[Any]
    done: Future[Any]
    gaps: tuple[Gap, ...] = ()
    roll: bool = False


class Archive:
    """An archive that is written; its methods may be called from any thread.

    Args:
        folder: Its folder.
        now: Returns POSIX s.
        on_trouble: Told in one sentence when something goes wrong that nobody else is told of.
        options: How often the journal becomes blocks.
        select: Asked for each batch which rows stay; None keeps all.

    Attributes:
        figures: What was done since the start.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], float],
        on_trouble: Callable[[str], None],
        options: ArchiveOptions | None = None,
        select: Select | None = None,
    ) -> None:
        self.figures = ArchiveFigures()
        self._layout = Layout(folder)
        self._now = now
        self._on_trouble = on_trouble
        self._options = options or ArchiveOptions()
        self._select = select
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._open = False
        self._number = 0
        self._journal: JournalWriter | None = None
        self._began = 0.0
        self._older_bytes = 0
        self._told = ""

    # -- life ------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin: what the journal has of earlier processes counts, and becomes blocks soon.

        A catalogue that is damaged or lost is made anew from the other files.

        Raises:
            DuplicateError: Another process has it open.
            VersionError: A newer OCS wrote a part of it; nothing was changed.
            OSError: The folder cannot be used.
        """
        layout = self._layout
        with ExitStack() as undoing:
            self._owner = Ownership(layout.folder, f"the archive {layout.folder}")
            undoing.callback(self._owner.release)
            layout.journals.mkdir(parents=True, exist_ok=True)
            self._catalogue = open_catalogue(layout, self._on_trouble)
            undoing.callback(self._catalogue.close)
            self._upkeep = Upkeep(layout, self._now, self._on_trouble, self._measure)
            undoing.callback(self._upkeep.close)
            self._recover()
            self._measure()
            undoing.pop_all()
        self._open = True
        self._upkeep.start()
        self._thread = threading.Thread(target=self._serve, name="archive", daemon=True)
        self._thread.start()

    def _recover(self) -> None:
        """Have the rows of earlier processes count that are in the journal only."""
        layout, sealed = self._layout, self._catalogue.sealed
        present, numbers = set(layout.journal_numbers()), layout.promised_numbers()
        waiting = [number for number in numbers if number > sealed]
        spans = recovered(self._catalogue, [layout.journal(number) for number in waiting if number in present])
        self._taking = Taking(self._catalogue, Quarantine(layout.quarantine, self._now), self._select)
        for (series, epoch), parts in spans.items():
            for first, last in parts:
                self._taking.taken.stage(series, epoch, first, last)
        self._taking.taken.keep()
        for number in waiting:
            self._upkeep.seal(number)
        self._number = max([sealed, *numbers])

    def close(self) -> None:
        """Answer what waits, and end; nothing more is sealed."""
        with self._lock:
            was_open, self._open = self._open, False
            if was_open:
                self._jobs.put(None)
        if not was_open:
            return
        self._thread.join(timeout=CLOSE_S)
        self._upkeep.close()
        if self._journal is not None:
            self._journal.close()
        self._catalogue.close()
        self._owner.release()

    # -- putting in ------------------------------------------------------------------------------

    def put(self, parts: Sequence[Any]) -> Future[dict[str, Any]]:
        """Have the parts of a put taken; the answer comes when they are on the disk.

        It is a map `{"stored", "known", "skipped"}` of rows and `"refused"`, a list of `{"index", "code", "message"}`;
        or a RetryAfterError when the disk refuses.

        Raises:
            ParameterError: It is no list.
        """
        if not isinstance(parts, Sequence) or isinstance(parts, (str, bytes)):
            raise ParameterError(f"a put carries a list of parts, not {type(parts).__name__}", field="parts")
        return self._give(_Job(parts, Future()))

    def record_gap(self, gap: Gap) -> Future[Any]:
        """Have a gap recorded."""
        return self._give(_Job((), Future(), (gap,)))

    def _give(self, job: _Job) -> Future[Any]:
        job.done.set_running_or_notify_cancel()  # from now on nobody can cancel it: its rows may be on the disk already
        with self._lock:
            if self._open:
                self._jobs.put(job)
                return job.done
        job.done.set_exception(RetryAfterError("the archive is closed", limit=RETRY_S))
        return job.done

    # -- upkeep ----------------------------------------------------------------------------------

    def seal(self, *, wait: bool = True) -> bool:
        """Make blocks of what is in the journal now; True when that is done, False when it was not waited for."""
        self._give(_Job((), Future(), roll=True)).result(SEAL_S)
        return self._upkeep.wait_sealed(SEAL_S if wait else 0.0)

    def compact(self) -> CompactReport:
        """Merge blocks of which many are small."""
        return self._upkeep.compact()

    def retain(self, keeping: Callable[[SeriesKey, Iterable[str]], Keeping]) -> RetainReport:
        """Delete what has been kept for as long as its rule says."""
        return self._upkeep.retain(keeping)

    def check(self, *, thorough: bool = True, on_progress: Callable[[float], None] = lambda _: None) -> CheckReport:
        """Set damaged files aside."""
        return self._upkeep.check(thorough=thorough, on_progress=on_progress)

    # -- the thread ------------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            jobs, ending = self._waiting_jobs()
            if jobs:
                self._take(jobs)
            if self._due(jobs):
                self._roll()
            for job in jobs:
                if job.roll:
                    job.done.set_result(None)
            if ending:
                return

    def _waiting_jobs(self) -> tuple[list[_Job], bool]:
        """Return what waits, at least something unless a file of the journal is due, and whether that is all."""
        found: list[_Job] = []
        try:
            job = self._jobs.get(timeout=self._until_due())
            while job is not None:
                found.append(job)
                if len(found) == MOST_PUTS:
                    return found, False
                job = self._jobs.get_nowait()
        except Empty:
            return found, False
        return found, True

    def _until_due(self) -> float | None:
        if self._journal is None or not self._journal.used:
            return None
        return max(0.0, self._began + self._options.seal_s - time.monotonic())

    def _take(self, jobs: Sequence[_Job]) -> None:
        puts = [job for job in jobs if not job.roll]
        if not puts:
            return
        answers: list[PutAnswer] = []
        try:
            journal = self._writer()
            answers = [self._taking.take(job.parts) for job in puts]
            self._taking.finish(journal)
            gaps = [*self._taking.gaps, *(gap for job in puts for gap in job.gaps)]
            if gaps:
                self._add_gaps(gaps)
            journal.flush()
        except (OSError, sqlite3.Error) as error:
            self._fail(puts, RetryAfterError(f"the archive's disk refuses ({error}); try again later", limit=RETRY_S))
            self._tell_once(error)
            return
        except Exception as error:  # noqa: BLE001 - the edge of the thread: whoever waits is told, and it goes on
            self._on_trouble(f"puts could not be taken: {type(error).__name__}: {error}")
            self._fail(puts, RetryAfterError(f"the archive failed ({error}); try again later", limit=RETRY_S))
            return
        self._taking.keep()
        self._told = ""
        self._count(answers)
        for job, answer in zip(puts, answers, strict=True):
            job.done.set_result(answer.encode())

    def _fail(self, puts: Sequence[_Job], error: Exception) -> None:
        self._taking.forget()
        if self._journal is not None:
            self._journal.forget()
            if self._journal.spoiled:
                self._roll()
        for job in puts:
            job.done.set_exception(error)

    def _tell_once(self, error: OSError | sqlite3.Error) -> None:
        """Tell of a disk that refuses, until it takes something; that it is full is told by who watches it."""
        if isinstance(error, OSError):
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        else:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        told = f"the disk of the archive {self._layout.folder} refuses ({error}); the spools keep the data"
        if not full and told != self._told:
            self._told = told
            self._on_trouble(told)

    def _count(self, answers: Sequence[PutAnswer]) -> None:
        figures = self.figures
        figures.puts += len(answers)
        for answer in answers:
            figures.rows += answer.stored
            figures.duplicates += answer.known
            figures.skipped += answer.skipped
            figures.refused += len(answer.refused)
        figures.journal_bytes = self._older_bytes + (0 if self._journal is None else self._journal.size)

    def _add_gaps(self, gaps: Sequence[Gap]) -> None:
        """Record gaps, and an end of those that the old process of an agent left open, which its new one ends.

        They come in any order: after an outage the newest come first.
        """
        devices = {gap.device for gap in gaps if gap.cause in _STARTS or gap.cause is GapCause.LINK_LOST}
        with self._catalogue.transaction():
            self._catalogue.add_gaps(gaps)
            starts = self._catalogue.gaps_of(devices, _STARTS) if devices else []
            for lost in self._catalogue.gaps_of(devices, [GapCause.LINK_LOST], lasting=True) if starts else ():
                ends = [gap.end for gap in starts if gap.device == lost.device and gap.end and gap.end > lost.start]
                if ends:
                    self._catalogue.add_gaps([replace(lost, end=min(ends))])

    def _writer(self) -> JournalWriter:
        if self._journal is None:
            self._number += 1  # also when it fails: nobody knows what a failing disk left under this name
            self._journal = JournalWriter(self._layout.journal(self._number))
            sync_folder(self._layout.journals)
            self._began = time.monotonic()
        return self._journal

    def _due(self, jobs: Sequence[_Job]) -> bool:
        if self._journal is None or not self._journal.used:
            return False
        old = time.monotonic() - self._began >= self._options.seal_s
        return old or self._journal.size >= self._options.seal_bytes or any(job.roll for job in jobs)

    def _roll(self) -> None:
        if self._journal is not None:
            journal, self._journal = self._journal, None
            with suppress(OSError):  # all that counts was synced
                journal.close()
            self._upkeep.seal(self._number)
            self._measure()

    def _measure(self) -> None:
        """Take note of the size of the journal, in whichever thread it changed."""
        writing = self._journal
        sizes: dict[int, int] = {}
        with suppress(OSError, sqlite3.Error):  # what is not known now is known after the next sealing
            for number in self._layout.journal_numbers():
                with suppress(FileNotFoundError):  # it was sealed meanwhile
                    sizes[number] = self._layout.journal(number).stat().st_size
            sealed = self._catalogue.sealed
            self.figures.kept_bytes = sum(size for number, size in sizes.items() if number <= sealed)
        present = 0 if writing is None else writing.size
        self._older_bytes = max(0, sum(sizes.values()) - present)
        self.figures.journal_bytes = self._older_bytes + present
