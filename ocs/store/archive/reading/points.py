"""The points of one series over a long span: of the coarsest roll-ups that will do, the rest of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ocs.model.datatype import BOUNDS, DataType
from ocs.store.archive.blocks.rollups import LEVELS
from ocs.store.archive.catalogue.catalogue import Rollup
from ocs.store.archive.reading.decimation import Decimation, Grid
from ocs.store.archive.reading.holdings import BadBlockError, Holding, Holdings, Source
from ocs.store.archive.reading.selection import Selection
from ocs.store.archive.reading.unsealed import VanishedError

_EVER = BOUNDS[DataType.INT64]


@dataclass(frozen=True, slots=True)
class PointReader:
    """Reads one series as points.

    Attributes:
        holdings: What the archive has.
        selection: What is asked of the series.
        start: Start of the span, ns since 1970 UTC.
        end: Its end, ns, no part of it.
        max_points: So many buckets at most.
        on_progress: Told how much of it is done, 0 to 1.
    """

    holdings: Holdings
    selection: Selection
    start: int
    end: int
    max_points: int
    on_progress: Callable[[float], object]

    def read(self) -> pa.Table | None:
        """Return the points, None where the rows themselves are not more."""
        while True:
            holding = self.holdings.of(self.selection, self.start, self.end - 1)
            try:
                if not holding.orphans and not self._too_many(holding.sources):
                    return None
                return self._points(holding)
            except (VanishedError, BadBlockError) as error:
                self.holdings.settle(self.selection, error, self.start)

    def _too_many(self, sources: Sequence[Source]) -> bool:
        """Whether there are more rows in the span than points; only what lies across an end is looked at."""
        rows, across = 0, []
        for source in sources:
            if self.start <= source.first and source.last < self.end:
                rows += source.rows.rows
            else:
                across.append(source)
        for source in across:
            if rows <= self.max_points:
                rows += sum(table.num_rows for table in source.tables(self.start, self.end - 1, ()))
        return rows > self.max_points

    def _points(self, holding: Holding) -> pa.Table:
        points = _Points(holding, Grid.over(self.start, self.end, self.max_points))
        steps = len(holding.sources) + len(holding.orphans)
        for done, source in enumerate(holding.sources):
            points.add_source(source)
            self.on_progress((done + 1) / steps)
        for levels in holding.orphans:
            points.add_orphan(levels)
        return points.decimation.table()


class _Points:
    """The points of what an archive has.

    Args:
        holding: What it has.
        grid: The buckets.
    """

    def __init__(self, holding: Holding, grid: Grid) -> None:
        self.decimation = Decimation(grid, holding.selection.schema)
        self._holding = holding
        self._grid = grid
        self._numeric = holding.selection.numeric
        self._others = [name for name in holding.selection.schema.names[1:] if name not in self._numeric]

    def add_source(self, source: Source) -> None:
        """Take rows, the numbers of a block by its roll-up where that will do."""
        first, last = self._grid.start, self._grid.end - 1
        levels = self._holding.rollups_of(source)
        level = next((name for name in self._grid.levels if name in levels), None)
        low, high = self._grid.whole(level) if level is not None else (0, 0)
        low = _EVER[0] if source.first >= first else low
        high = _EVER[1] if source.last <= last else high
        table = None if level is None or low >= high else self._holding.read_rollup(levels[level], low, high - 1)
        if table is None or not self._numeric:
            self._add_rows(source, first, last)
            return
        self.decimation.add_rollup(table)
        if low > first:
            self._add_rows(source, first, low - 1, self._numeric)
        if high <= last:
            self._add_rows(source, high, last, self._numeric)
        if self._others or source.has_quality():
            self._add_rows(source, first, last, self._others)

    def add_orphan(self, levels: Mapping[str, Rollup]) -> None:
        """Take the roll-ups of a block that is gone: the coarsest that will do, or else the finest there is."""
        level = next((name for name in self._grid.levels if name in levels), None)
        level = level or next(name for name in LEVELS if name in levels)
        table = self._holding.read_rollup(levels[level], self._grid.start, self._grid.end - 1)
        if table is not None:
            self.decimation.add_rollup(table)

    def _add_rows(self, source: Source, first: int, last: int, fields: Sequence[str] | None = None) -> None:
        for table in source.tables(first, last, fields):
            self.decimation.add_rows(table, fields)
