"""Rows as they come, turned into columns with one type for each field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ocs.model.datatype import DataType
from ocs.model.quality import Quality
from ocs.model.series import QUALITIES, TEXTS, Fields, FieldType, widened
from ocs.wire.plain import sendable

NO_QUALITY: Mapping[str, Quality] = MappingProxyType({})
"""Of a row of which every value is VALID."""

LONGEST_TYPE = 2
"""Dimensions that a field's value may have; more are laid out as a row."""

_NUMBER = {quality: number for number, quality in enumerate(QUALITIES)}
_KINDS = {"b": DataType.BOOL, "i": DataType.INT64, "u": DataType.UINT64, "f": DataType.FLOAT64}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows as columns, without numbers yet; see `Batch`."""

    times: Any
    fields: Fields
    columns: Mapping[str, Any]
    quality: Mapping[str, Any]


class Kinds:
    """The types of a series' fields: declared, or what its values have needed so far.

    Args:
        declared: Returns the declared types by field.
    """

    def __init__(self, declared: Callable[[], Mapping[str, FieldType]]) -> None:
        self._declared = declared
        self._seen: dict[str, DataType] = {}

    def now(self) -> Mapping[str, FieldType]:
        """Return the declared types as they are now."""
        return self._declared()

    def of(self, name: str, dtype: DataType, dims: int) -> FieldType:
        """Return the type of an undeclared field that has values of `dtype` now: it widens, and stays wide."""
        seen = self._seen.get(name, dtype)
        if seen is not dtype:
            dtype = widened([seen, dtype])
        self._seen[name] = dtype
        return FieldType(dtype, dims)


class Rows:
    """Rows that came one by one.

    Args:
        names: Their fields.
    """

    __slots__ = ("names", "qualities", "times", "values")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.times: list[float] = []
        self.values: list[Sequence[Any]] = []
        self.qualities: dict[int, Mapping[str, Quality]] = {}

    def add(self, time: float, values: Sequence[Any], quality: Mapping[str, Quality]) -> None:
        """Add one."""
        if quality:
            self.qualities[len(self.times)] = quality
        self.times.append(time)
        self.values.append(values)

    def chunks(self, kinds: Kinds) -> Iterator[Chunk]:
        """Yield them as columns."""
        declared = kinds.now()
        fields: dict[str, FieldType] = {}
        columns: dict[str, Any] = {}
        for name, values in zip(self.names, zip(*self.values, strict=True), strict=True):
            kind = declared.get(name)
            if kind is None:
                kind = kinds.of(name, _type_of(values), 0)
            fields[name], columns[name] = kind, _column(values, kind)
        yield Chunk(_nanoseconds(np.array(self.times)), fields, columns, self._quality())

    def _quality(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for row, qualities in self.qualities.items():
            for name, quality in qualities.items():
                column = told.setdefault(name, np.zeros(len(self.times), dtype=np.uint8))
                column[row] = _NUMBER[quality]
        return told


class Columns:
    """Rows that came as columns.

    Args:
        times: The instants, POSIX s, float64, shape (n,).
        columns: Arrays or lists of n values.
    """

    __slots__ = ("columns", "nbytes", "times")

    def __init__(self, times: Any, columns: Mapping[str, Any]) -> None:
        self.times = times
        self.columns = columns
        self.nbytes = times.nbytes + sum(_size(column) for column in columns.values())

    def chunks(self, kinds: Kinds) -> Iterator[Chunk]:
        """Yield them with their types."""
        declared = kinds.now()
        fields: dict[str, FieldType] = {}
        columns: dict[str, Any] = {}
        for name, given in self.columns.items():
            kind = declared.get(name)
            if isinstance(given, np.ndarray) and given.dtype.kind in _KINDS:
                array = given if given.ndim <= LONGEST_TYPE + 1 else given.reshape(len(given), -1)
                exact = _exact(array.dtype)
                if kind is None or exact is not kind.dtype:
                    kind = kinds.of(name, exact, array.ndim - 1)
                if kind.dtype is DataType.STR:
                    columns[name] = [str(value) for value in array.tolist()]
                else:
                    columns[name] = array.astype(kind.dtype.value, copy=False)
            else:
                kind = kind or kinds.of(name, _type_of(given), 0)
                columns[name] = _column(given, kind)
            fields[name] = kind
        yield Chunk(_nanoseconds(self.times), fields, columns, {})


def chunk_bytes(chunk: Chunk) -> int:
    """Return the bytes that a chunk's columns have, nearly."""
    size = int(chunk.times.nbytes)
    return size + sum(_size(column) for column in [*chunk.columns.values(), *chunk.quality.values()])


def _size(column: Any) -> int:
    if isinstance(column, np.ndarray):
        return int(column.nbytes)
    return sum(len(value) if isinstance(value, (str, bytes, list, dict)) else 8 for value in column) + len(column)


def _nanoseconds(times: Any) -> Any:
    # The whole seconds apart from the rest, so that no digit of a double is lost.
    whole = np.floor(times)
    return whole.astype(np.int64) * 1_000_000_000 + np.rint((times - whole) * 1e9).astype(np.int64)


def _exact(dtype: Any) -> DataType:
    """Return the type of an array's elements; half floats count as float32."""
    return DataType.FLOAT32 if dtype.kind == "f" and dtype.itemsize < 4 else DataType(dtype.newbyteorder("=").name)  # noqa: PLR2004


def _type_of(values: Sequence[Any]) -> DataType:
    """Return the type that holds all of these values, which nobody declared."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {float} or not kinds:
        return DataType.FLOAT64
    found = [_scalar_type(kind) for kind in kinds]
    dtype = widened(found)
    if dtype is DataType.INT64 and int in kinds:
        numbers = [value for value in values if value is not None]
        if max(numbers) >= 2**63:
            return DataType.UINT64 if min(numbers) >= 0 else DataType.FLOAT64
    return dtype


def _scalar_type(kind: type) -> DataType:
    for python, dtype in ((bool, DataType.BOOL), (int, DataType.INT64), (float, DataType.FLOAT64)):
        if issubclass(kind, python):
            return dtype
    return DataType.BYTES if issubclass(kind, bytes) else DataType.STR


def _column(values: Sequence[Any], kind: FieldType) -> Any:
    """Return values of one field as an array, or as a list where no array will do."""
    if kind.dims:
        return _nested(values, kind)
    if kind.dtype in TEXTS:
        return [None if value is None else sendable(str(value)) for value in values]
    if not (kind.dtype.numeric or kind.dtype is DataType.BOOL):
        return list(values)
    if kind.dtype.floating:
        return np.array(values, dtype=kind.dtype.value)  # None becomes NaN
    if None in values:
        return list(values)
    return np.array(values, dtype=kind.dtype.value)


def _nested(values: Sequence[Any], kind: FieldType) -> Any:
    shapes = {value.shape for value in values if isinstance(value, np.ndarray)}
    if len(shapes) == 1 and all(isinstance(value, np.ndarray) for value in values):
        return np.stack(values).astype(kind.dtype.value, copy=False)
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
