"""Numbers and names as the thermometer writes and keeps them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.lakeshore240.reply import Query, checked_input, checked_name, fields, number, whole
from ocs.model.errors import DeviceError, OutOfRangeError, ParameterError


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_number_is_read(value: float) -> None:
    assert number(f" {value!r} ") == value


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "1_0", "0x1", "1,0", "+", ".", "--1"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        number(text)


@pytest.mark.parametrize("text", ["", "1.0", "1e3", "a"])
def test_what_is_no_integer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        whole(text)


def test_fields_are_counted() -> None:
    assert fields("a, b ,c", 3) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="a,b"):
        fields("a,b", 3)


@pytest.mark.parametrize("index", [0, 9, -1])
def test_an_input_that_no_module_has_is_refused(index: int) -> None:
    with pytest.raises(OutOfRangeError, match="1 to 8"):
        checked_input(index)


@pytest.mark.parametrize("name", ["a,b", "a\r\nCRVDEL 1", "sixteen letters!", "Ä"])
def test_a_name_that_would_spoil_the_line_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="cannot be a name"):
        checked_name(name)


def test_nonsense_is_refused_with_question_reply_and_expectation() -> None:
    with pytest.raises(DeviceError, match=r"'\?\?' to 'KRDG\? 1'; expected was a number in K"):
        Query("KRDG? 1", number, "a number in K").parse("??")
