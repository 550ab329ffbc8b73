"""An answer of the archive: channels over a span of time, with their units, qualities and gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa

from ocs.model.gap import Gap
from ocs.model.series import SeriesKey
from ocs.model.time_span import iso_time
from ocs.store.archive.naming import field_of
from ocs.store.archive.reading import conversion
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.widening import fitted, widened

STAMP = pa.timestamp("ns", "UTC")
SHOWN = 12
"""So many channels are told one by one."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one series.

    Attributes:
        series: Whose they are.
        table: Columns as of a chunk, called by the fields alone.
    """

    series: SeriesKey
    table: pa.Table

    @property
    def fields(self) -> list[str]:
        """Names of the fields, without `time` and the columns that go with a field."""
        return [name for name in self.table.column_names if name != "time" and ":" not in name]


class History:
    """What was archived of some channels in a span of time.

    Args:
        parts: The rows, series by series.
        gaps: Spans without data, or with some missing, and why.
        start: Start of the span that was asked for, ns since 1970 UTC.
        end: Its end, ns, no part of it.

    Attributes:
        parts: The rows, series by series, each with time stamps of its own.
        gaps: Spans without data, or with some missing, the earliest first.
        start: Start of the span that was asked for, ns since 1970 UTC.
        end: Its end, ns, no part of it.
        names: The channels: `device.field`; `device.feed.field` where two feeds have such a field.
        units: The unit of each channel; empty for none.
    """

    def __init__(self, parts: Sequence[Part], gaps: Iterable[Gap] = (), start: int = 0, end: int = 0) -> None:
        self.parts = list(parts)
        self.gaps = sorted(gaps)
        self.start = start
        self.end = end
        self._names = _full_names(self.parts)
        self.names = list(self._names.values())
        self.units = {
            name: _unit(self.parts[at].table.schema.field(field)) for (at, field), name in self._names.items()
        }

    @classmethod
    def from_chunks(cls, chunks: Iterable[Chunk], gaps: Iterable[Gap] = (), start: int = 0, end: int = 0) -> Self:
        """Put an answer together from its pieces; those of one series come in the order of their time."""
        tables: dict[SeriesKey, list[pa.Table]] = {}
        for chunk in chunks:
            tables.setdefault(chunk.series, []).append(chunk.table)
        return cls([Part(series, _concatenated(pieces)) for series, pieces in tables.items()], gaps, start, end)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def table(self) -> pa.Table:
        """All channels on one time base: rows of several series meet where their times are the same.

        Columns are `time` (ns, UTC) and the `names`, each followed by its `:quality`, or `:min`, `:max` and `:count`.
        """
        if not self.parts:
            return pa.table({"time": pa.array([], STAMP)})
        times, places = _time_base([part.table for part in self.parts])
        columns, fields = [times], [self.parts[0].table.schema.field("time")]
        for at, (part, place) in enumerate(zip(self.parts, places, strict=True)):
            for field in part.table.schema:
                if field.name != "time":
                    own, colon, rest = field.name.partition(":")
                    column = part.table[field.name]
                    columns.append(column if place is None else column.take(place))
                    fields.append(field.with_name(self._names[at, own] + colon + rest))
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    def to_arrow(self) -> pa.Table:
        """Return the `table`."""
        return self.table

    def to_numpy(self) -> dict[str, Any]:
        """Return an array for each column of the `table`.

        `time` is datetime64[ns], UTC. Where a number is missing, integers become float64 with NaN. Texts, and arrays
        of unequal shapes, are objects; arrays of one shape have a second and third axis.
        """
        return conversion.to_numpy(self.table)

    def to_pandas(self) -> Any:
        """Return the `table` as a data frame with the time in UTC as index; `attrs` has `units` and `gaps`.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return conversion.to_pandas(self.table, self.units, self.gaps)

    def to_xarray(self) -> Any:
        """Return the `table` as a dataset along `time`; each variable's `attrs` has its `units`.

        Raises:
            ConfigurationError: xarray is not installed.
        """
        return conversion.to_xarray(self.table, self.units, self.gaps)

    def __repr__(self) -> str:
        rows = sum(part.table.num_rows for part in self.parts)
        decimated = any(":count" in name for part in self.parts for name in part.table.column_names)
        head = f"History of {len(self.names)} channels, {iso_time(self.start)} to {iso_time(self.end)}"
        lines = [f"{head}: {rows} {'points, decimated' if decimated else 'rows'}"]
        told = [
            f"  {name} [{self.units[name] or '-'}] {self.parts[at].table.num_rows}"
            for (at, _), name in self._names.items()
        ]
        lines += told[:SHOWN]
        if len(told) > SHOWN:
            lines.append(f"  ... and {len(told) - SHOWN} more in .names")
        lines += [f"  gap: {conversion.told(gap)}" for gap in self.gaps[:SHOWN]]
        if len(self.gaps) > SHOWN:
            lines.append(f"  ... and {len(self.gaps) - SHOWN} more in .gaps")
        return "\n".join(lines)


def _full_names(parts: Sequence[Part]) -> dict[tuple[int, str], str]:
    """Return the name of each field of each part, as short as it is unique."""
    fields = [(at, field, part.series) for at, part in enumerate(parts) for field in part.fields]
    short = Counter((series.device, field) for _, field, series in fields)
    longer = Counter((series.device, series.feed, field) for _, field, series in fields)
    names = {}
    for at, field, series in fields:
        words = [series.device]
        if short[series.device, field] > 1:
            words.append(series.feed)
        if longer[series.device, series.feed, field] > 1:
            words.append(series.block)
        names[at, field] = ".".join([*words, field_of(field)])
    return names


def _unit(field: pa.Field) -> str:
    return str((field.metadata or {}).get(b"unit", b"").decode())


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    schema = widened([table.schema for table in tables])
    return pa.concat_tables(fitted(table, schema) for table in tables)


def _time_base(tables: Sequence[pa.Table]) -> tuple[Any, list[Any]]:
    """Return the times of all, and where each table's row is for each of them; None where all are in place."""
    if len(tables) == 1:
        return tables[0]["time"], [None]
    times = [table["time"].cast(pa.int64()).to_numpy() for table in tables]
    again = [_occurrences(each) for each in times]
    everything, counts = np.concatenate(times), np.concatenate(again)
    order = np.lexsort((counts, everything))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(everything[order]) != 0) | (np.diff(counts[order]) != 0)
    rows = np.empty(len(order), dtype=np.int64)
    rows[order] = np.cumsum(new) - 1
    base = pa.array(everything[order][new]).cast(STAMP)
    cuts = np.cumsum([len(each) for each in times])[:-1]
    return base, [_places(target, len(base)) for target in np.split(rows, cuts)]


def _occurrences(times: Any) -> Any:
    """Return of each of the times, which are in order, how often it was there before: a clock was set back."""
    first = np.searchsorted(times, times, side="left")
    return np.arange(len(times)) - first


def _places(rows: Any, length: int) -> Any:
    if len(rows) == length:
        return None
    places = np.zeros(length, dtype=np.int64)
    places[rows] = np.arange(len(rows))
    missing = np.ones(length, dtype=bool)
    missing[rows] = False
    return pa.array(places, mask=missing)
