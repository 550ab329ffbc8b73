"""Tables whose columns changed with time, brought to columns that hold the values of all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ocs.model.series import QUALITIES

WORDS = pa.array([quality.word for quality in QUALITIES])
QUALITY_TYPE = pa.dictionary(pa.int8(), pa.string())
"""Qualities as readers get them: words."""


def widened(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return columns that hold the values of all, in the order of their first appearance, companions behind their own.

    Integers and floats become float64, what else differs text. What a later schema says of a column (unit, labels)
    holds before what an earlier one says.
    """
    fields: dict[str, list[pa.Field]] = {}
    for schema in schemas:
        for field in schema:
            fields.setdefault(field.name, []).append(field)
    places = {name: place for place, name in enumerate(fields)}
    order = sorted(fields, key=lambda name: (places.get(name.partition(":")[0], places[name]), places[name]))
    return pa.schema(_widened_field(fields[name]) for name in order)


def widened_type(types: Sequence[pa.DataType]) -> pa.DataType:
    """Return a type that holds the values of all."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    if all(map(_numeric, kinds)):
        exact = not any(pa.types.is_floating(kind) or kind == pa.uint64() for kind in kinds)
        return pa.int64() if exact else pa.float64()
    if all(map(pa.types.is_list, kinds)):
        inner = widened_type([kind.value_type for kind in kinds])
        return pa.string() if inner == pa.string() else pa.list_(inner)
    return pa.string()


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with these columns: cast, those that it has not empty, and VALID where it has no qualities."""
    if table.schema.equals(schema):
        return table
    columns = [_column(table, field) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def quality_words(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return qualities as words; a missing number counts as VALID."""
    indices = pc.fill_null(numbers, 0).cast(pa.int8())
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(chunk, WORDS) for chunk in indices.chunks], type=QUALITY_TYPE
    )


def valid(rows: int) -> pa.Array:
    """Return the qualities of rows that are all VALID."""
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int8), WORDS)


def as_type(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return a column as a type that `widened_type` gave for it."""
    if column.type == kind:
        return column
    if kind == pa.string():
        return pa.chunked_array([_texts(chunk) for chunk in column.chunks], type=kind)
    return column.cast(kind, safe=False)


def _column(table: pa.Table, field: pa.Field) -> Any:
    if field.name in table.column_names:
        return as_type(table[field.name], field.type)
    if field.type == QUALITY_TYPE:
        return valid(table.num_rows)
    return pa.nulls(table.num_rows, field.type)


def _texts(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_list(kind):
        texts = [None if value is None else json.dumps(value, default=_text) for value in array.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_binary(kind):
        return pa.array([None if value is None else _text(value) for value in array.to_pylist()], pa.string())
    return array.cast(pa.string())


def _text(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


def _widened_field(same: Sequence[pa.Field]) -> pa.Field:
    kind = widened_type([field.type for field in same])
    metadata = dict(same[-1].metadata or {})
    if kind != same[-1].type:
        metadata.pop(b"dtype", None)
    return pa.field(same[-1].name, kind, metadata=metadata or None)


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))
