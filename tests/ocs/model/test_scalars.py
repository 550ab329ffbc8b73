from __future__ import annotations

import math
from enum import Enum, IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.errors import ErrorCode, OutOfRangeError, ParameterError
from ocs.model.scalars import scalar_check
from ocs.model.tango_state import TangoState


class Filter(Enum):
    RED = "r"
    BLUE = "b"


class Number(IntEnum):
    RED = 7


def filter_check() -> Any:
    return scalar_check(DataType.ENUM, ["red", "blue"], Filter)


@given(st.floats())
def test_a_float_stays_what_it_is(value: float) -> None:
    checked = scalar_check(DataType.FLOAT64)(value, "temperature")

    assert checked == value or (math.isnan(checked) and math.isnan(value))


@given(st.sampled_from(sorted(BOUNDS, key=lambda dtype: dtype.value)), st.integers(-(2**70), 2**70))
def test_a_whole_number_is_taken_exactly_when_it_fits_the_width(dtype: DataType, value: int) -> None:
    low, high = BOUNDS[dtype]
    check = scalar_check(dtype)

    if low <= value <= high:
        assert check(value, "steps") == value
    else:
        with pytest.raises(OutOfRangeError) as refused:
            check(value, "steps")
        assert refused.value.limit == (high if value > high else low)


@pytest.mark.parametrize(("given_value", "plain"), [(np.int16(3), 3), (4.0, 4), (np.float32(5), 5), (Number.RED, 7)])
def test_a_float_without_fraction_and_numpys_numbers_are_whole(given_value: Any, plain: int) -> None:
    checked = scalar_check(DataType.INT32)(given_value, "steps")

    assert (checked, type(checked)) == (plain, int)


@pytest.mark.parametrize("wrong", [True, np.True_, 1.5, math.nan, math.inf, "3", b"3", [3], None, 3j])
def test_a_truth_value_a_fraction_and_a_text_are_no_whole_number(wrong: Any) -> None:
    with pytest.raises(ParameterError) as refused:
        scalar_check(DataType.INT32)(wrong, "steps")

    assert refused.value.code is ErrorCode.WRONG_TYPE
    assert refused.value.field == "steps"
    assert "steps" in refused.value.message


@pytest.mark.parametrize("given_value", [3, np.int64(3), np.float32(3), np.longdouble(3), np.array(3.0)])
def test_whole_numbers_and_numpys_numbers_serve_as_floats(given_value: Any) -> None:
    checked = scalar_check(DataType.FLOAT64)(given_value, "temperature")

    assert (checked, type(checked)) == (3.0, float)


@pytest.mark.parametrize("wrong", [True, np.False_, "3", b"3", [3.0], {}, 1j])
def test_a_truth_value_is_no_float(wrong: Any) -> None:
    with pytest.raises(ParameterError, match=r"temperature is .* it must be a number"):
        scalar_check(DataType.FLOAT64)(wrong, "temperature")


@pytest.mark.parametrize("dtype", [dtype for dtype in DataType if dtype is not DataType.RECORD])
def test_none_is_told_apart_from_a_wrong_type(dtype: DataType) -> None:
    with pytest.raises(ParameterError, match=r"^temperature gave no value \(None\)"):
        scalar_check(dtype, ["red"])(None, "temperature")


def test_a_float_of_32_bit_is_rounded_to_them() -> None:
    assert scalar_check(DataType.FLOAT32)(0.1, "gain") == float(np.float32(0.1))


@pytest.mark.parametrize("value", [1e39, -1e39, 2.0**128, 10**40])
def test_a_float_that_does_not_fit_32_bit_is_out_of_range(value: float) -> None:
    with pytest.raises(OutOfRangeError, match=r"it must be -3\.4028235e\+38 to"):
        scalar_check(DataType.FLOAT32)(value, "gain")


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_whole_number_that_no_float_can_hold_is_out_of_range(digits: int) -> None:
    with pytest.raises(OutOfRangeError, match="temperature is "):
        scalar_check(DataType.FLOAT64)(10**digits, "temperature")


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinities_fit_32_bit(value: float) -> None:
    assert scalar_check(DataType.FLOAT32)(value, "gain") == value


@pytest.mark.parametrize("given_value", ["blue", 1, 1.0, np.uint8(1), Filter.BLUE, np.str_("blue")])
def test_an_enum_is_given_by_label_number_or_member(given_value: Any) -> None:
    checked = filter_check()(given_value, "filter")

    assert (checked, type(checked)) == ("blue", str)


def test_a_member_of_another_class_counts_by_its_name() -> None:
    assert scalar_check(DataType.ENUM, ["RED", "BLUE"])(Number.RED, "filter") == "RED"


@pytest.mark.parametrize("wrong", ["green", "RED", 2, -1, Number.RED])
def test_an_unknown_label_is_out_of_range_and_the_labels_are_told(wrong: Any) -> None:
    with pytest.raises(OutOfRangeError, match="one of red, blue") as refused:
        filter_check()(wrong, "filter")

    assert refused.value.allowed == ["red", "blue"]


def test_a_number_beyond_the_labels_is_no_label_even_if_one_is_written_so() -> None:
    with pytest.raises(OutOfRangeError):
        scalar_check(DataType.ENUM, ["5", "6"])(5, "filter")


@pytest.mark.parametrize("wrong", [True, 0.5, [], b"red"])
def test_an_enum_is_no_truth_value_and_no_fraction(wrong: Any) -> None:
    with pytest.raises(ParameterError) as refused:
        filter_check()(wrong, "filter")

    assert refused.value.code is ErrorCode.WRONG_TYPE


@pytest.mark.parametrize("state", TangoState)
def test_a_state_is_given_by_member_word_or_number(state: TangoState) -> None:
    check = scalar_check(DataType.STATE)

    assert {check(given_value, "State") for given_value in (state, state.name, state.name.lower(), state.value)} == {
        state.name
    }


@pytest.mark.parametrize("wrong", ["BROKEN", 14, -1])
def test_an_unknown_state_is_out_of_range(wrong: Any) -> None:
    with pytest.raises(OutOfRangeError, match="one of ON, OFF"):
        scalar_check(DataType.STATE)(wrong, "State")


@pytest.mark.parametrize("wrong", [True, 1.5, b"ON", []])
def test_a_state_is_no_truth_value(wrong: Any) -> None:
    with pytest.raises(ParameterError):
        scalar_check(DataType.STATE)(wrong, "State")


@pytest.mark.parametrize("block", [b"ab", bytearray(b"ab"), memoryview(b"ab")])
def test_every_block_of_bytes_is_bytes(block: Any) -> None:
    checked = scalar_check(DataType.BYTES)(block, "image")

    assert (checked, type(checked)) == (b"ab", bytes)


@pytest.mark.parametrize(("dtype", "wrong"), [(DataType.STR, b"a"), (DataType.BYTES, "a"), (DataType.BOOL, 1)])
def test_texts_bytes_and_truth_values_are_not_made_from_each_other(dtype: DataType, wrong: Any) -> None:
    with pytest.raises(ParameterError):
        scalar_check(dtype)(wrong, "mode")


@pytest.mark.parametrize("value", [True, np.False_])
def test_numpys_truth_values_are_truth_values(value: Any) -> None:
    assert type(scalar_check(DataType.BOOL)(value, "open")) is bool
