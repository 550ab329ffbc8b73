"""The files that a spool writes, a chain for each priority: begun, synced, emptied, deleted, and promised in the mark.

The mark is written after what it promises, and before what it promised is taken away: whenever the process dies, no
more is promised than is there.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ocs.store.durability import sync_folder
from ocs.store.framed_log import FramedLog
from ocs.store.spool.contents import Contents
from ocs.store.spool.files import found_segments, segment_path
from ocs.store.spool.limits import NS, Entry, Opening, SpoolLimits, Ticket
from ocs.store.spool.mark import End, Ends, Mark, Span
from ocs.store.spool.segment import Segment

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the disk says when it is full."""

SYNC_S = 1.0
ROTATIONS = 10
"""A file is written for a tenth of the time that entries may wait: files are dropped whole when they are too old."""


class Chains:
    """The newest file of each priority, and those that are not on the disk for sure; for one thread at a time.

    Args:
        folder: Where they are.
        limits: How large and how old they may be.
        contents: What the spool has; kept up to date.
        untold: Returns between which times rows were given up that no gap tells yet.
    """

    def __init__(
        self, folder: Path, limits: SpoolLimits, contents: Contents, untold: Callable[[], Span | None]
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._contents = contents
        self._untold = untold
        self._mark = Mark(folder / "last_commit")
        self._current: dict[int, Segment] = {}
        self._unsynced: dict[int, Segment] = {}
        self._next = 1
        self._synced = 0.0
        self._sync_tried = 0.0
        self._closed = False

    # -- life ------------------------------------------------------------------------------------

    def open(self, now: float) -> Opening:
        """Find what an earlier process has left; its newest files are gone on with.

        Raises:
            OSError: The folder cannot be used.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        marked = self._mark.open()
        segments, damaged = found_segments(self._folder, marked)
        for segment in segments:
            self._contents.add(segment)
            self._current[segment.priority] = segment
        for segment in self._current.values():
            with suppress(OSError):  # then it is only read, and a new one is begun
                segment.log = FramedLog(segment.path, keep=segment.size)
        for segment in [] if marked.orderly else segments:
            with suppress(OSError):  # who was killed had not synced all of it
                segment.sync()
        last_commit = marked.last or max((segment.newest for segment in segments), default=0) or None
        if last_commit is None:  # whoever is killed before the first commit misses what came from here on
            opened = int(now * NS)
            self._mark.stamp(opened, opened, self._ends, None)
        self._next = max((segment.number for segment in segments), default=0) + 1
        return Opening(last_commit, marked.orderly, damaged, self._contents.left_rows, marked.untold)

    def close(self, now: float) -> Iterator[str]:
        """End in good order; yield what goes wrong."""
        for segment in self._newest:
            if segment.done:
                self.retire(segment)
        yield from self.sync(now)
        self.stamp(now, orderly=True)
        self._mark.close()
        self._closed = True  # what it has promised stays from here on, and is sent once more by the next process
        for segment in self._newest:
            self.retire(segment)

    # -- putting in ------------------------------------------------------------------------------

    def write(self, priority: int, entries: Sequence[Entry], now: float) -> list[Ticket]:
        """Append entries to the newest file of a priority.

        Raises:
            OSError: The disk refuses; all is as it was.
        """
        segment = self._segment(priority, now)
        try:
            segment.write(entries, int(now * NS))
        except OSError as error:
            if error.errno not in FULL:
                self.retire(segment)
            raise
        self._unsynced[segment.number] = segment
        return self._contents.added(segment, entries, int(now * NS))

    def _segment(self, priority: int, now: float) -> Segment:
        current = self._current.get(priority)
        if current is not None:
            age_s = now - current.begun / NS if current.begun else 0.0
            if current.log and current.size < self._limits.segment_bytes and age_s < self._limits.max_age_s / ROTATIONS:
                return current
            self.retire(current)
        path = segment_path(self._folder, priority, self._next)
        segment = Segment(path, self._next, priority, FramedLog(path))
        self._next += 1
        self._contents.add(segment)
        self._current[priority] = segment
        return segment

    def stamp(self, upto: float, *, orderly: bool = False) -> None:
        """Have the next process know that all up to a time is here, and when `orderly` that nothing more is to come."""
        self._mark.stamp(int(upto * NS), int(self._synced * NS), self._ends, self._untold(), orderly=orderly)

    def sync_due(self, now: float) -> bool:
        """Whether what was written ought to be on the disk by now."""
        return abs(now - self._sync_tried) >= SYNC_S

    def sync(self, now: float) -> Iterator[str]:
        """Have all that was written on the disk; yield what is not, as a sentence, and is tried again next time."""
        self._sync_tried = now
        if self._unsynced:
            sync_folder(self._folder)
        for segment in list(self._unsynced.values()):
            try:
                segment.sync()
            except OSError as error:
                yield f"{segment.path} would not outlive a loss of power: {error.strerror or error}"
                continue
            del self._unsynced[segment.number]
            if self._current.get(segment.priority) is not segment:
                segment.close()
        if not self._unsynced:
            self._synced = now

    # -- taking away -----------------------------------------------------------------------------

    def retire(self, segment: Segment) -> None:
        """Write no more into a file; it is closed when it is synced, and deleted when all has arrived."""
        if self._current.get(segment.priority) is segment:
            del self._current[segment.priority]
        if segment.done:
            self.forget(segment)
        elif segment.number not in self._unsynced:
            segment.close()

    def tidy(self) -> None:
        """Delete files of which all has arrived, and empty those that are being written."""
        for segment in [] if self._closed else self._contents.take_done():
            if self._current.get(segment.priority) is not segment:
                self.forget(segment)
                continue
            self._mark.tell({**self._ends, segment.priority: End()}, self._untold())
            try:
                segment.clear()
            except OSError:
                self.retire(segment)
                continue
            self._unsynced.pop(segment.number, None)
            self._contents.cleared(segment)

    def forget(self, segment: Segment) -> None:
        """Delete a file; what of it is on its way does not matter any more."""
        self._contents.remove(segment)
        self._unsynced.pop(segment.number, None)
        if not segment.done or self._mark.names(segment.number):
            self._mark.tell(self._ends, self._untold())
        segment.close()
        if not self._closed:
            with suppress(OSError):
                segment.path.unlink(missing_ok=True)

    @property
    def _newest(self) -> list[Segment]:
        return list(self._current.values())

    @property
    def _ends(self) -> Ends:
        return {priority: segment.end for priority, segment in self._current.items()}
