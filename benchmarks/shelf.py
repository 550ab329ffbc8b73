"""An archive to read from: a window's series and a week's, and bare programs that read the same block files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import ocs.store
from benchmarks.programs.noise import BANK_ROWS, NAMES, block
from ocs.model.datatype import DataType
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.archive.archive import Archive, ArchiveOptions
from ocs.wire.archive import encode_batch

NS = 1_000_000_000
DEVICE = "shelf-1"
WINDOW_ROWS, WINDOW_HZ, WINDOW_S = 200_000, 200, 50
WEEK_S, WEEK_HZ = 7 * 86_400, 10
WEEK_POINTS = 1000
BLOCK_S = 300
"""The archiver makes blocks so often; of the week only each 6 h, as building it takes long enough."""

WEEK_BLOCK_S = 6 * 3600
_FIELDS = {name: FieldType(DataType.FLOAT64, unit="V") for name in NAMES}


@dataclass(frozen=True)
class Shelf:
    """An archive with both series.

    Attributes:
        folder: The archive's folder.
        window: Start of the first series, ns.
        week: Start of the second, ns.
    """

    folder: Path
    window: int
    week: int

    def window_at(self, number: int) -> tuple[int, int]:
        """Return start and end, in ns, of one of many windows of 50 s."""
        latest = WINDOW_ROWS // WINDOW_HZ - WINDOW_S
        start = self.window + number * 137 % latest * NS
        return start, start + WINDOW_S * NS

    @property
    def span(self) -> tuple[int, int]:
        """Start and end of the week, ns."""
        return self.week, self.week + WEEK_S * NS


def build_shelf(folder: Path) -> Shelf:
    """Write the archive: 10 x 200 000 samples, sealed each 5 min, and a week of 10 x 6 048 000, merged by day."""
    troubles: list[str] = []
    options = ArchiveOptions(seal_s=1e9, seal_bytes=10**12)
    archive = Archive(folder, now=time.time, on_trouble=troubles.append, options=options)
    archive.open()
    now = int(time.time()) * NS
    window = now - WINDOW_ROWS // WINDOW_HZ * NS
    week = now - (WEEK_S + 86_400) * NS
    for batch in _batches("window", window, WINDOW_ROWS, WINDOW_HZ, BLOCK_S):
        archive.put([encode_batch(batch)]).result()
        archive.seal()
    for batch in _batches("week", week, WEEK_S * WEEK_HZ, WEEK_HZ, WEEK_BLOCK_S):
        archive.put([encode_batch(batch)]).result()
        archive.seal()
    archive.compact()
    archive.close()
    if troubles:
        raise RuntimeError(f"the archive could not be built: {troubles}")
    return Shelf(folder, window, week)


def _batches(feed: str, start: int, rows: int, rate: int, block_s: int) -> Iterator[Batch]:
    each = rate * block_s
    for first in range(0, rows, each):
        count = min(each, rows - first)
        times = start + np.arange(first, first + count) * (NS // rate)
        yield Batch(SeriesKey(DEVICE, feed, feed), 1, first + 1, times, _FIELDS, _columns(first, count))


def _columns(first: int, count: int) -> dict[str, Any]:
    parts = [block(0, BANK_ROWS) for _ in range(2 + count // BANK_ROWS)]
    begin = first % BANK_ROWS
    return {name: np.concatenate([part[name] for part in parts])[begin : begin + count] for name in NAMES}


def block_files(folder: Path, feed: str) -> list[Path]:
    """Return the files of a series, the oldest first."""
    return sorted((folder / "blocks" / DEVICE).glob(f"{feed}/**/*.parquet"))


def read_window(files: list[Path], name: str, start: int, end: int) -> pa.Table:
    """Read a window of one field as a bare program does."""
    filters = [("time", ">=", _stamp(start)), ("time", "<", _stamp(end))]
    return pq.read_table(files, columns=["time", name], filters=filters)


def reduce_week(files: list[Path], start: int, end: int) -> dict[str, Any]:
    """Reduce a week to points as a bare program does: all rows are read, a file at a time."""
    told: dict[str, list[Any]] = {name: [] for name in NAMES}
    width = (end - start) // WEEK_POINTS
    for path in files:
        table = pq.read_table(path, columns=["time", *NAMES])
        buckets = (table["time"].cast(pa.int64()).to_numpy() - start) // width
        cuts = np.concatenate([[0], np.flatnonzero(np.diff(buckets)) + 1])
        counts = np.diff([*cuts, len(buckets)])
        for name in NAMES:
            column = table[name].to_numpy()
            lowest, highest = np.minimum.reduceat(column, cuts), np.maximum.reduceat(column, cuts)
            told[name].append(np.array([lowest, highest, np.add.reduceat(column, cuts) / counts]))
    return {name: np.concatenate(parts, axis=1) for name, parts in told.items()}


def _stamp(ns: int) -> pa.Scalar:
    return pa.scalar(ns, pa.timestamp("ns", "UTC"))


def rows_of(folder: Path, device: str) -> dict[str, int]:
    """Return how many rows the archive has of each feed of a device."""
    with ocs.store.open(folder) as reader:
        return {info.key.feed: info.rows for info in reader.series(device)}
