"""Rows as they come, turned into columns with one type for each field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from ocs.model.datatype import DataType
from ocs.model.feed import FURTHEST_S
from ocs.model.quality import Quality
from ocs.model.series import QUALITIES, TEXTS, Fields, FieldType, widened
from ocs.wire.plain import sendable

NO_QUALITY: Mapping[str, Quality] = MappingProxyType({})
"""Of a row of which every value is VALID."""

LONGEST_TYPE = 2
"""Dimensions that a field's value may have; more are laid out as a row."""

_PLAIN = frozenset({float, int, bool, type(None)})
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
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
        unit: Returns the unit of a field of which the type is not declared.
    """

    def __init__(
        self, declared: Callable[[], Mapping[str, FieldType]], unit: Callable[[str], str] = lambda _name: ""
    ) -> None:
        self._declared = declared
        self._unit = unit
        self._seen: dict[str, DataType] = {}

    def now(self) -> Mapping[str, FieldType]:
        """Return the declared types as they are now."""
        return self._declared()

    def of(self, name: str, dtype: DataType, dims: int, declared: FieldType | None = None) -> FieldType:
        """Return the type of a field that has values of `dtype` now, which nobody declared, or not so.

        It widens, and stays wide; the unit is the declared one.
        """
        seen = self._seen.get(name, dtype)
        if seen is not dtype:
            dtype = widened([seen, dtype])
        self._seen[name] = dtype
        return FieldType(dtype, dims, self._unit(name) if declared is None else declared.unit)

    def column(self, name: str, values: Sequence[Any], declared: FieldType | None) -> tuple[FieldType, Any]:
        """Return values of one field with their type: the declared one where that holds them as they are.

        Raises:
            ValueError: A number or a truth value is declared, and one of them is something else.
        """
        if declared is None or name in self._seen or not _holds(declared, values, name):
            declared = self.of(name, _type_of(values), 0, declared)
        return declared, _column(values, declared)


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

    def halves(self) -> tuple[Rows, ...]:
        """Return them as two, none when there is only one: of what cannot be kept the rest can."""
        middle = len(self.times) // 2
        if not middle:
            return ()
        halves = Rows(self.names), Rows(self.names)
        for place, (time, values) in enumerate(zip(self.times, self.values, strict=True)):
            halves[place >= middle].add(time, values, self.qualities.get(place, NO_QUALITY))
        return halves

    def chunks(self, kinds: Kinds) -> Iterator[Chunk]:
        """Yield them as columns."""
        declared = kinds.now()
        fields: dict[str, FieldType] = {}
        columns: dict[str, Any] = {}
        for name, values in zip(self.names, zip(*self.values, strict=True), strict=True):
            fields[name], columns[name] = kinds.column(name, values, declared.get(name))
        yield Chunk(nanoseconds(np.array(self.times)), fields, columns, self._quality())

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

    def halves(self) -> tuple[Columns, ...]:
        """Return nothing: what is wrong with a column is so throughout."""
        return ()

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
                if kind is None or (exact, array.ndim - 1) != (kind.dtype, kind.dims):
                    kind = kinds.of(name, exact, array.ndim - 1, kind)
                if kind.dtype is DataType.STR:
                    columns[name] = [str(value) for value in array.tolist()]
                else:
                    columns[name] = array.astype(kind.dtype.value, copy=False)
            else:
                kind, columns[name] = kinds.column(name, given, kind)
            fields[name] = kind
        yield Chunk(nanoseconds(self.times), fields, columns, {})


def chunk_bytes(chunk: Chunk) -> int:
    """Return the bytes that a chunk's columns have, nearly."""
    size = int(chunk.times.nbytes)
    return size + sum(_size(column) for column in [*chunk.columns.values(), *chunk.quality.values()])


def values_bytes(values: Sequence[Any]) -> int:
    """Return the bytes that the values of a row, or of a list, have, nearly."""
    if _PLAIN.issuperset(map(type, values)):
        return 8 * len(values)
    return sum(map(_value_bytes, values))


def _value_bytes(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return 8 + len(value)
    if isinstance(value, np.ndarray):
        return 8 + int(value.nbytes)
    if isinstance(value, (list, tuple)):
        return 8 + values_bytes(value)
    if isinstance(value, Mapping):
        return 8 + values_bytes(list(value)) + values_bytes(list(value.values()))
    return 8


def _size(column: Any) -> int:
    return int(column.nbytes) if isinstance(column, np.ndarray) else values_bytes(column)


def nanoseconds(times: Any) -> Any:
    """Return instants (POSIX s, float64) in ns, int64.

    Raises:
        ValueError: One is not finite, or so far away that its ns do not fit into 64 bits.
    """
    if not (np.abs(times) < FURTHEST_S).all():
        raise ValueError("a time stamp is not finite or too far away")
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


def _holds(kind: FieldType, values: Sequence[Any], name: str) -> bool:
    """Return whether a declared type takes these values as they are; a number that it does not hold is kept as it is.

    Raises:
        ValueError: One is no number.
    """
    if kind.dims or not (kind.dtype.numeric or kind.dtype is DataType.BOOL):
        return True
    given = set(map(type, values)) - {type(None)}
    for odd in given - _PLAIN:
        if not issubclass(odd, (bool, int, float)):
            raise ValueError(f"field {name} is declared as {kind.dtype.value} and got a value of type {odd.__name__}")  # noqa: TRY004 - of the value
    if kind.dtype is DataType.FLOAT64 or not given:
        return True
    numbers = [value for value in values if value is not None]
    if kind.dtype.floating:
        return not any(_LARGEST_FLOAT32 < abs(number) < np.inf for number in numbers)
    if kind.dtype is DataType.BOOL or not all(issubclass(each, int) for each in given):
        return given == {bool} and kind.dtype is DataType.BOOL
    bounds = np.iinfo(kind.dtype.value)
    return bool(bounds.min <= min(numbers) and max(numbers) <= bounds.max)


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
