from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.series import widened as widened_words
from ocs.store.archive.reading.widening import (
    QUALITY_TYPE,
    as_type,
    fitted,
    quality_words,
    valid,
    widened,
    widened_type,
)

NUMBERS = {
    DataType.BOOL: pa.bool_(), DataType.INT8: pa.int8(), DataType.INT16: pa.int16(), DataType.INT32: pa.int32(),
    DataType.INT64: pa.int64(), DataType.UINT8: pa.uint8(), DataType.UINT16: pa.uint16(), DataType.UINT32: pa.uint32(),
    DataType.UINT64: pa.uint64(), DataType.FLOAT32: pa.float32(), DataType.FLOAT64: pa.float64(),
    DataType.STR: pa.string(),
}  # fmt: skip
LIST = pa.list_(pa.float64())


@given(st.lists(st.sampled_from(list(NUMBERS)), min_size=1, max_size=4))
def test_arrow_types_widen_as_the_types_of_the_model_do(kinds: list[DataType]) -> None:
    assert widened_type([NUMBERS[kind] for kind in kinds]) == NUMBERS[widened_words(kinds)]


@pytest.mark.parametrize(
    ("kinds", "wide"),
    [
        ([pa.list_(pa.int16()), LIST], LIST),
        ([pa.list_(pa.list_(pa.int16())), pa.list_(pa.list_(pa.bool_()))], pa.list_(pa.list_(pa.int64()))),
        ([LIST, pa.list_(LIST)], pa.string()),
        ([LIST, pa.float64()], pa.string()),
        ([pa.binary(), pa.string()], pa.string()),
        ([pa.binary(), pa.binary()], pa.binary()),
    ],
)
def test_lists_widen_by_their_elements_and_what_does_not_fit_is_text(kinds: list[Any], wide: Any) -> None:
    assert widened_type(kinds) == wide


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        ([1.5, None, 1e300], pa.float64(), ["1.5", None, "1e+300"]),
        ([3, None], pa.int16(), ["3", None]),
        ([True, False], pa.bool_(), ["true", "false"]),
        ([[1.5, 2], None], LIST, ["[1.5, 2.0]", None]),
        ([b"abc\xff", None], pa.binary(), ["abc\\xff", None]),
        (["a", None], pa.string(), ["a", None]),
    ],
)
def test_whatever_becomes_a_text_can_be_read(values: list[Any], kind: Any, texts: list[str | None]) -> None:
    assert as_type(pa.chunked_array([values], type=kind), pa.string()).to_pylist() == texts


def test_lists_that_are_missing_in_one_piece_and_there_in_another_are_one_column_of_texts() -> None:
    column = pa.chunked_array([pa.array([None, None], LIST), pa.array([[1.5], None], LIST)])

    assert as_type(column, pa.string()).to_pylist() == [None, None, "[1.5]", None]


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_integers_among_floats_are_the_nearest_floats(values: list[int | None]) -> None:
    cast = as_type(pa.chunked_array([values], type=pa.int64()), pa.float64())

    assert cast.to_pylist() == [None if value is None else float(value) for value in values]


def test_a_table_gets_the_columns_of_others_and_keeps_its_rows() -> None:
    old = pa.table({"time": [1, 2], "x": pa.array([1, 2], pa.int32()), "gone": ["a", "b"]})
    new = pa.table({"time": [3], "x": [0.5], "y": [True], "x:quality": valid(1)})
    schema = widened([old.schema, new.schema])

    assert schema.names == ["time", "x", "x:quality", "gone", "y"]
    assert pa.concat_tables([fitted(old, schema), fitted(new, schema)]).to_pylist() == [
        {"time": 1, "x": 1.0, "gone": "a", "y": None, "x:quality": "VALID"},
        {"time": 2, "x": 2.0, "gone": "b", "y": None, "x:quality": "VALID"},
        {"time": 3, "x": 0.5, "gone": None, "y": True, "x:quality": "VALID"},
    ]


def test_the_word_of_a_type_goes_when_the_column_got_another_type() -> None:
    whole = pa.schema([pa.field("x", pa.int8(), metadata={"dtype": "int8", "unit": "K"})])

    assert widened([whole, whole]).field("x").metadata == {b"dtype": b"int8", b"unit": b"K"}
    assert widened([pa.schema([pa.field("x", pa.string())]), whole]).field("x").metadata == {b"unit": b"K"}


def test_what_the_newest_says_of_a_column_holds() -> None:
    schemas = [pa.schema([pa.field("x", pa.int8(), metadata={"unit": unit})]) for unit in ("", "K")]

    assert widened(schemas).field("x").metadata == {b"unit": b"K"}


def test_qualities_are_words_and_none_is_valid() -> None:
    words = quality_words(pa.chunked_array([[0, 4], [None, 3]], type=pa.uint8()))

    assert words.type == QUALITY_TYPE
    assert words.to_pylist() == ["VALID", "INVALID", "VALID", "ALARM"]
