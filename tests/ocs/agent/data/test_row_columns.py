"""Rows turned into columns: one type a field, no digit lost, and a type that only widens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.agent.data.row_columns import NO_QUALITY, Chunk, Columns, Kinds, Rows, chunk_bytes, nanoseconds, values_bytes
from ocs.model.datatype import DataType
from ocs.model.quality import Quality
from ocs.model.series import QUALITIES, FieldType
from ocs.wire.plain import sendable

VALUES = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), st.text(max_size=5), st.none()
)


def undeclared() -> Kinds:
    return Kinds(dict)


def declared(**types: FieldType) -> Kinds:
    return Kinds(lambda: types)


def one(values: list[Any], kinds: Kinds | None = None, name: str = "x") -> tuple[FieldType, Any]:
    rows = Rows((name,))
    for number, value in enumerate(values):
        rows.add(float(number), (value,), NO_QUALITY)
    (chunk,) = rows.chunks(kinds or undeclared())
    return chunk.fields[name], chunk.columns[name]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1.5, 2.0], DataType.FLOAT64),
        ([1, 2], DataType.INT64),
        ([True, False], DataType.BOOL),
        ([1, 2.5], DataType.FLOAT64),
        ([True, 3], DataType.INT64),
        ([2**63, 1], DataType.UINT64),
        ([2**63, -1], DataType.FLOAT64),
        (["a", "b"], DataType.STR),
        (["a", 1.5], DataType.STR),
        ([None, None], DataType.FLOAT64),
    ],
)
def test_what_nobody_declared_gets_the_type_that_holds_all_values(values: list[Any], dtype: DataType) -> None:
    assert one(values)[0] == FieldType(dtype)


@given(values=st.lists(VALUES, min_size=1, max_size=20))
def test_every_value_comes_through(values: list[Any]) -> None:
    kind, column = one(values)

    for given_value, kept in zip(values, list(column), strict=True):
        if given_value is None:
            assert kept is None or math.isnan(kept)
        elif kind.dtype is DataType.STR:
            assert kept == sendable(str(given_value))
        elif kind.dtype is DataType.FLOAT64:
            assert kept == float(given_value)
        else:
            assert kept == given_value


@given(groups=st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=2, max_size=6))
def test_a_type_once_wide_stays_wide(groups: list[list[Any]]) -> None:
    kinds = undeclared()
    order = [DataType.BOOL, DataType.INT64, DataType.UINT64, DataType.FLOAT64, DataType.STR]

    seen = [order.index(one(values, kinds)[0].dtype) for values in groups]

    assert seen == sorted(seen)


def test_a_declared_type_is_taken_with_unit_and_labels() -> None:
    kind = FieldType(DataType.ENUM, labels=("off", "on"))

    assert one(["on", None, "off"], declared(x=kind)) == (kind, ["on", None, "off"])


@pytest.mark.parametrize(
    ("dtype", "values", "kept"),
    [
        (DataType.INT64, [1, 1.7], DataType.FLOAT64),
        (DataType.INT8, [1, 300], DataType.INT64),
        (DataType.UINT16, [-1], DataType.INT64),
        (DataType.INT64, [2**63], DataType.UINT64),
        (DataType.BOOL, [True, 2], DataType.INT64),
        (DataType.BOOL, [0.5], DataType.FLOAT64),
        (DataType.FLOAT32, [1e39, 0.5], DataType.FLOAT64),
        (DataType.FLOAT32, [math.inf, 0.5, 1], DataType.FLOAT32),
        (DataType.INT8, [True, -128, None], DataType.INT8),
        (DataType.FLOAT64, [1, True, 0.5, None], DataType.FLOAT64),
    ],
)
def test_a_number_that_a_declared_type_does_not_hold_is_kept_as_it_is(
    dtype: DataType, values: list[Any], kept: DataType
) -> None:
    kinds = declared(x=FieldType(dtype, unit="K"))

    for kind, column in (one(values, kinds), _as_columns(values, declared(x=FieldType(dtype, unit="K")))):
        assert kind == FieldType(kept, unit="K")
        assert [value for value in list(column) if value is not None and value == value] == [  # noqa: PLR0124 - NaN
            value for value in values if value is not None
        ]


def _as_columns(values: list[Any], kinds: Kinds) -> tuple[FieldType, Any]:
    chunk = columns({"x": values}, kinds)
    return chunk.fields["x"], chunk.columns["x"]


def test_a_declared_type_that_was_too_narrow_once_is_wide_from_then_on() -> None:
    kinds = declared(x=FieldType(DataType.INT64, unit="K"))

    types = [one(values, kinds)[0].dtype for values in ([1], [1.5], [2])]

    assert types == [DataType.INT64, DataType.FLOAT64, DataType.FLOAT64]


@pytest.mark.parametrize("dtype", [DataType.FLOAT64, DataType.FLOAT32, DataType.INT16, DataType.BOOL])
@pytest.mark.parametrize("value", ["1.5", "no", b"1", [1.0]])
def test_where_a_number_is_declared_nothing_else_is_taken_for_one(dtype: DataType, value: Any) -> None:
    with pytest.raises(ValueError, match=f"field x is declared as {dtype.value}"):
        one([value], declared(x=FieldType(dtype)))


def test_rows_are_halved_with_all_that_they_have() -> None:
    rows = Rows(("x",))
    for number in range(3):
        rows.add(float(number), (number,), {"x": Quality.ALARM} if number == 2 else NO_QUALITY)

    first, second = rows.halves()

    assert (first.times, first.values, first.qualities) == ([0.0], [(0,)], {})
    assert (second.times, second.values, second.qualities) == ([1.0, 2.0], [(1,), (2,)], {1: {"x": Quality.ALARM}})
    assert first.halves() == ()


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf, 1e12])
def test_what_is_no_instant_is_refused(time: float) -> None:
    with pytest.raises(ValueError, match="time stamp"):
        nanoseconds(np.array([0.0, time]))


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ([1.0, 2, True, None], 32),
        (["a" * 100], 108),
        ([np.zeros(10), 1.0], 96),
        ([[1.0, 2.0], [[1.0]]], 48),
        ([{"key": [1.0]}], 35),
    ],
)
def test_the_size_of_values_counts_all_that_is_in_them(values: list[Any], size: int) -> None:
    assert values_bytes(values) == size


def test_a_missing_number_is_nan_where_a_float_is_declared_and_none_else() -> None:
    _, floats = one([1.0, None], declared(x=FieldType(DataType.FLOAT32, unit="K")))
    _, whole = one([1, None], declared(x=FieldType(DataType.INT16)))

    assert floats.dtype == np.float32
    assert np.isnan(floats[1])
    assert whole == [1, None]


def test_arrays_of_one_shape_become_one_array_and_others_lists() -> None:
    kind = FieldType(DataType.FLOAT64, dims=1)

    _, same = one([np.array([1.0, 2.0]), np.array([3.0, 4.0])], declared(x=kind))
    _, ragged = one([np.array([1.0]), np.array([3.0, 4.0])], declared(x=kind))

    assert same.shape == (2, 2)
    assert ragged == [[1.0], [3.0, 4.0]]


@given(times=st.lists(st.floats(0, 4e9), min_size=1, max_size=20))
def test_no_digit_of_an_instant_is_lost(times: list[float]) -> None:
    rows = Rows(("x",))
    for time in times:
        rows.add(time, (0.0,), NO_QUALITY)

    (chunk,) = rows.chunks(undeclared())

    assert chunk.times.dtype == np.int64
    for time, kept in zip(times, chunk.times.tolist(), strict=True):
        assert abs(kept - round(time * 10**9)) <= max(1, math.ulp(time) * 1e9)


def test_qualities_are_columns_of_those_fields_that_have_some() -> None:
    rows = Rows(("a", "b"))
    for quality in ({}, {"b": Quality.ALARM}, {"b": Quality.INVALID}):
        rows.add(0.0, (1.0, 2.0), quality)

    (chunk,) = rows.chunks(undeclared())

    assert set(chunk.quality) == {"b"}
    assert [QUALITIES[number] for number in chunk.quality["b"]] == [Quality.VALID, Quality.ALARM, Quality.INVALID]


def columns(data: Mapping[str, Any], kinds: Kinds | None = None) -> Chunk:
    length = len(next(iter(data.values())))
    (chunk,) = Columns(np.arange(length, dtype=float), data).chunks(kinds or undeclared())
    return chunk


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_column_of_numbers_keeps_its_type_whatever_its_byte_order(dtype: str, order: Any) -> None:
    array = np.array([0, 1, 1], dtype=np.dtype(dtype).newbyteorder(order))

    chunk = columns({"x": array})

    assert chunk.fields["x"] == FieldType(DataType(dtype))
    np.testing.assert_array_equal(chunk.columns["x"], array)


@pytest.mark.parametrize("dtype", [DataType.ENUM, DataType.STATE, DataType.RECORD, DataType.STR])
def test_numbers_for_a_field_that_is_declared_as_none_are_kept_as_numbers(dtype: DataType) -> None:
    chunk = columns({"x": np.array([0, 1])}, declared(x=FieldType(dtype)))

    assert chunk.fields["x"] == FieldType(DataType.INT64)
    assert chunk.columns["x"].tolist() == [0, 1]


def test_arrays_of_another_type_or_shape_than_declared_keep_theirs_and_the_unit() -> None:
    kinds = declared(x=FieldType(DataType.FLOAT64, unit="K"), y=FieldType(DataType.FLOAT64, unit="V"))

    chunk = columns({"x": np.zeros(2, dtype=np.float32), "y": np.zeros((2, 3))}, kinds)

    assert chunk.fields == {"x": FieldType(DataType.FLOAT32, unit="K"), "y": FieldType(DataType.FLOAT64, 1, "V")}


def test_half_floats_become_floats_and_many_dimensions_two() -> None:
    chunk = columns({"half": np.zeros(2, dtype=np.float16), "cube": np.zeros((2, 3, 4, 5))})

    assert chunk.fields["half"] == FieldType(DataType.FLOAT32)
    assert chunk.columns["cube"].shape == (2, 60)
    assert chunk.fields["cube"].dims == 1


def test_texts_beside_numbers_and_numbers_after_floats() -> None:
    kinds = undeclared()
    columns({"x": np.array([1.5]), "y": ["a"]}, kinds)

    chunk = columns({"x": np.array([1, 2]), "y": np.array([1, 2])}, kinds)

    assert chunk.columns["x"].dtype == np.float64
    assert chunk.columns["y"] == ["1", "2"]


def test_the_size_of_a_chunk_is_about_that_of_its_bytes() -> None:
    chunk = columns({"x": np.zeros(1000), "y": np.zeros(1000, dtype=np.float32)})

    assert chunk_bytes(chunk) == 8000 + 8000 + 4000
