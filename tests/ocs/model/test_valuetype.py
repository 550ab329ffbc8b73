from __future__ import annotations

import dataclasses
import math
from enum import Enum
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from ocs.model.datatype import DataType, Format
from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.tango_state import TangoState
from ocs.model.units import Limits, Unit
from ocs.model.valuetype import ValueType, limits_of, refuse_nan, unit_of, value_type


class Filter(Enum):
    RED = "r"
    BLUE = "b"
    CRIMSON = "r"  # noqa: PIE796 - an alias is no member of its own


class Curve(BaseModel):
    points: list[float]


class Nothing(Enum):
    pass


Kelvin = Annotated[float, Unit("K"), Limits(0, 400)]

SAMPLES = {
    DataType.BOOL: st.booleans(),
    DataType.FLOAT64: st.floats(allow_nan=False),
    DataType.FLOAT32: st.floats(allow_nan=False, width=32),
    DataType.INT8: st.integers(-128, 127),
    DataType.UINT64: st.integers(0, 2**64 - 1),
    DataType.STR: st.text(),
    DataType.ENUM: st.sampled_from(["a", "b"]),
    DataType.STATE: st.sampled_from([state.name for state in TangoState]),
}


@pytest.mark.parametrize("dtype", SAMPLES)
@given(data=st.data())
def test_a_checked_value_passes_again_unchanged(dtype: DataType, data: st.DataObject) -> None:
    values = data.draw(st.lists(SAMPLES[dtype], min_size=1, max_size=6))
    labels = ("a", "b") if dtype is DataType.ENUM else ()
    one = ValueType(dtype, labels=labels)
    row = ValueType(dtype, Format.SPECTRUM, 6, labels=labels)
    rows = ValueType(dtype, Format.IMAGE, 6, 2, labels=labels)

    for kind, value in ((one, values[0]), (row, values), (rows, [values, values])):
        checked = kind.check(value, "x")
        again = kind.check(checked, "x")

        assert type(again) is type(checked)
        np.testing.assert_array_equal(again, checked)
        np.testing.assert_array_equal(checked, value)


@pytest.mark.parametrize(
    ("annotation", "dtype"),
    [
        (bool, DataType.BOOL), (int, DataType.INT64), (float, DataType.FLOAT64), (str, DataType.STR),
        (bytes, DataType.BYTES), (np.uint8, DataType.UINT8), (np.float32, DataType.FLOAT32), (np.bool_, DataType.BOOL),
        (TangoState, DataType.STATE), (Filter, DataType.ENUM), (dict, DataType.RECORD), (Curve, DataType.RECORD),
        (Kelvin, DataType.FLOAT64), (dict[str, float], DataType.RECORD),
    ],
)  # fmt: skip
def test_an_annotation_tells_the_type(annotation: Any, dtype: DataType) -> None:
    assert value_type(annotation).dtype is dtype


def test_sizes_make_spectra_and_images() -> None:
    assert value_type(float).format is Format.SCALAR
    assert value_type(float, max_x=5) == ValueType(DataType.FLOAT64, Format.SPECTRUM, 5, 0)
    assert value_type(float, max_x=5, max_y=4) == ValueType(DataType.FLOAT64, Format.IMAGE, 5, 4)
    assert value_type(dict).format is Format.RECORD


def test_the_members_of_an_enum_are_its_labels() -> None:
    assert value_type(Filter).labels == ("RED", "BLUE")


@pytest.mark.parametrize(
    ("annotation", "options"),
    [
        (list[float], {}), (float | None, {}), (None, {}), ("float", {}), (np.float16, {}), (complex, {}),
        (float, {"max_y": 2}), (float, {"max_x": -1}), (dict, {"max_x": 2}), (bytes, {"max_x": 2}),
        (str, {"labels": ["a", "a"]}), (str, {"labels": ["a", " "]}), (str, {"labels": "ab"}), (int, {"labels": ["a"]}),
        (Nothing, {}),
    ],
)  # fmt: skip
def test_a_declaration_without_sense_is_refused(annotation: Any, options: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        value_type(annotation, **options)


def test_unit_and_limits_are_read_from_the_annotation() -> None:
    assert (unit_of(Kelvin), limits_of(Kelvin)) == ("K", (0, 400))
    assert (unit_of(float), limits_of(float)) == ("", (None, None))


def test_the_author_gets_members_of_the_enum() -> None:
    assert value_type(Filter).to_author("BLUE") is Filter.BLUE
    assert value_type(Filter, max_x=2).to_author(["RED", "BLUE"]) == [Filter.RED, Filter.BLUE]
    assert value_type(Filter, max_x=2, max_y=2).to_author([["RED"]]) == [[Filter.RED]]


def test_the_author_gets_the_model_of_the_record() -> None:
    kind = value_type(Curve)

    assert kind.to_author(kind.check({"points": [1]}, "curve")) == Curve(points=[1.0])


def test_the_author_gets_other_values_as_they_are() -> None:
    assert value_type(str, labels=["a"]).to_author("a") == "a"
    assert value_type(float).to_author(1.5) == 1.5


@pytest.mark.parametrize(
    ("kind", "value", "dims"),
    [
        (value_type(float), 1.0, (1, 0)),
        (value_type(float, max_x=9), np.zeros(4), (4, 0)),
        (value_type(str, max_x=9), ["a", "b"], (2, 0)),
        (value_type(float, max_x=9, max_y=9), np.zeros((2, 3)), (3, 2)),
        (value_type(str, max_x=9, max_y=9), [["a", "b", "c"], ["d", "e", "f"]], (3, 2)),
        (value_type(str, max_x=9, max_y=9), [], (0, 0)),
        (value_type(dict), {"a": 1}, (1, 0)),
    ],
)
def test_dimensions_are_columns_and_rows(kind: ValueType, value: Any, dims: tuple[int, int]) -> None:
    assert kind.dims(value) == dims


def test_labels_may_be_renamed_and_the_numbers_and_members_stay() -> None:
    renamed = value_type(Filter).with_labels(["rot", "blau"])

    assert renamed.check(1, "filter") == "blau"
    assert renamed.check(Filter.RED, "filter") == "rot"
    assert renamed.to_author("blau") is Filter.BLUE
    with pytest.raises(OutOfRangeError):
        renamed.check("RED", "filter")


@pytest.mark.parametrize("labels", [["a"], ["a", "b", "c"], ["a", "a"], ["a", ""], "ab", ["a", 1], []])
def test_labels_keep_their_number_and_are_unique_texts(labels: Any) -> None:
    with pytest.raises(ParameterError) as refused:
        value_type(Filter).with_labels(labels)

    assert refused.value.field == "enum_labels"


def test_only_an_enum_has_labels() -> None:
    with pytest.raises(ParameterError, match="float64 has no labels"):
        value_type(float).with_labels(["a"])


@pytest.mark.parametrize("value", [math.nan, math.inf, np.array([1, math.nan]), np.array([[-math.inf]])])
def test_nan_may_be_read_but_not_written(value: Any) -> None:
    with pytest.raises(OutOfRangeError, match=r"setpoint (is|contains) .*; it must be a finite number"):
        refuse_nan(value, "setpoint")


@pytest.mark.parametrize("value", [1.5, 3, "nan", True, b"", ["nan"], {"a": 1}, np.arange(3), np.zeros(0)])
def test_everything_finite_may_be_written(value: Any) -> None:
    refuse_nan(value, "setpoint")


def test_types_compare_by_what_clients_see() -> None:
    told = ValueType(DataType.ENUM, labels=("RED", "BLUE"))

    assert told == value_type(Filter)
    assert hash(told) == hash(value_type(Filter))
    assert dataclasses.replace(told, max_x=3) != told


def test_a_client_without_the_authors_class_can_still_check() -> None:
    record = ValueType(DataType.RECORD, Format.RECORD, schema=value_type(Curve).schema)

    assert record == value_type(Curve)
    assert record.check({"points": (1, 2)}, "curve") == {"points": [1, 2]}
    assert record.to_author({"points": [1]}) == {"points": [1]}
