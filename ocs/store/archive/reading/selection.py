"""What is asked of one series, and how the columns of each of its versions become those of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import pyarrow as pa

from ocs.model.series import SeriesKey
from ocs.store.archive.blocks.ordering import QUALITY
from ocs.store.archive.catalogue.catalogue import Version
from ocs.store.archive.journal.columns import TIME, arrow_field
from ocs.store.archive.naming import column_of
from ocs.store.archive.reading.decimation import is_number
from ocs.store.archive.reading.widening import as_type, quality_words, widened

NUMBERS = ("epoch", "seq")
"""Columns that tell rows of the same time apart."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Fields of one series.

    A field whose unit changed has a column for each unit: the newest is called by the field alone, an older one has
    its unit behind the name, as `temperature[mK]`.

    Attributes:
        number: Number of the series in the catalogue.
        series: The series.
        schema: Columns of the answer: `time`, and one for each field, of a type that holds the values of all versions.
        names: The column of the answer for each column of a version that was asked for, by version; a version that has
            none of them is not here.
    """

    number: int
    series: SeriesKey
    schema: pa.Schema
    names: Mapping[int, Mapping[str, str]]

    @classmethod
    def of(cls, series: SeriesKey, versions: Sequence[Version], fields: Sequence[str]) -> Self:
        """Return the selection of some fields; the newest version is the last one."""
        units = {name: kind.unit for version in versions for name, kind in version.fields.items() if kind.unit}
        asked = {version.number: _asked(version, fields, units) for version in versions}
        wide = widened([pa.schema(asked[number].values()) for number in asked])
        newest = [column_of(name) for name in versions[-1].fields if column_of(name) in wide.names]
        order = [*newest, *(name for name in wide.names if name not in newest)]
        schema = pa.schema([pa.field("time", TIME), *(wide.field(name) for name in order)])
        names = {
            number: {column: field.name for column, field in columns.items()}
            for number, columns in asked.items()
            if columns
        }
        return cls(versions[-1].series, series, schema, names)

    @property
    def numeric(self) -> list[str]:
        """Columns that roll-ups know of."""
        return [field.name for field in self.schema if is_number(field.type)]

    def columns(self, version: int, wanted: Sequence[str] | None = None) -> list[str]:
        """Return the columns to read of rows of a version: the wanted ones of the answer, and all qualities."""
        own = self.names[version]
        fields = [name for name, column in own.items() if wanted is None or column in wanted]
        return [*fields, *(name + QUALITY for name in own)]

    def fitted(self, version: int, table: pa.Table, *, whole: bool = True) -> pa.Table:
        """Return rows of a version with the columns of the answer, then those of NUMBERS, then qualities.

        Args:
            version: Its number.
            table: Rows as a block has them.
            whole: Whether columns that the rows do not have are there all the same, empty.
        """
        own = {column: name for name, column in self.names[version].items() if name in table.column_names}
        arrays, fields = [table["time"]], [self.schema.field("time")]
        for field in list(self.schema)[1:]:
            if field.name in own:
                arrays.append(as_type(table[own[field.name]], field.type))
            elif whole:
                arrays.append(pa.nulls(table.num_rows, field.type))
            else:
                continue
            fields.append(field)
        for name in (name for name in NUMBERS if name in table.column_names):
            arrays.append(table[name])
            fields.append(pa.field(name, pa.int64()))
        for name, column in self.names[version].items():
            if name + QUALITY in table.column_names:
                arrays.append(table[name + QUALITY])
                fields.append(pa.field(column + QUALITY, pa.uint8()))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def rollup_columns(self, version: int) -> list[str]:
        """Return the columns to read of a roll-up of a version."""
        numeric = self.numeric
        return [
            f"{name}:{kind}" for name, column in self.names[version].items() if column in numeric for kind in ROLLED
        ]

    def fitted_rollup(self, version: int, table: pa.Table) -> pa.Table:
        """Return a roll-up of a version under the names of the answer."""
        own = self.names[version]
        names = [own.get(name, name) + colon + kind for name, colon, kind in map(_split, table.column_names)]
        return table.rename_columns(names)

    def told(self, table: pa.Table) -> pa.Table:
        """Return rows as a chunk has them: qualities as words, each behind its field, where something is not VALID."""
        arrays, fields = [], []
        for field in self.schema:
            arrays.append(table[field.name])
            fields.append(field)
            quality = field.name + QUALITY
            if quality in table.column_names and pa.compute.any(table[quality].cast(pa.bool_())).as_py():
                arrays.append(quality_words(table[quality]))
                fields.append(pa.field(quality, arrays[-1].type))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


ROLLED = ("min", "max", "mean", "count")


def _asked(version: Version, fields: Sequence[str], units: Mapping[str, str]) -> dict[str, pa.Field]:
    """Return for each column of a version that was asked for the field of the answer."""
    asked = {}
    for name, kind in version.fields.items():
        if name in fields:
            newest = units.get(name, "")
            known = replace(kind, unit=kind.unit or newest)  # where somebody left it out it is taken for the newest
            column = column_of(name) + ("" if known.unit == newest else f"[{known.unit}]")
            asked[column_of(name)] = arrow_field(name, known).with_name(column)
    return asked


def _split(name: str) -> tuple[str, str, str]:
    return name.partition(":")
