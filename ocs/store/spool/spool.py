"""What an agent has recorded and the archiver has not: files on the agent's own disk, deleted when they have arrived.

Entries lie in segment files, one chain for each priority. A commit is one write to the end of the newest: safe
against the death of the process when it returns, against a loss of power a second later. Acknowledgements are not
written: what a new process finds is sent again, and the archive takes only what it has not.

`_files` is held by who changes files, which is the thread that commits, for as long as the disk takes. What is known of
them (`Contents`) has a lock of its own, for moments: taking and acknowledging never wait for a slow write.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ocs.model.gap import GapCause
from ocs.store.spool.chains import FULL, Chains
from ocs.store.spool.contents import Contents
from ocs.store.spool.files import make_reserve
from ocs.store.spool.limits import NS, Damage, Entry, Opening, SpoolLimits, Taken, Ticket
from ocs.store.spool.losses import Losses
from ocs.store.spool.segment import Segment

__all__ = ["Damage", "Entry", "Opening", "Spool", "SpoolLimits", "Taken", "Ticket"]

TELL_AGAIN_S = 3600.0
"""A trouble that goes on is told again after so long, in s."""

WARN_PART = 0.7


class Spool:
    """The spool of one agent. `commit` is called from one thread, all else from any.

    Args:
        folder: Its folder.
        limits: Its bounds.
        now: Returns POSIX s.
        on_trouble: Told in one sentence, from the thread that found the trouble.

    Attributes:
        now: Returns POSIX s.
        dropped_rows: Rows that were given up since the start.
        loss: What was given up last, in words; empty as long as nothing was.
    """

    def __init__(
        self, folder: Path, limits: SpoolLimits, *, now: Callable[[], float], on_trouble: Callable[[str], None]
    ) -> None:
        self.now = now
        self.dropped_rows = 0
        self.loss = ""
        self._reserve = folder / "reserve"
        self._limits = limits
        self._on_trouble = on_trouble
        self._told: dict[str, float] = {}
        self._warned = False
        self._losses = Losses()
        self._files = threading.Lock()
        self._contents = Contents(limits.live_bytes)
        self._chains = Chains(folder, limits, self._contents, lambda: self._losses.span)

    # -- life ------------------------------------------------------------------------------------

    def open(self) -> Opening:
        """Find what an earlier process has left; its newest files are gone on with.

        Raises:
            OSError: The folder cannot be used.
        """
        opening = self._chains.open(self.now())
        make_reserve(self._reserve, self._limits.reserve_bytes)
        for damage in opening.damaged:
            self._on_trouble(damage.sentence)
        return opening

    def settle(self, upto: float) -> None:
        """Take note that nothing more will come: from now on whoever is killed ended in good order.

        Args:
            upto: All that came before this time (POSIX s) is committed.
        """
        with self._files:
            self._put_gaps(upto)
            self._sync(upto)
            self._chains.stamp(upto, orderly=True)

    def close(self, upto: float | None = None) -> None:
        """End in good order: what has arrived is deleted, and the next start knows that nothing is missing.

        Args:
            upto: All that came before this time (POSIX s) is committed; by default now.
        """
        with self._files:
            now = self.now() if upto is None else upto
            self._put_gaps(now)
            self._chains.tidy()
            for trouble in self._chains.close(now):
                self._tell("sync", trouble, now)

    def nothing_new(self, upto: float) -> None:
        """Take note that all there was up to a time (POSIX s) is committed."""
        with self._files:
            self._drop_old(upto)
            self._put_gaps(upto)
            self._sync(upto)
            self._chains.stamp(upto)
            self._chains.tidy()

    # -- putting in ------------------------------------------------------------------------------

    def commit(self, entries: Sequence[Entry], *, upto: float | None = None) -> list[Ticket]:
        """Have entries kept; they outlive the process when this returns. Tickets come by priority.

        What does not fit on the disk even after older data were dropped is lost, counted, and told by a gap.

        Args:
            entries: The entries.
            upto: All that came before this time (POSIX s) is in them, or was committed before: after the death of
                the process what is missing begins here. By default now.
        """
        now = self.now() if upto is None else upto
        by_priority: dict[int, list[Entry]] = {}
        for entry in entries:
            by_priority.setdefault(entry.priority, []).append(entry)
        with self._files:
            self._drop_old(now)
            tickets = [
                ticket
                for priority in sorted(by_priority)
                for ticket in self._keep(priority, by_priority[priority], now)
            ]
            self._bound(now)
            self._put_gaps(now)
            if self._chains.sync_due(now):
                self._sync(now)
            self._chains.stamp(now)
            self._chains.tidy()
        return tickets

    def _keep(self, priority: int, entries: Sequence[Entry], now: float) -> list[Ticket]:
        while True:
            try:
                return self._chains.write(priority, entries, now)
            except MemoryError:
                self._lose(entries, OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), now)
                return []
            except OSError as error:
                if error.errno not in FULL or not self._make_room(priority, now):
                    self._lose(entries, error, now)
                    return []

    def _sync(self, now: float) -> None:
        make_reserve(self._reserve, self._limits.reserve_bytes)
        for trouble in self._chains.sync(now):
            self._tell("sync", trouble, now)

    # -- bounds ----------------------------------------------------------------------------------

    def _bound(self, now: float) -> None:
        size, most = self._contents.file_bytes, self._limits.max_bytes
        if size > WARN_PART * most and not self._warned:
            self._warned = True
            self._on_trouble(
                f"the spool has {size / 1e6:.0f} MB of the {most / 1e6:.0f} MB that it may have; "
                "then the oldest data go: see that the archiver runs"
            )
        self._warned = self._warned and size > WARN_PART * most / 2
        # Those of now: gap records of what goes may need room, but not for ever.
        for segment in self._least(0) if size > most else ():
            if self._contents.file_bytes > most and len(self._contents) > 1:
                self._drop(segment, GapCause.SPOOL_FULL, now)

    def _least(self, priority: int) -> list[Segment]:
        """Return the files with anything of `priority` or below, in the order in which they may go."""
        files = [each for each in self._contents.segments if each.priority >= priority and not each.done]
        return sorted(files, key=lambda segment: (-segment.priority, segment.number))

    def _make_room(self, priority: int, now: float) -> bool:
        """Give up the reserve, then the oldest of the lowest priority; False when nothing can go."""
        with suppress(OSError):
            self._reserve.unlink()
            return True
        least = self._least(max(priority, 1))  # what tells of losses is not dropped for what tells of later ones
        if not least:
            return False
        self._drop(least[0], GapCause.DISK_FULL, now)
        return True

    def _drop_old(self, now: float) -> None:
        limit = int((now - self._limits.max_age_s) * NS)
        for segment in self._contents.segments:
            if segment.lost:
                self._drop(segment, GapCause.SPOOL_DAMAGED, now)
            elif segment.priority and segment.newest < limit and not segment.done:
                self._drop(segment, GapCause.SPOOL_OLD, now)

    def _drop(self, segment: Segment, cause: GapCause, now: float) -> None:
        """Give a file up; its gaps are written before it goes, wherever the disk has room for them."""
        self._chains.retire(segment)
        rows = told = segment.left_rows
        for entry in segment.left():
            told -= entry.rows
            if entry.series is not None or segment.priority:  # a spool full of gap records gives them up too
                self._losses.add(entry, cause)
        if told:
            self._losses.add_unreadable(segment)
        self._put_gaps(now)
        self._chains.forget(segment)
        self._count_lost(rows, f"the spool dropped {rows} rows ({cause.value})", now)

    def _lose(self, entries: Sequence[Entry], error: OSError, now: float) -> None:
        why = "" if error.errno in FULL else error.strerror or str(error)
        for entry in entries:
            self._losses.add(entry, GapCause.DISK_FULL, why)
        rows = sum(entry.rows for entry in entries)
        self._count_lost(rows, f"{rows} rows could not be put into the spool: {error.strerror or error}", now)

    def _count_lost(self, rows: int, what: str, now: float) -> None:
        self.dropped_rows += rows
        if rows:
            self.loss = what
            self._tell("rows", f"{what}; `ocs gaps` tells which", now)

    def _put_gaps(self, now: float) -> None:
        entries = self._losses.entries()
        if entries:
            with suppress(OSError):
                self._chains.write(0, entries, now)
                self._losses.clear()

    def _tell(self, what: str, sentence: str, now: float) -> None:
        """Tell a trouble, and not again soon while it lasts."""
        if what not in self._told or abs(now - self._told[what]) >= TELL_AGAIN_S:
            self._told[what] = now
            self._on_trouble(sentence)

    # -- taking out ------------------------------------------------------------------------------

    def take(self, max_bytes: int) -> Taken | None:
        """Return entries to send, None when none wait.

        The newest come first, from memory; when older ones wait in files, every second call returns of those.
        """
        taken, unreadable = self._contents.take(max_bytes)
        for segment in unreadable:
            self._tell(
                segment.path.name,
                f"{segment.left_rows} rows in {segment.path} cannot be read; if it is damaged, a start sets it aside",
                self.now(),
            )
        return taken

    def acknowledge(self, tickets: Iterable[Ticket]) -> None:
        """Take note that entries have arrived; a file of which all have goes, at the next commit at the latest."""
        if self._contents.acknowledge(tickets) and self._files.acquire(blocking=False):
            try:
                self._chains.tidy()
            finally:
                self._files.release()

    def give_back(self, tickets: Iterable[Ticket]) -> None:
        """Take note that entries have not arrived; they will be taken again, from the files."""
        self._contents.give_back(tickets)

    @property
    def depth_rows(self) -> int:
        """Rows that have not arrived."""
        return self._contents.left_rows

    @property
    def depth_bytes(self) -> int:
        """Bytes of the entries that have not arrived."""
        return self._contents.left_bytes

    @property
    def filled(self) -> float:
        """What part of the bytes that it may have it has, 0 to 1."""
        return self._contents.file_bytes / self._limits.max_bytes

    @property
    def oldest_s(self) -> float:
        """Age of the oldest entry that has not arrived, in s; 0 when none waits."""
        since = self._contents.since
        return 0.0 if since is None else max(0.0, self.now() - since / NS)
