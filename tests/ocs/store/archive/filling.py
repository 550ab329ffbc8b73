"""An archive that tests fill by puts, as agents do, and read meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ocs.model.archive_policy import Keeping
from ocs.model.datatype import DataType
from ocs.model.gap import Gap
from ocs.model.series import Batch, Fields, FieldType, SeriesKey
from ocs.store.archive.archive import Archive, ArchiveOptions
from ocs.store.archive.layout import Layout
from ocs.store.archive.reading.reading import ArchiveReader
from ocs.wire.archive import encode_batch

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = 20_000 * DAY
"""A midnight."""

THERMO = SeriesKey("thermo-1", "temperatures", "temperatures")
X = {"x": FieldType(DataType.FLOAT64, unit="K")}
DEADLINE_S = 30.0


class Filled:
    """An archive, as a context.

    Args:
        folder: Where it is.
    """

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.troubles: list[str] = []
        self.now_s = (START + 2 * DAY) / SECOND
        options = ArchiveOptions(seal_s=10_000.0, seal_bytes=10**12)
        self.archive = Archive(folder, now=lambda: self.now_s, on_trouble=self.troubles.append, options=options)
        self._next: dict[tuple[SeriesKey, int], int] = defaultdict(lambda: 1)

    def __enter__(self) -> Self:
        self.archive.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.archive.close()

    def put(
        self,
        times: Sequence[int],
        columns: Mapping[str, Any] | None = None,
        fields: Fields = X,
        series: SeriesKey = THERMO,
        quality: Mapping[str, Sequence[int]] | None = None,
        epoch: int = 1,
    ) -> None:
        """Put rows at times in ns after START; `x` is the time in s where no columns are given."""
        stamps = START + np.array(times, np.int64)
        told = {"x": np.array(times, np.float64) / SECOND} if columns is None else columns
        qualities = {name: np.array(numbers, np.uint8) for name, numbers in (quality or {}).items()}
        first = self._next[series, epoch]
        self._next[series, epoch] += len(stamps)
        batch = Batch(series, epoch, first, stamps, fields, told, qualities)
        answer = self.archive.put([encode_batch(batch)]).result(DEADLINE_S)
        assert answer == {"stored": len(stamps), "known": 0, "skipped": 0, "refused": []}

    def gap(self, gap: Gap) -> None:
        """Record a gap."""
        self.archive.record_gap(gap).result(DEADLINE_S)

    def seal(self) -> None:
        """Make blocks of the journal."""
        assert self.archive.seal()

    def expire(self, days: float) -> None:
        """Delete the rows that are older; roll-ups stay."""
        self.archive.retain(lambda _series, _fields: Keeping(days, None))

    def reader(self) -> ArchiveReader:
        """Open the archive for reading."""
        return ArchiveReader(self.layout.folder, now=lambda: int(self.now_s * SECOND))

    def blocks(self) -> list[Path]:
        """Return the files of rows."""
        return sorted((self.layout.folder / "blocks").rglob("*.parquet"))

    def rollups(self) -> list[Path]:
        """Return the files of roll-ups."""
        return sorted((self.layout.folder / "rollups").rglob("*.parquet"))


def feed_of(device: str) -> SeriesKey:
    """Return the series of the feed `feed` of a device."""
    return SeriesKey(device, "feed", "feed")


def ticks(count: int, step_ns: int = SECOND, first: int = 0) -> list[int]:
    """Return times in ns after START, one each step."""
    return [first + number * step_ns for number in range(count)]


def at(seconds: float) -> int:
    """Return the instant so many seconds after START, in ns."""
    return START + round(seconds * SECOND)
