from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError
from ocs.model.series import Batch, FieldType
from ocs.store.archive.journal.columns import (
    arrow_arrays,
    arrow_fields,
    arrow_type,
    fields_of,
    times_array,
    with_fields,
)
from tests.ocs.store.archive.batches import KEY, batches, kinds, plain

fields = st.dictionaries(st.sampled_from(["x", "y", "time", "epoch", "seq"]), kinds, max_size=4)


def batch_with(kind: FieldType, column: Any) -> Batch:
    return Batch(KEY, 1, 1, np.arange(len(column)), {"x": kind}, {"x": column})


@given(fields)
def test_fields_come_back_from_the_columns_that_they_make(given_fields: dict[str, FieldType]) -> None:
    schema = pa.schema([pa.field("time", pa.int64()), *arrow_fields(given_fields, list(given_fields)[:1])])

    assert fields_of(schema) == given_fields
    assert list(fields_of(schema)) == list(given_fields)


@given(batches())
def test_values_of_all_types_are_in_the_columns_as_they_were(batch: Batch) -> None:
    schema = pa.schema(arrow_fields(batch.fields, sorted(batch.quality)))
    rows = pa.RecordBatch.from_arrays(arrow_arrays(batch), schema=schema)

    rows.validate(full=True)
    for column, (name, kind) in zip(rows.columns, batch.fields.items(), strict=False):
        found = column.to_pylist()
        if kind.dtype is DataType.RECORD:
            found = [None if value is None else json.loads(value) for value in found]
        assert plain(found) == plain(batch.columns[name])
    for name, numbers in batch.quality.items():
        assert plain(rows.columns[len(batch.fields) + sorted(batch.quality).index(name)].to_pylist()) == plain(numbers)


def test_numbers_are_taken_as_they_lie_in_what_came() -> None:
    came = np.arange(10.0).tobytes()
    batch = batch_with(FieldType(DataType.FLOAT64), np.frombuffer(came))

    (array,) = arrow_arrays(batch)

    assert array.buffers()[1].address == np.frombuffer(came).ctypes.data
    assert times_array(batch.times).buffers()[1].address == batch.times.ctypes.data


@pytest.mark.parametrize("shape", [(4, 3), (4, 0), (0, 3), (4, 2, 3), (4, 0, 3), (4, 2, 0), (4, 1, 1)])
def test_arrays_of_any_shape_are_lists_of_their_lengths(shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)

    (array,) = arrow_arrays(batch_with(FieldType(DataType.INT32, len(shape) - 1), values))

    assert array.to_pylist() == values.tolist()
    assert array.type == arrow_type(FieldType(DataType.INT32, len(shape) - 1))


def test_arrays_in_another_order_of_memory_keep_their_rows() -> None:
    values = np.arange(6.0).reshape(2, 3).T

    (array,) = arrow_arrays(batch_with(FieldType(DataType.FLOAT64, 1), values))

    assert array.to_pylist() == values.tolist()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (FieldType(DataType.INT32), "text"),
        (FieldType(DataType.INT8), 1000),
        (FieldType(DataType.FLOAT64, 1), 5.0),
        (FieldType(DataType.BYTES), 5),
        (FieldType(DataType.RECORD), {"a": object()}),
        (FieldType(DataType.STR, 1), [1, "a"]),
        (FieldType(DataType.UINT8), -1),
    ],
)
def test_values_that_do_not_go_with_their_type_are_refused_by_the_name_of_the_field(
    kind: FieldType, value: object
) -> None:
    with pytest.raises(ParameterError, match=f"field x has a value that is no {kind.dtype.value}"):
        arrow_arrays(batch_with(kind, [value]))


def test_an_enum_whose_value_is_no_text_is_kept_as_text() -> None:
    (array,) = arrow_arrays(batch_with(FieldType(DataType.ENUM), ["on", 7, None]))

    assert array.to_pylist() == ["on", "7", None]


def test_bytes_in_a_record_are_kept_as_text() -> None:
    (array,) = arrow_arrays(batch_with(FieldType(DataType.RECORD), [{"raw": b"ab\xff"}]))

    assert json.loads(array.to_pylist()[0]) == {"raw": "ab\\xff"}


@pytest.mark.parametrize("column", [np.array([1, 2, 3], np.int16), [1, 2, 3], np.array([True, True, True])])
def test_whole_numbers_become_floats_where_these_are_wanted(column: Any) -> None:
    wanted = {"x": FieldType(DataType.FLOAT64, unit="K")}
    given_batch = batch_with(FieldType(DataType.INT16, unit="K"), column)

    batch = with_fields(given_batch, wanted)

    assert batch.fields == wanted
    assert batch.columns["x"].dtype == np.float64
    assert batch.columns["x"].tolist() == [float(value) for value in column]


def test_a_whole_number_that_is_missing_becomes_no_number() -> None:
    batch = with_fields(batch_with(FieldType(DataType.INT16), [1, None]), {"x": FieldType(DataType.FLOAT64)})

    assert plain(batch.columns["x"]) == [1.0, "nan"]
