from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.errors import ParameterError
from ocs.model.series import Batch, FieldType
from ocs.store.archive.journal.columns import arrow_arrays, with_fields
from tests.ocs.store.archive.batches import KEY

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
numbers = st.sampled_from([kind for kind in DataType if kind.numeric])


def batch_with(kind: FieldType, column: list[Any]) -> Batch:
    return Batch(KEY, 1, 1, np.arange(len(column)), {"x": kind}, {"x": column})


def kept(kind: FieldType, column: list[Any]) -> Any:
    (array,) = arrow_arrays(batch_with(kind, column))
    array.validate(full=True)
    return array.to_pylist()


@given(st.builds(FieldType, st.sampled_from(DataType), st.integers(0, 2)), st.lists(anything, max_size=3))
def test_whatever_comes_is_kept_row_by_row_or_refused(kind: FieldType, column: list[Any]) -> None:
    try:
        found = kept(kind, column)
    except ParameterError:
        return  # any other exception fails
    assert [value is None for value in found] == [value is None for value in column]


@given(st.sampled_from(list(BOUNDS)), st.lists(st.none() | st.booleans() | st.floats() | st.integers(-300, 70_000)))
def test_a_whole_number_is_kept_as_it_is_or_refused(kind: DataType, column: list[Any]) -> None:
    low, high = BOUNDS[kind]
    good = all(value is None or (low <= value <= high and value == value // 1) for value in column)

    if good:
        assert kept(FieldType(kind), column) == column
    else:
        with pytest.raises(ParameterError, match="field x"):
            kept(FieldType(kind), column)


@pytest.mark.parametrize("column", [[1.5], [[1.5]], [[None, 2.0, 2.5]], [float("nan")], [float("inf")]])
def test_a_fraction_is_not_cut_off_where_whole_numbers_belong(column: list[Any]) -> None:
    dims = int(isinstance(column[0], list))

    with pytest.raises(ParameterError, match="no whole number"):
        kept(FieldType(DataType.INT32, dims), column)


def test_truth_values_among_whole_numbers_are_numbers() -> None:
    assert kept(FieldType(DataType.INT64), [True, None, 7]) == [1, None, 7]


@pytest.mark.parametrize("number", [2**53 + 1, -(2**63) + 1, 2**64])
def test_a_whole_number_that_is_no_float_becomes_the_nearest(number: int) -> None:
    assert kept(FieldType(DataType.FLOAT64), [number, None]) == [float(number), None]
    assert kept(FieldType(DataType.FLOAT64, 1), [[number], []]) == [[float(number)], []]


@pytest.mark.parametrize("value", ["abc", {"a": "b"}, ["ab", ["c"]]])
def test_a_text_is_no_list_of_its_letters(value: object) -> None:
    with pytest.raises(ParameterError, match="field x has a value that is no str"):
        kept(FieldType(DataType.STR, 1), [value])
    with pytest.raises(ParameterError, match="field x has a value that is no str"):
        kept(FieldType(DataType.STR, 2), [[value]])


def test_a_list_of_records_is_a_list_of_their_texts() -> None:
    (found,) = kept(FieldType(DataType.RECORD, 1), [[{"a": 1}, None, {"b": b"x"}]])

    assert [None if text is None else json.loads(text) for text in found] == [{"a": 1}, None, {"b": "x"}]


def test_a_record_of_endless_depth_is_refused_like_any_other_value() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}

    with pytest.raises(ParameterError, match="field x has a value that is no record"):
        kept(FieldType(DataType.RECORD), [deep])


@given(numbers.filter(lambda kind: kind.integer) | st.just(DataType.BOOL), st.lists(anything, max_size=3))
def test_what_becomes_floats_is_what_its_own_type_takes(kind: DataType, column: list[Any]) -> None:
    given_batch = batch_with(FieldType(kind), column)
    wanted = {"x": FieldType(DataType.FLOAT64)}
    try:
        (exact,) = arrow_arrays(given_batch)
    except ParameterError:
        with pytest.raises(ParameterError, match="field x has a value that is no"):
            with_fields(given_batch, wanted)
        return

    found = with_fields(given_batch, wanted).columns["x"]

    assert found.dtype == np.float64
    assert np.array_equal(found, [np.nan if value is None else float(value) for value in exact.to_pylist()], True)
