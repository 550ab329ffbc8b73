"""What feeds and channels give to the archive: rows by series, numbered, and committed to the spool in groups.

A row is handed over in the thread that has it, which costs it no disk; a thread of the recorder's own writes what
came since its last commit. A row counts as taken when that commit has returned.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgpack
import numpy as np

from ocs.agent.data.row_columns import NO_QUALITY, Columns, Kinds, Rows, chunk_bytes, nanoseconds, values_bytes
from ocs.model.errors import TooLargeError
from ocs.model.feed import FURTHEST_S
from ocs.model.gap import Gap, GapCause
from ocs.model.quality import Quality
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.spool.losses import gap_entry
from ocs.store.spool.spool import Entry, Spool
from ocs.wire.archive import encode_batch

COMMIT_S = 0.2
"""A row waits at most so long, in s, for its commit."""

QUIET_S = 1.0
"""A spool that gets nothing takes note each second that nothing is missing, so that gaps are told exactly."""

BATCH_BYTES = 400_000
"""A batch has nearly so many bytes at most (spikes page, 7); when as many wait, they are committed at once."""

LARGEST_ENTRY_BYTES = 2 * BATCH_BYTES
"""A batch that has more when it is encoded is halved, down to one row."""

LARGEST_ROW_BYTES = 15_000_000
"""The router takes no message of more than 16 MiB: a larger row would never arrive, nor what waits behind it."""

MOST_TRIED = 100
"""So many rows of a series are found bad one by one in a commit; then the rest of a group with a bad one is lost."""

LONGEST_QUEUE_BYTES = 64_000_000
"""What may wait for a disk that stands still; what comes beyond is lost, with a gap record."""

FEED_PRIORITY, BULK_PRIORITY = 1, 2
"""What is kept longer when the spool is full, and what goes first; gap records have 0."""

SLOW_DISK = f"the disk did not keep up with {LONGEST_QUEUE_BYTES / 1e6:g} MB of waiting rows"

NS = 1_000_000_000

Types = Callable[[], Mapping[str, FieldType]]


class SeriesRecorder:
    """One series: where its rows wait for the next commit, and how they are numbered.

    Args:
        key: The series.
        types: Returns the types of those fields that are declared; others are taken from the values.
        priority: Of its data when the spool is full.
        recorder: The agent's.
        unit: Returns the unit of a field of which the type is not declared.
    """

    def __init__(
        self, key: SeriesKey, types: Types, priority: int, recorder: Recorder, unit: Callable[[str], str]
    ) -> None:
        self.key = key
        self.priority = priority
        self._kinds = Kinds(types, unit)
        self._recorder = recorder
        self._lock = threading.Lock()
        self._waiting: list[Rows | Columns] = []
        self._next = 1
        self._lost: Gap | None = None

    def add(
        self, time: float, names: Sequence[str], values: Sequence[Any], quality: Mapping[str, Quality] = NO_QUALITY
    ) -> None:
        """Take one row, from any thread.

        Args:
            time: The instant, POSIX s.
            names: The fields.
            values: Their values, None for none.
            quality: Of those that are not VALID.
        """
        size = 8 + values_bytes(values)
        if not self._recorder.has_room(size):
            self._lose([time], SLOW_DISK)
            return
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            if not isinstance(last, Rows) or last.names != names:
                last = Rows(tuple(names))
                self._waiting.append(last)
            last.add(time, values, quality)
        self._recorder.came(self, size)

    def add_columns(self, times: Any, columns: Mapping[str, Any]) -> None:
        """Take a column for each field, from any thread; the arrays must not change any more.

        Args:
            times: The instants, POSIX s, shape (n,).
            columns: Arrays, or lists, of n values.
        """
        if not len(times):
            return
        taken = Columns(np.asarray(times, dtype=np.float64), columns)
        if not self._recorder.has_room(taken.nbytes):
            self._lose(taken.times, SLOW_DISK)
            return
        with self._lock:
            self._waiting.append(taken)
        self._recorder.came(self, taken.nbytes)

    def take(self) -> list[Entry]:
        """Return what waits as entries of numbered batches, for the thread that commits.

        Rows that cannot be kept, whatever their values are, are lost with a gap and have no numbers.
        """
        with self._lock:
            waiting, self._waiting = self._waiting, []
        left = deque[Rows | Columns](waiting)
        entries: list[Entry] = []
        bad = 0
        while left:
            group = left.popleft()
            try:
                entries += self._entries(group)
            except Exception as error:  # noqa: BLE001 - whatever the values are, the other rows are kept
                halves = group.halves() if bad < MOST_TRIED else ()
                left.extendleft(reversed(halves))
                if not halves:
                    bad += 1
                    self._lose(group.times, f"{type(error).__name__}: {error}")
        return entries

    def _entries(self, group: Rows | Columns) -> list[Entry]:
        entries: list[Entry] = []
        seq = self._next
        for chunk in group.chunks(self._kinds):
            rows = max(1, BATCH_BYTES // max(1, chunk_bytes(chunk) // len(chunk.times)))
            epoch = self._recorder.epoch
            whole = Batch(self.key, epoch, seq, chunk.times, chunk.fields, chunk.columns, chunk.quality)
            for first in range(seq, whole.last + 1, rows):
                entries += self._encoded(whole.part(first, min(first + rows - 1, whole.last)))
            seq += len(whole)
        self._next = seq
        return entries

    def _encoded(self, batch: Batch) -> list[Entry]:
        body = msgpack.packb(encode_batch(batch))
        if len(body) > LARGEST_ENTRY_BYTES and len(batch) > 1:
            middle = batch.seq + len(batch) // 2
            return [
                *self._encoded(batch.part(batch.seq, middle - 1)),
                *self._encoded(batch.part(middle, batch.last)),
            ]
        if len(body) > LARGEST_ROW_BYTES:
            raise TooLargeError(
                f"a row of {len(body) / 1e6:.0f} MB; {LARGEST_ROW_BYTES / 1e6:g} MB can be sent to the archive"
            )
        first, last = int(batch.times.min()), int(batch.times.max())
        return [Entry(batch.series, batch.epoch, batch.seq, len(batch), first, last, self.priority, body)]

    def take_lost(self) -> Gap | None:
        """Return the gap of rows that were lost since the last call, None without any."""
        with self._lock:
            lost, self._lost = self._lost, None
        return lost

    def _lose(self, times: Sequence[float] | Any, why: str) -> None:
        key = self.key
        first, last = self._recorder.span_of(times)
        with self._lock:
            lost = self._lost or Gap(key.device, first, last, GapCause.MISSED, key.feed, key.block, detail=why)
            rows = lost.rows + len(times)
            self._lost = replace(lost, start=min(lost.start, first), end=max(lost.end or last, last), rows=rows)
        self._recorder.lose(self, len(times), why)


class Recorder:
    """All series of one agent, and the thread that commits them.

    Args:
        spool: Where they go.
        epoch: Start of the agent's process, ns.
        on_trouble: Told in one sentence when rows could not be kept.
        committed: Called in the recorder's thread after each commit.

    Attributes:
        lost_rows: Rows that never came into the spool.
        loss: Why the last of them did not; empty as long as all did.
    """

    def __init__(
        self, spool: Spool, epoch: int, on_trouble: Callable[[str], None], committed: Callable[[], None]
    ) -> None:
        self.epoch = epoch
        self.lost_rows = 0
        self.loss = ""
        self._spool = spool
        self._on_trouble = on_trouble
        self._committed = committed
        self._lock = threading.Lock()
        self._committing = threading.Lock()
        self._series: dict[SeriesKey, SeriesRecorder] = {}
        self._ready: dict[SeriesRecorder, None] = {}
        self._gaps: list[Gap] = []
        self._bytes = 0
        self._work = threading.Event()
        self._full = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def series(
        self,
        key: SeriesKey,
        types: Types,
        priority: int = FEED_PRIORITY,
        unit: Callable[[str], str] = lambda _name: "",
    ) -> SeriesRecorder:
        """Return where the rows of a series go; the same object for the same series."""
        with self._lock:
            return self._series.setdefault(key, SeriesRecorder(key, types, priority, self, unit))

    def gap(self, gap: Gap) -> None:
        """Have a gap archived, from any thread."""
        with self._lock:
            self._gaps.append(gap)
        self._work.set()

    def has_room(self, size: int) -> bool:
        """Whether so many bytes may still wait."""
        return self._bytes + size <= LONGEST_QUEUE_BYTES

    def came(self, series: SeriesRecorder, size: int) -> None:
        """Take note that rows of a series wait."""
        with self._lock:
            self._bytes += size
            self._ready[series] = None
        if not self._work.is_set():
            self._work.set()
        if self._bytes >= BATCH_BYTES and not self._full.is_set():
            self._full.set()

    def lose(self, series: SeriesRecorder, rows: int, why: str) -> None:
        """Count rows that were lost; the next commit tells their gap."""
        with self._lock:
            self.lost_rows += rows
            self.loss = why
            first = self.lost_rows == rows
            self._ready[series] = None
        self._work.set()
        if first:
            self._on_trouble(f"rows are lost for the archive ({why}); `ocs gaps` tells which")

    def span_of(self, times: Sequence[float] | Any) -> tuple[int, int]:
        """Return the first and the last of some instants (POSIX s) in ns; now, where they are none."""
        stamps = np.asarray(times, dtype=np.float64)
        known = stamps[np.abs(stamps) < FURTHEST_S]
        first, last = nanoseconds(np.array([known.min(), known.max()] if len(known) else 2 * [self._spool.now()]))
        return int(first), int(last)

    def commit(self) -> None:
        """Commit what waits, now; rows count as taken when this returns."""
        with self._committing:
            upto = self._spool.now()  # what comes from here on may be of the next commit
            with self._lock:
                ready, self._ready = self._ready, {}
                gaps, self._gaps = self._gaps, []
                self._bytes = 0
            entries = []
            for series in ready:
                entries += series.take()
                lost = series.take_lost()
                gaps += [] if lost is None else [lost]
            entries += map(gap_entry, gaps)
            if entries:
                self._spool.commit(entries, upto=upto)
        if entries:
            self._committed()

    def close(self) -> None:
        """Commit what waits, and end: nothing more is to come."""
        self._closing = True
        self._full.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)
        upto = self._spool.now()
        self.commit()
        self._spool.settle(upto)

    def _serve(self) -> None:
        while not self._closing:
            try:
                if self._work.wait(QUIET_S):
                    self._full.wait(COMMIT_S)
                    self._work.clear()
                    self._full.clear()
                    self.commit()
                else:
                    self._rest()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: whatever it is, recording goes on
                self._on_trouble(f"rows could not be put into the spool: {type(error).__name__}: {error}")

    def _rest(self) -> None:
        upto = self._spool.now()
        if not self._work.is_set():  # what came since is of the next commit
            self._spool.nothing_new(upto)
