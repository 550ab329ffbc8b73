"""A long span as few points: of each bucket of time the mean, the extremes and the number of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ocs.model.quality import Quality
from ocs.model.series import QUALITIES
from ocs.store.archive.blocks.ordering import QUALITY, numbers_of
from ocs.store.archive.blocks.rollups import LEVELS
from ocs.store.archive.reading.widening import quality_words

FINENESS = 2
"""A bucket is made of at least so many buckets of a roll-up; of fewer, rounding to whole ones would cost points."""

_INVALID = QUALITIES.index(Quality.INVALID)

_Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """Buckets of equal length over a span of time.

    Attributes:
        start: Start of the span, ns since 1970 UTC.
        end: Its end, ns, no part of it.
        origin: Start of the first bucket, ns: the start of the span, or the last whole bucket of the roll-up before it.
        length: Of each bucket, ns.
        level: Name of the coarsest roll-up whose buckets lie in one bucket each; None if there is none.
    """

    start: int
    end: int
    origin: int
    length: int
    level: str | None

    @classmethod
    def over(cls, start: int, end: int, max_points: int) -> Grid:
        """Return a grid of at most `max_points` buckets."""
        shortest = (end - start) // max_points
        level = next((name for name, unit in reversed(LEVELS.items()) if unit * FINENESS <= shortest), None)
        unit = 1 if level is None else LEVELS[level]
        origin = start - start % unit
        length = max(1, -(-(end - origin) // (max_points * unit))) * unit
        return cls(start, end, origin, length, level)

    @property
    def count(self) -> int:
        """How many buckets there are."""
        return -(-(self.end - self.origin) // self.length)

    @property
    def levels(self) -> list[str]:
        """Names of the levels of roll-ups that will do, the coarsest first."""
        names = list(LEVELS)
        return [] if self.level is None else names[names.index(self.level) :: -1]

    def whole(self, level: str) -> tuple[int, int]:
        """Return the span in which the buckets of a roll-up lie wholly in the span of the grid; it may be empty."""
        unit = LEVELS[level]
        return -(-self.start // unit) * unit, self.end // unit * unit

    def stamps(self, buckets: _Array) -> _Array:
        """Return the starts of buckets, ns, of the first one the start of the span."""
        starts: _Array = np.maximum(self.origin + buckets * self.length, self.start)
        return starts


class _Numbers:
    """What is known of the values of one numeric field in each bucket."""

    def __init__(self, count: int) -> None:
        self.low = np.full(count, np.inf)
        self.high = np.full(count, -np.inf)
        self.total = np.zeros(count)
        self.number = np.zeros(count, dtype=np.int64)

    def add(self, cut: _Cut, parts: tuple[_Array, _Array, _Array, _Array], good: _Array) -> None:
        """Take values, or those of a roll-up: lowest, highest, sum, number; and which of them count."""
        low, high, total, number = parts
        at, into = cut.offsets, cut.buckets
        if not good.all():
            low, high = np.where(good, low, np.inf), np.where(good, high, -np.inf)
            total, number = np.where(good, total, 0.0), np.where(good, number, 0)
        self.low[into] = np.minimum(self.low[into], np.minimum.reduceat(low, at))
        self.high[into] = np.maximum(self.high[into], np.maximum.reduceat(high, at))
        with np.errstate(over="ignore", invalid="ignore"):  # of infinite values
            self.total[into] += np.add.reduceat(total, at)
        self.number[into] += np.add.reduceat(number, at, dtype=np.int64)

    def columns(self, name: str, buckets: _Array) -> dict[str, pa.Array]:
        """Return the four columns of the field."""
        number = self.number[buckets]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = self.total[buckets] / number
        empty = number == 0
        return {
            name: pa.array(mean, mask=empty),
            f"{name}:min": pa.array(self.low[buckets], mask=empty),
            f"{name}:max": pa.array(self.high[buckets], mask=empty),
            f"{name}:count": pa.array(number),
        }


class _Last:
    """The last value of each bucket, of a field that is no number."""

    def __init__(self, count: int) -> None:
        self.times = np.full(count, np.iinfo(np.int64).min)
        self.values = np.full(count, None, dtype=object)

    def add(self, cut: _Cut, column: pa.ChunkedArray) -> None:
        there = column.is_valid().to_numpy()
        rows = np.maximum.reduceat(np.where(there, np.arange(len(there)), -1), cut.offsets)
        later = (rows >= 0) & (cut.times[rows] >= self.times[cut.buckets])
        rows, into = rows[later], cut.buckets[later]
        self.times[into] = cut.times[rows]
        for bucket, value in zip(into, column.take(pa.array(rows)).to_pylist(), strict=True):
            self.values[bucket] = value

    def column(self, kind: pa.DataType, buckets: _Array) -> pa.Array:
        return pa.array(list(self.values[buckets]), kind)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where the buckets begin in times that are in order, and which they are."""

    times: _Array
    offsets: _Array
    buckets: _Array


class Decimation:
    """The points of one series, made of rows and roll-ups as they come, in any order.

    Args:
        grid: The buckets.
        schema: Columns of the rows that `add_rows` gets, `time` among them; qualities need not be.
    """

    def __init__(self, grid: Grid, schema: pa.Schema) -> None:
        self._grid = grid
        self._schema = schema
        self._seen = np.zeros(grid.count, dtype=bool)
        fields = [field for field in schema if field.name != "time"]
        self._numbers = {field.name: _Numbers(grid.count) for field in fields if is_number(field.type)}
        self._last = {field.name: _Last(grid.count) for field in fields if not is_number(field.type)}
        self._worst: dict[str, _Array] = {}

    def add_rows(self, table: pa.Table, fields: Sequence[str] | None = None) -> None:
        """Take rows of the span.

        Args:
            table: Rows with columns of the schema, and their qualities as numbers.
            fields: Those to take the values of, all by default; qualities are taken of each column that is there.
        """
        if not table.num_rows:
            return
        table, cut = self._cut(table)
        self._seen[cut.buckets] = True
        for name in (name for name in table.column_names if name.endswith(QUALITY)):
            worst = self._worst.setdefault(name, np.zeros(self._grid.count, dtype=np.uint8))
            found = np.maximum.reduceat(table[name].fill_null(0).to_numpy(), cut.offsets)
            worst[cut.buckets] = np.maximum(worst[cut.buckets], found)
        for name in (name for name in table.column_names if fields is None or name in fields):
            if name in self._numbers:
                values, good = _values(table, name)
                self._numbers[name].add(cut, (values, values, values, good), good)
            elif name in self._last:
                self._last[name].add(cut, table[name])

    def add_rollup(self, table: pa.Table) -> None:
        """Take buckets of a roll-up, each of which lies wholly in the span."""
        if not table.num_rows:
            return
        table, cut = self._cut(table)
        self._seen[cut.buckets] = True
        for name in (name for name in self._numbers if f"{name}:count" in table.column_names):
            low, high, mean, number = (
                table[f"{name}:{kind}"].combine_chunks().fill_null(0).to_numpy() for kind in _ROLLED
            )
            low, high = low.astype(np.float64), high.astype(np.float64)
            self._numbers[name].add(cut, (low, high, mean * number, number), number > 0)

    def table(self) -> pa.Table:
        """Return a row for each bucket of which there was something."""
        buckets = np.flatnonzero(self._seen)
        stamps = pa.array(self._grid.stamps(buckets)).cast(self._schema.field("time").type)
        columns = {"time": stamps}
        for field in self._schema:
            if field.name in self._numbers:
                columns |= self._numbers[field.name].columns(field.name, buckets)
            elif field.name in self._last:
                columns[field.name] = self._last[field.name].column(field.type, buckets)
            quality = self._worst.get(field.name + QUALITY)
            if quality is not None and quality.any():
                columns[field.name + QUALITY] = quality_words(pa.chunked_array([quality[buckets]]))
        return pa.table(columns, schema=decimated_schema(self._schema, columns))

    def _cut(self, table: pa.Table) -> tuple[pa.Table, _Cut]:
        times = numbers_of(table, "time")
        if np.any(times[1:] < times[:-1]):
            table = table.take(pa.array(times.argsort(kind="stable")))
            times = numbers_of(table, "time")
        numbers = (times - self._grid.origin) // self._grid.length
        offsets = np.flatnonzero(np.diff(numbers, prepend=-1))
        return table, _Cut(times, offsets, numbers[offsets])


_ROLLED = ("min", "max", "mean", "count")
_KINDS = {"": pa.float64(), "min": pa.float64(), "max": pa.float64(), "count": pa.int64()}


def is_number(kind: pa.DataType) -> bool:
    """Whether a field of this type has extremes and a mean; a boolean counts as 0 and 1."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def decimated_schema(schema: pa.Schema, names: Sequence[str] | dict[str, Any]) -> pa.Schema:
    """Return the schema of decimated columns of these names, made of rows of this schema; units stay."""
    fields = []
    for name in names:
        own, _, kind = name.partition(":")
        field = schema.field(own)
        if kind == QUALITY[1:]:
            fields.append(pa.field(name, quality_words(pa.chunked_array([], pa.uint8())).type))
        elif is_number(field.type) and own != "time":
            fields.append(pa.field(name, _KINDS[kind], metadata=None if kind == "count" else field.metadata))
        else:
            fields.append(field)
    return pa.schema(fields)


def _values(table: pa.Table, name: str) -> tuple[_Array, _Array]:
    """Return the numbers of a column as float64, and which of them count."""
    column = table[name].cast(pa.float64(), safe=False)
    good = np.ones(len(column), dtype=bool)
    if column.null_count:
        good = column.is_valid().to_numpy()
        column = column.fill_null(0.0)
    values = column.to_numpy()
    good &= ~np.isnan(values)
    if name + QUALITY in table.column_names:
        good &= table[name + QUALITY].fill_null(0).to_numpy() != _INVALID
    return values, good
