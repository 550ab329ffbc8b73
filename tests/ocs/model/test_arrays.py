from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from ocs.model.arrays import array_check
from ocs.model.datatype import DataType, Format
from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.scalars import Check, scalar_check

NUMBERS = [dtype for dtype in DataType if dtype.numeric]


def spectrum(dtype: DataType = DataType.FLOAT64, max_x: int = 10) -> Check:
    return array_check(dtype, Format.SPECTRUM, max_x, 0, scalar_check(dtype, ["off", "on"]))


def image(dtype: DataType = DataType.FLOAT64, max_x: int = 3, max_y: int = 2) -> Check:
    return array_check(dtype, Format.IMAGE, max_x, max_y, scalar_check(dtype, ["off", "on"]))


@given(
    st.sampled_from([*NUMBERS, DataType.BOOL]),
    stnp.arrays(
        st.sampled_from([np.int8, np.int64, np.uint16, np.uint64, np.float32, np.float64, np.bool_]),
        st.integers(0, 6),
    ),
)
def test_an_array_is_taken_exactly_when_each_of_its_elements_is(dtype: DataType, array: np.ndarray[Any, Any]) -> None:
    one = scalar_check(dtype)
    try:
        expected = np.array([one(element, "x") for element in array], dtype=dtype.value)
    except ParameterError:
        with pytest.raises(ParameterError):
            spectrum(dtype)(array, "x")
        return

    checked = spectrum(dtype)(array, "x")

    assert checked.dtype == np.dtype(dtype.value)
    np.testing.assert_array_equal(checked, expected)


@given(
    st.sampled_from(NUMBERS), st.lists(st.one_of(st.integers(-(2**66), 2**66), st.floats(), st.booleans()), max_size=5)
)
def test_a_list_is_taken_exactly_when_each_of_its_elements_is(dtype: DataType, values: list[Any]) -> None:
    one = scalar_check(dtype)
    try:
        expected = np.array([one(element, "x") for element in values], dtype=dtype.value)
    except ParameterError:
        with pytest.raises(ParameterError):
            spectrum(dtype)(values, "x")
        return

    np.testing.assert_array_equal(spectrum(dtype)(values, "x"), expected)


@pytest.mark.parametrize(("dtype", "value"), [(DataType.UINT8, -1), (DataType.UINT8, 256), (DataType.INT8, -129)])
def test_an_element_that_does_not_fit_the_width_is_out_of_range_and_does_not_wrap(dtype: DataType, value: int) -> None:
    for values in ([0, value], np.array([0, value])):
        with pytest.raises(OutOfRangeError, match=rf"trace\[1\] is {value}; it must be"):
            spectrum(dtype)(values, "trace")


def test_an_array_has_the_declared_type_and_lies_in_c_order() -> None:
    turned = np.arange(6, dtype=">f4").reshape(3, 2).T

    checked = image(DataType.FLOAT64)(turned, "frame")

    assert checked.dtype == np.float64
    assert checked.flags.c_contiguous
    assert checked.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_a_driver_may_use_its_buffer_again() -> None:
    buffer = np.zeros(3)
    checked = spectrum()(buffer, "trace")

    buffer[0] = 1

    assert checked[0] == 0


@pytest.mark.parametrize("values", [[], (), np.array([]), np.array([], dtype=np.int8), range(0)])
def test_an_empty_spectrum_is_legal(values: Any) -> None:
    assert spectrum(DataType.UINT8)(values, "trace").shape == (0,)


@pytest.mark.parametrize("values", [[], np.zeros(0), np.zeros((0, 0))])
def test_an_empty_image_is_legal(values: Any) -> None:
    assert image()(values, "frame").shape == (0, 0)


def test_as_many_elements_as_declared_are_taken_and_not_one_more() -> None:
    assert len(spectrum()(range(10), "trace")) == 10

    with pytest.raises(OutOfRangeError, match="trace has 11 values; it holds at most 10") as refused:
        spectrum()(range(11), "trace")

    assert (refused.value.given, refused.value.limit) == (11, 10)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[1, 2, 3, 4]], "frame has 4 columns; it holds at most 3"),
        ([[1], [2], [3]], "frame has 3 rows; it holds at most 2"),
        (np.zeros((2, 4)), "frame has 4 columns; it holds at most 3"),
    ],
)
def test_an_image_keeps_to_both_of_its_sizes(values: Any, sentence: str) -> None:
    with pytest.raises(OutOfRangeError, match=sentence):
        image()(values, "frame")


def test_rows_of_an_image_have_one_length() -> None:
    with pytest.raises(ParameterError, match="row 1 of frame has 1 values and row 0 has 2"):
        image()([[1, 2], [3]], "frame")


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), [[1, 2], [3, 4]], [np.zeros(2)], np.array(1.0)])
def test_a_spectrum_has_one_dimension(wrong: Any) -> None:
    with pytest.raises(ParameterError, match=r"dimensions; it must be .* of one dimension"):
        spectrum()(wrong, "trace")


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((1, 1, 1)), [1, 2], 5.0, "ab"])
def test_an_image_has_two_dimensions(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="frame"):
        image()(wrong, "frame")


@pytest.mark.parametrize("wrong", [1.0, np.float64(1), "123", b"123", {1: 2}, {1, 2}, None, object()])
def test_a_single_value_a_text_or_a_map_is_no_spectrum(wrong: Any) -> None:
    with pytest.raises(ParameterError, match=r"a list or an array|no value"):
        spectrum()(wrong, "trace")


@pytest.mark.parametrize(
    ("values", "place"), [([1, True], 1), (["1"], 0), ([0.0, None], 1), ([1, [2]], 1), ([2, 1j], 1)]
)
def test_the_element_that_is_wrong_is_named(values: Any, place: int) -> None:
    with pytest.raises(ParameterError, match=rf"^trace\[{place}\]"):
        spectrum()(values, "trace")


def test_the_largest_numbers_of_64_bit_stay_exact() -> None:
    values = [2**64 - 1, 2**63 + 1, 0]

    assert spectrum(DataType.UINT64)(values, "counter").tolist() == values


def test_whatever_gives_an_array_serves_as_one() -> None:
    class Frame:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
            return np.arange(3.0)

    assert spectrum()(Frame(), "trace").tolist() == [0, 1, 2]


def test_spectra_and_images_of_words_are_lists() -> None:
    assert spectrum(DataType.ENUM)((1, "off"), "switches") == ["on", "off"]
    assert spectrum(DataType.STATE)([3, "on"], "states") == ["OPEN", "ON"]
    assert image(DataType.STR)(np.array([["a", "b"]]), "names") == [["a", "b"]]


def test_a_wrong_word_in_an_image_is_named() -> None:
    with pytest.raises(OutOfRangeError, match=r"frame\[1\]\[0\] is 'red'"):
        image(DataType.ENUM)([["on"], ["red"]], "frame")
