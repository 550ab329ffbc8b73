"""What feeds and channels give to the archive: rows by series, numbered, and committed to the spool in groups.

A row is handed over in the thread that has it, which costs it no disk; a thread of the recorder's own writes what
came since its last commit. A row counts as taken when that commit has returned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

from ocs.agent.data.row_columns import NO_QUALITY, Chunk, Columns, Kinds, Rows, chunk_bytes
from ocs.model.gap import Gap, GapCause
from ocs.model.quality import Quality
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.spool.spool import Entry, Spool
from ocs.wire.archive import encode_batch, encode_gap

COMMIT_S = 0.2
"""A row waits at most so long, in s, for its commit."""

QUIET_S = 1.0
"""A spool that gets nothing takes note each second that nothing is missing, so that gaps are told exactly."""

BATCH_BYTES = 400_000
"""A batch has at most so many bytes (spikes page, 7); when as many wait, they are committed at once."""

LONGEST_QUEUE_BYTES = 64_000_000
"""What may wait for a disk that stands still; what comes beyond is lost, with a gap record."""

GAP_PRIORITY, FEED_PRIORITY, BULK_PRIORITY = 0, 1, 2
"""What is kept longest when the spool is full, and what goes first."""

SLOW_DISK = f"the disk did not keep up with {LONGEST_QUEUE_BYTES / 1e6:g} MB of waiting rows"

NS = 1_000_000_000

Types = Callable[[], Mapping[str, FieldType]]


@dataclass(frozen=True, slots=True)
class _Lost:
    """Rows that were lost between two instants, in POSIX s."""

    first: float
    last: float
    rows: int
    why: str


class SeriesRecorder:
    """One series: where its rows wait for the next commit, and how they are numbered.

    Args:
        key: The series.
        types: Returns the types of those fields that are declared; others are taken from the values.
        priority: Of its data when the spool is full.
        recorder: The agent's.
    """

    def __init__(self, key: SeriesKey, types: Types, priority: int, recorder: Recorder) -> None:
        self.key = key
        self.priority = priority
        self._kinds = Kinds(types)
        self._recorder = recorder
        self._lock = threading.Lock()
        self._waiting: list[Rows | Columns] = []
        self._next = 1
        self._lost: _Lost | None = None

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
        size = 8 * (len(values) + 1)
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
        """Return what waits as entries of numbered batches, for the thread that commits."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        entries: list[Entry] = []
        for group in waiting:
            try:
                chunks = list(group.chunks(self._kinds))
            except Exception as error:  # noqa: BLE001 - whatever the values are, the other rows are kept
                self._lose(group.times, f"{type(error).__name__}: {error}")
                continue
            for chunk in chunks:
                entries += [entry for batch in self._numbered(chunk) if (entry := self._entry(batch)) is not None]
        return entries

    def _entry(self, batch: Batch) -> Entry | None:
        try:
            body = msgpack.packb(encode_batch(batch))
        except Exception as error:  # noqa: BLE001 - whatever the values are, the other rows are kept
            self._lose((batch.times / NS).tolist(), f"{type(error).__name__}: {error}")
            return None
        first, last = int(batch.times[0]), int(batch.times[-1])
        return Entry(batch.series, batch.epoch, batch.seq, len(batch), first, last, self.priority, body)

    def take_lost(self) -> Gap | None:
        """Return the gap of rows that were lost since the last call, None without any."""
        with self._lock:
            lost, self._lost = self._lost, None
        if lost is None:
            return None
        key = self.key
        return Gap(
            key.device, int(lost.first * NS), int(lost.last * NS), GapCause.MISSED, key.feed, key.block,
            rows=lost.rows, detail=lost.why,
        )  # fmt: skip

    def _numbered(self, chunk: Chunk) -> list[Batch]:
        rows = max(1, BATCH_BYTES // max(1, chunk_bytes(chunk) // len(chunk.times)))
        whole = Batch(
            self.key, self._recorder.epoch, self._next, chunk.times, chunk.fields, chunk.columns, chunk.quality
        )
        self._next += len(whole)
        if len(whole) <= rows:
            return [whole]
        firsts = range(whole.seq, whole.last + 1, rows)
        return [whole.part(first, min(first + rows - 1, whole.last)) for first in firsts]

    def _lose(self, times: Sequence[float], why: str) -> None:
        with self._lock:
            before = self._lost or _Lost(times[0], times[-1], 0, why)
            first, last = min(before.first, times[0]), max(before.last, times[-1])
            self._lost = _Lost(first, last, before.rows + len(times), before.why)
        self._recorder.lose(len(times), why)


class Recorder:
    """All series of one agent, and the thread that commits them.

    Args:
        spool: Where they go.
        epoch: Start of the agent's process, ns.
        on_trouble: Told in one sentence when rows could not be kept.
        committed: Called in the recorder's thread after each commit.
    """

    def __init__(
        self, spool: Spool, epoch: int, on_trouble: Callable[[str], None], committed: Callable[[], None]
    ) -> None:
        self.epoch = epoch
        self.lost_rows = 0
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

    def series(self, key: SeriesKey, types: Types, priority: int = FEED_PRIORITY) -> SeriesRecorder:
        """Return where the rows of a series go; the same object for the same series."""
        with self._lock:
            return self._series.setdefault(key, SeriesRecorder(key, types, priority, self))

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

    def lose(self, rows: int, why: str) -> None:
        """Count rows that were lost."""
        with self._lock:
            self.lost_rows += rows
            first = self.lost_rows == rows
        if first:
            self._on_trouble(f"rows are lost for the archive ({why}); `ocs gaps` tells which")

    def commit(self) -> None:
        """Commit what waits, now; rows count as taken when this returns."""
        with self._committing:
            upto = self._spool.now()  # what comes from here on may be of the next commit
            with self._lock:
                ready, self._ready = self._ready, {}
                gaps, self._gaps = self._gaps, []
                self._bytes = 0
            entries = [_entry_of_gap(gap) for gap in gaps]
            for series in ready:
                entries += series.take()
                lost = series.take_lost()
                entries += [] if lost is None else [_entry_of_gap(lost)]
            if entries:
                self._spool.commit(entries, upto=upto)
        if entries:
            self._committed()

    def close(self) -> None:
        """Commit what waits, and end."""
        self._closing = True
        self._full.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)
        self.commit()

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


def _entry_of_gap(gap: Gap) -> Entry:
    told = {"gap": encode_gap(gap)}
    return Entry(None, gap.epoch, 0, 0, gap.start, gap.end or gap.start, GAP_PRIORITY, msgpack.packb(told))
