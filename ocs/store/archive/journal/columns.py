"""Columns of a batch as Arrow arrays, straight from the bytes that came where that is possible, and back to types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError
from ocs.model.series import TEXTS, Batch, Fields, FieldType
from ocs.store.archive.naming import OWN, column_of, field_of

TIME = pa.timestamp("ns", "UTC")
QUALITY = ":quality"

_NUMBERS = {
    kind: getattr(pa, "bool_" if kind is DataType.BOOL else kind.value)()
    for kind in DataType
    if kind.numeric or kind is DataType.BOOL
}


def arrow_type(kind: FieldType) -> pa.DataType:
    """Return the Arrow type of a field: texts for enums and states, JSON texts for records, lists for arrays."""
    element = _NUMBERS.get(kind.dtype, pa.binary() if kind.dtype is DataType.BYTES else pa.string())
    for _ in range(kind.dims):
        element = pa.list_(element)
    return element


def arrow_field(name: str, kind: FieldType) -> pa.Field:
    """Return the Arrow field; its metadata have the word of the type, the unit and the labels."""
    metadata = {"dtype": kind.dtype.value}
    if kind.unit:
        metadata["unit"] = kind.unit
    if kind.labels:
        metadata["labels"] = json.dumps(kind.labels)
    return pa.field(column_of(name), arrow_type(kind), metadata=metadata)


def arrow_fields(fields: Fields, qualities: Sequence[str]) -> list[pa.Field]:
    """Return the Arrow fields of rows: the fields, and qualities of those that have some."""
    return [
        *(arrow_field(name, kind) for name, kind in fields.items()),
        *(pa.field(column_of(name) + QUALITY, pa.uint8()) for name in qualities),
    ]


def fields_of(schema: pa.Schema) -> dict[str, FieldType]:
    """Return the fields that made the columns of a block.

    Raises:
        ValueError: A column has no type of ours.
    """
    return {
        field_of(column.name): _field_type(column)
        for column in schema
        if column.name not in OWN and not column.name.endswith(QUALITY)
    }


def _field_type(column: pa.Field) -> FieldType:
    metadata = {key.decode(): text.decode() for key, text in (column.metadata or {}).items()}
    dims, inner = 0, column.type
    while pa.types.is_list(inner):
        dims, inner = dims + 1, inner.value_type
    labels = tuple(json.loads(metadata.get("labels", "[]")))
    return FieldType(DataType(metadata.get("dtype", "")), dims, metadata.get("unit", ""), labels)


def arrow_arrays(batch: Batch) -> list[pa.Array]:
    """Return the arrays of a batch's fields and qualities, in the order of `arrow_fields`.

    Raises:
        ParameterError: A value does not go with its field's type.
    """
    return [
        *(_array(batch.columns[name], kind, name) for name, kind in batch.fields.items()),
        *(pa.array(batch.quality[name], pa.uint8()) for name in sorted(batch.quality)),
    ]


def times_array(times: Any) -> pa.Array:
    """Return instants (ns, int64) as Arrow's."""
    return pa.array(times).view(TIME)


_EXACT = 2**53
"""Up to this each whole number is a float64 too."""


def exact_as_floats(batch: Batch, fields: Fields) -> bool:
    """Whether no whole number of a batch changes where `fields` want floats."""
    return all(_is_exact(batch.columns[name]) for name, kind in batch.fields.items() if kind != fields[name])


def _is_exact(column: Any) -> bool:
    if isinstance(column, np.ndarray):
        small = column.dtype.kind == "b" or column.dtype.itemsize < np.dtype(np.int64).itemsize
        return small or (int(column.min()) >= -_EXACT and int(column.max()) <= _EXACT)
    return not any(isinstance(value, (int, float)) and abs(value) > _EXACT for value in column)


def with_fields(batch: Batch, fields: Fields) -> Batch:
    """Return a batch with its integers and truth values as the floats that `fields` want; a missing one is NaN.

    Raises:
        ParameterError: A value does not go with its field's type.
    """
    columns = dict(batch.columns)
    for name, kind in fields.items():
        if batch.fields[name] != kind:
            columns[name] = _floats(columns[name], batch.fields[name], name).astype(kind.dtype.value, copy=False)
    return replace(batch, fields=fields, columns={name: columns[name] for name in fields})


def _floats(column: Any, kind: FieldType, name: str) -> Any:
    if isinstance(column, np.ndarray):
        return column
    return _array(column, kind, name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _array(column: Any, kind: FieldType, name: str) -> pa.Array:
    try:
        if isinstance(column, np.ndarray):
            return _of_numpy(column)
        element = _element(kind)
        return pa.array([_converted(value, kind.dims, element) for value in column], arrow_type(kind))
    except (pa.ArrowException, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ParameterError(f"field {name} has a value that is no {kind.dtype.value}: {error}", field=name) from None


def _element(kind: FieldType) -> Callable[[Any], Any]:
    """Return what makes an element of a list what Arrow takes for its type, without changing its value."""
    if kind.dtype is DataType.RECORD:
        return _json
    if kind.dtype in TEXTS and not kind.dims:
        return str
    if kind.dtype.integer:
        return _whole
    return _float if kind.dtype.floating else _same


def _converted(value: Any, dims: int, element: Callable[[Any], Any]) -> Any:
    if value is None:
        return None
    if not dims:
        return element(value)
    if isinstance(value, (str, Mapping)):
        raise TypeError(f"a {type(value).__name__} is no list")
    return [_converted(part, dims - 1, element) for part in value]


def _same(value: Any) -> Any:
    return value


def _whole(value: Any) -> Any:
    """Return a truth value as a number; Arrow would cut the digits of a float off."""
    if isinstance(value, float) and not value.is_integer():
        raise TypeError(f"{value} is no whole number")
    return int(value) if isinstance(value, (bool, float)) else value


def _float(value: Any) -> Any:
    """Return an integer as the nearest float; Arrow takes only those that have an exact one."""
    return float(value) if isinstance(value, int) else value


def _json(value: Any) -> str:
    return json.dumps(value, default=_text)


def _of_numpy(column: Any) -> pa.Array:
    if column.ndim == 1:
        return pa.array(column)
    nested = pa.array(np.ascontiguousarray(column).reshape(-1))
    for axis in range(column.ndim - 1, 0, -1):
        lists = math.prod(column.shape[:axis])
        offsets = np.arange(lists + 1, dtype=np.int32) * column.shape[axis]
        nested = pa.ListArray.from_arrays(pa.array(offsets), nested)
    return nested


def _text(value: Any) -> str:
    """Return bytes within a record as text; JSON has none."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    raise TypeError(f"a record cannot hold a {type(value).__name__}")
