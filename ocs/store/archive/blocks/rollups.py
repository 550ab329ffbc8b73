"""Roll-ups: the smallest, the largest, the mean and the number of values in each second, minute and hour.

A roll-up is a table of `time` (start of the bucket) and, of each numeric field, `<name>:min`, `<name>:max` (of the
field's own type, of a boolean 0 and 1), `<name>:mean` (float64) and `<name>:count`. NaN, missing values and those of
quality INVALID are not counted; where none is left, min, max and mean are null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ocs.model.quality import Quality
from ocs.model.series import QUALITIES

SECOND = 1_000_000_000
LEVELS = {"1s": SECOND, "1m": 60 * SECOND, "1h": 3600 * SECOND}
"""Length of the buckets of each level, ns, the finest first."""

ROWS_PER_BUCKET = 4
"""A level is kept where its buckets hold more rows than this on average; else the rows themselves are as good."""

LEAST_ROWS = 2_048
"""A block of fewer rows has no roll-ups: its rows are read as fast."""

_INVALID = QUALITIES.index(Quality.INVALID)
_NO_FIELDS = frozenset({"time", "epoch", "seq"})

_Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Where each bucket begins in an array of times in order."""

    times: _Array
    offsets: _Array

    @classmethod
    def of(cls, times: _Array, length: int) -> _Buckets:
        numbers = times // length
        offsets = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
        return cls(numbers[offsets] * length, offsets)


def rolled_up(table: pa.Table) -> dict[str, pa.Table]:
    """Return the roll-ups of a whole block by level, only those that are worth it.

    Args:
        table: Rows in the order of their time, with the columns of a block.
    """
    return rolled_up_to(table, kept_levels(_times(table), table.num_rows))


def rolled_up_to(table: pa.Table, levels: Sequence[str]) -> dict[str, pa.Table]:
    """Return the roll-ups of rows at these levels; each coarser level is made from the finer one.

    Args:
        table: Rows in the order of their time, at least one, with the columns of a block.
        levels: Names of levels, the finest first.
    """
    made: dict[str, pa.Table] = {}
    for level in levels:
        finer = next(reversed(made.values()), None)
        made[level] = _rolled(table, level) if finer is None else merged([finer], level)
    return {level: rollup for level, rollup in made.items() if rollup.num_columns > 1}


class Accumulation:
    """The roll-ups of rows that come piece by piece.

    Args:
        levels: Names of levels, the finest first.
    """

    def __init__(self, levels: Sequence[str]) -> None:
        self._levels = levels
        self._pieces: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Take rows in, at least one."""
        for rollup in rolled_up_to(table, self._levels[:1]).values():
            self._pieces.append(rollup)

    def rollups(self) -> dict[str, pa.Table]:
        """Return the roll-ups of all that was taken in, by level."""
        made: dict[str, pa.Table] = {}
        for level in self._levels if self._pieces else ():
            made[level] = merged(self._pieces if not made else [next(reversed(made.values()))], level)
        return made


def kept_levels(times: _Array, rows: int) -> list[str]:
    """Return the levels that are worth it for rows at these times, the finest first.

    Args:
        times: In order, ns since 1970 UTC; or the starts of their seconds, each once.
        rows: How many rows there are.
    """
    if rows < LEAST_ROWS:
        return []
    counts = {level: len(_Buckets.of(times, length).offsets) for level, length in LEVELS.items()}
    return [level for level, count in counts.items() if count * ROWS_PER_BUCKET < rows]


def merged(rollups: Sequence[pa.Table], level: str) -> pa.Table:
    """Return one roll-up of several of the same fields; buckets that several have a part of are put together.

    Args:
        rollups: Of this level or of finer ones; at least one row in all.
        level: Name of the level of the answer.
    """
    table = pa.concat_tables(rollups, promote_options="default")
    times = _times(table)
    if np.any(times[1:] < times[:-1]):
        table = table.take(pa.array(times.argsort(kind="stable")))
        times = _times(table)
    buckets = _Buckets.of(times, LEVELS[level])
    columns: dict[str, pa.Array] = {"time": _stamps(buckets, table)}
    for name in fields_of(table):
        lowest, good = _values(table[f"{name}:min"])
        highest, _ = _values(table[f"{name}:max"])
        means, _ = _values(table[f"{name}:mean"])
        counts, _ = _values(table[f"{name}:count"])
        columns |= _column(name, (lowest, highest, means * counts, counts), good, buckets)
    return _table(columns, table.schema)


def fields_of(rollup: pa.Table) -> list[str]:
    """Return the names of the fields that a roll-up has."""
    return [name.removesuffix(":count") for name in rollup.column_names if name.endswith(":count")]


def _rolled(table: pa.Table, level: str) -> pa.Table:
    buckets = _Buckets.of(_times(table), LEVELS[level])
    columns: dict[str, pa.Array] = {"time": _stamps(buckets, table)}
    for name in _numeric(table.schema):
        values, good = _values(table[name])
        quality = f"{name}:quality"
        if quality in table.column_names:
            good &= _values(table[quality])[0] != _INVALID
        if values.dtype.kind == "f":
            good &= ~np.isnan(values)
        columns |= _column(name, (values, values, values, good), good, buckets)
    return _table(columns, table.schema)


def _numeric(schema: pa.Schema) -> list[str]:
    return [
        field.name
        for field in schema
        if field.name not in _NO_FIELDS
        and not field.name.endswith(":quality")
        and (pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_boolean(field.type))
    ]


def _column(
    name: str, parts: tuple[_Array, _Array, _Array, _Array], good: _Array, buckets: _Buckets
) -> dict[str, pa.Array]:
    """Return the four columns of a field from its lowest and highest values, sums and counts, where they are good."""
    lowest, highest, totals, counts = parts
    at = buckets.offsets
    if not good.all():
        low, high = _limits(lowest.dtype)
        lowest, highest = np.where(good, lowest, high), np.where(good, highest, low)
        totals, counts = np.where(good, totals, 0), np.where(good, counts, 0)
    number = np.add.reduceat(counts, at, dtype=np.int64)
    with np.errstate(over="ignore", invalid="ignore"):  # of infinite values, and of a sum beyond the largest float
        means = np.add.reduceat(totals, at, dtype=np.float64) / np.maximum(number, 1)
    empty = number == 0
    return {
        f"{name}:min": pa.array(np.minimum.reduceat(lowest, at), mask=empty),
        f"{name}:max": pa.array(np.maximum.reduceat(highest, at), mask=empty),
        f"{name}:mean": pa.array(means, mask=empty),
        f"{name}:count": pa.array(number),
    }


def _limits(kind: np.dtype[Any]) -> tuple[Any, Any]:
    if kind.kind == "f":
        return -np.inf, np.inf
    limits = np.iinfo(kind)
    return limits.min, limits.max


def _values(column: pa.ChunkedArray) -> tuple[_Array, _Array]:
    """Return the numbers of a column, 0 where there is none, and which are there."""
    array = column.combine_chunks()
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    if not array.null_count:
        return array.to_numpy(), np.ones(len(array), bool)
    return array.fill_null(0).to_numpy(), array.is_valid().to_numpy(zero_copy_only=False)


def _times(table: pa.Table) -> _Array:
    times: _Array = table["time"].cast(pa.int64()).to_numpy()
    return times


def _stamps(buckets: _Buckets, table: pa.Table) -> pa.Array:
    return pa.array(buckets.times).cast(table.schema.field("time").type)


def _table(columns: dict[str, pa.Array], source: pa.Schema) -> pa.Table:
    """Return a table whose columns say their unit as those that they are made of do."""
    fields = []
    for name, column in columns.items():
        known = [origin for origin in (name, name.rpartition(":")[0]) if origin in source.names]
        metadata = (source.field(known[0]).metadata or {}) if known else {}
        kept = {key: text for key, text in metadata.items() if key == b"unit" and not name.endswith(":count")}
        fields.append(pa.field(name, column.type, metadata=kept or None))
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))
