"""Values of channels and settings as words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.cli.channel_values import read_channel_value, read_setting
from ocs.model.config_rules import check_setting
from ocs.model.datatype import DataType, Format
from ocs.model.errors import ParameterError
from ocs.model.valuetype import ValueType

SPECTRUM = ValueType(DataType.FLOAT64, Format.SPECTRUM, 10)
IMAGE = ValueType(DataType.INT16, Format.IMAGE, 10, 10)
RECORD = ValueType(DataType.RECORD, Format.RECORD)


def scalar(dtype: DataType) -> ValueType:
    return ValueType(dtype, labels=("SLOW", "FAST") if dtype is DataType.ENUM else ())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(number: float) -> None:
    assert read_channel_value("x", repr(number), scalar(DataType.FLOAT64)) == number


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=10))
def test_spectra_come_back_with_commas_and_as_json(numbers: list[float]) -> None:
    assert read_channel_value("x", ",".join(map(repr, numbers)), SPECTRUM) == numbers
    assert read_channel_value("x", json.dumps(numbers), SPECTRUM) == numbers


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12", scalar(DataType.INT32), 12),
        ("0x10", scalar(DataType.UINT8), 16),
        ("on", scalar(DataType.BOOL), True),
        ("No", scalar(DataType.BOOL), False),
        ("12", scalar(DataType.STR), "12"),
        ("", scalar(DataType.STR), ""),
        ("FAST", scalar(DataType.ENUM), "FAST"),
        ("01ff", scalar(DataType.BYTES), b"\x01\xff"),
        ("", SPECTRUM, []),
        ("yes, no", ValueType(DataType.BOOL, Format.SPECTRUM, 4), [True, False]),
        ("[[1, 2], [3, 4]]", IMAGE, [[1, 2], [3, 4]]),
        ('{"a": 1}', RECORD, {"a": 1}),
    ],
)
def test_a_word_has_the_type_of_its_channel(text: str, kind: ValueType, value: Any) -> None:
    found = read_channel_value("x", text, kind)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("hot", scalar(DataType.FLOAT64), "x is 'hot'; it must be a number in K"),
        ("1.5", scalar(DataType.INT8), "x is '1.5'; it must be a whole number in K"),
        ("maybe", scalar(DataType.BOOL), "x is 'maybe'; it must be yes or no"),
        ("1,b", SPECTRUM, "x is 'b'; it must be a list of numbers in K, as 1,2,3"),
        ("[1", SPECTRUM, "x is '[1'; it must be a list in JSON, as '[1, 2]'"),
        ("1,2", IMAGE, "x is '1,2'; it must be a list of rows in JSON, as '[[1, 2], [3, 4]]'"),
        ("[1]", RECORD, "x is '[1]'; it must be a map in JSON, as '{\"a\": 1}'"),
        ("xy", scalar(DataType.BYTES), "x is 'xy'; it must be bytes in hexadecimal, as 01ff"),
    ],
)
def test_a_word_that_means_no_value_is_told_in_one_sentence(text: str, kind: ValueType, sentence: str) -> None:
    with pytest.raises(ParameterError) as refused:
        read_channel_value("x", text, kind, "K")

    assert refused.value.message == sentence


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("max_alarm", "12.5", 12.5),
        ("max_alarm", "not specified", "Not specified"),
        ("max_alarm", "nan", "NaN"),
        ("max_alarm", "", ""),
        ("abs_change", "0.1", 0.1),
        ("abs_change", "0.1,0.2", [0.1, 0.2]),
        ("abs_change", "(inf, 0.2)", [None, 0.2]),
        ("label", "12", "12"),
        ("label", "NaN", "NaN"),
        ("enum_labels", "a, b", ["a", "b"]),
        ("no_such_key", "1", "1"),
    ],
)
def test_a_setting_is_a_number_a_pair_a_text_or_a_reset_word(key: str, text: str, value: Any) -> None:
    assert read_setting(key, text) == value


def test_a_setting_that_is_no_number_is_told_with_the_reset_words() -> None:
    with pytest.raises(ParameterError, match="max_alarm is 'high'; it must be a number, or one of the words"):
        read_setting("max_alarm", "high")


@given(st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, max_value=1e9))
def test_channels_take_the_thresholds_that_were_read(down: float, up: float) -> None:
    read = read_setting("rel_change", f"{down!r},{up!r}")

    assert check_setting("rel_change", read, scalar(DataType.FLOAT64)) == (down, up)
