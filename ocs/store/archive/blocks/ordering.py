"""Rows in the order of their time, each once: those of a table, and those of several blocks as a stream.

Rows of the same time are in the order of their epoch and number. Clocks step back, spools deliver late: what came
first is not always what was taken first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ocs.model.datatype import BOUNDS, DataType
from ocs.store.archive.blocks.parquet import row_groups, scan_block
from ocs.store.archive.blocks.rollups import SECOND

QUALITY = ":quality"
"""Ending of the name of a column of qualities; a block has one only where something was not VALID."""

_FIRST, _LAST = BOUNDS[DataType.INT64]

_Array = np.ndarray[Any, Any]


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of several tables as one; where one has no qualities of a field, it was VALID.

    Args:
        tables: Of one version of one series, at least one.
    """
    table = pa.concat_tables(tables, promote_options="default")
    return _filled(table)


def in_order(table: pa.Table) -> pa.Table:
    """Return rows sorted by time, each (epoch, seq) once: the one that comes first in the table."""
    table = _each_once(table)
    times, epochs, numbers = (numbers_of(table, name) for name in ("time", "epoch", "seq"))
    if _rising(times, epochs, numbers):
        return table
    return table.take(pa.array(np.lexsort((numbers, epochs, times))))


def numbers_of(table: pa.Table, name: str) -> _Array:
    """Return a column without missing values, such as `time` or `seq`, as int64."""
    numbers: _Array = table[name].cast(pa.int64()).to_numpy()
    return numbers


def merged_rows(paths: Sequence[Path]) -> Iterator[pa.Table]:
    """Yield the rows of blocks of one series and version in order; few row groups are in memory at a time.

    Args:
        paths: The blocks, each in order by itself; their times may overlap.

    Raises:
        FileNotFoundError: One is gone.
        DamagedBlockError: One is damaged.
    """
    groups = sorted(
        (first, block, group)
        for block, path in enumerate(paths)
        for group, (first, _) in enumerate(row_groups(path))
    )  # fmt: skip
    scans = [scan_block(path, _FIRST, _LAST) for path in paths]
    held: list[pa.Table] = []
    bounds = [first for first, _, _ in groups[1:]]
    for (_, block, _), bound in zip(groups, [*bounds, None], strict=True):
        held.append(next(scans[block]))
        ready, held = _split(held, bound)
        if ready:
            yield in_order(joined(ready)) if len(ready) > 1 else ready[0]


def seconds_of(paths: Sequence[Path]) -> tuple[_Array, int]:
    """Return in which seconds blocks have rows (their starts, ns, in order, each once), and how many rows they have.

    Args:
        paths: The blocks, at least one; errors as of `merged_rows`.
    """
    seconds, rows = [], 0
    for path in paths:
        for table in scan_block(path, _FIRST, _LAST, ()):
            seconds.append(np.unique(numbers_of(table, "time") // SECOND))
            rows += table.num_rows
    return np.unique(np.concatenate(seconds)) * SECOND, rows


def _split(tables: Sequence[pa.Table], bound: int | None) -> tuple[list[pa.Table], list[pa.Table]]:
    """Return the rows before an instant, and the others."""
    if bound is None:
        return list(tables), []
    cuts = [int(numbers_of(table, "time").searchsorted(bound)) for table in tables]
    before = [table.slice(0, cut) for table, cut in zip(tables, cuts, strict=True) if cut]
    others = [table.slice(cut) for table, cut in zip(tables, cuts, strict=True) if cut < table.num_rows]
    return before, others


def _each_once(table: pa.Table) -> pa.Table:
    epochs, numbers = numbers_of(table, "epoch"), numbers_of(table, "seq")
    if _rising(epochs, numbers, strictly=True):
        return table
    order = np.lexsort((numbers, epochs))
    again = (np.diff(epochs[order]) == 0) & (np.diff(numbers[order]) == 0)
    if not again.any():
        return table
    return table.take(pa.array(np.sort(np.delete(order, np.flatnonzero(again) + 1))))


def _rising(*keys: _Array, strictly: bool = False) -> bool:
    """Whether rows are in the order of these keys, the first one first."""
    *most, last = keys
    equal = np.ones(max(len(last) - 1, 0), bool)
    for key in most:
        if np.any(equal & (key[1:] < key[:-1])):
            return False
        equal &= key[1:] == key[:-1]
    wrong = last[1:] <= last[:-1] if strictly else last[1:] < last[:-1]
    return not np.any(equal & wrong)


def _filled(table: pa.Table) -> pa.Table:
    for at, name in enumerate(table.column_names):
        if name.endswith(QUALITY) and table[name].null_count:
            table = table.set_column(at, table.schema.field(name), pc.fill_null(table[name], 0))
    return table
