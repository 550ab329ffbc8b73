"""Values of channels on the wire: every serialiser carries them, and they come back as they were."""

from __future__ import annotations

import json
import math
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ocs.wire.values import decode_value, encode_array, encode_value, special

DTYPES = st.one_of(
    arrays.boolean_dtypes(), arrays.integer_dtypes(), arrays.unsigned_integer_dtypes(), arrays.floating_dtypes()
).filter(lambda dtype: dtype.itemsize <= 8 and dtype.str[1:] != "f2")
ARRAYS = arrays.arrays(DTYPES, arrays.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=5))
TEXTS = st.text(alphabet=st.characters(), max_size=8)


def through_msgpack(value: Any) -> Any:
    return msgpack.unpackb(msgpack.packb(value, use_bin_type=True), raw=False)


@given(array=ARRAYS)
def test_an_array_comes_back_from_columns_as_it_was(array: np.ndarray[Any, Any]) -> None:
    back = decode_value(through_msgpack(encode_value(array, columns=True)))

    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("<")
    np.testing.assert_array_equal(back, array)


@given(array=ARRAYS)
def test_an_array_as_lists_is_json_with_null_for_what_is_no_number(array: np.ndarray[Any, Any]) -> None:
    told = json.loads(json.dumps(encode_value(array, columns=False), allow_nan=False))

    values = np.array(told, dtype=object).ravel().tolist()
    flat = array.ravel().tolist()
    good = [not isinstance(value, float) or math.isfinite(value) for value in flat]
    assert [value for value, known in zip(values, good, strict=True) if known] == [
        value for value, known in zip(flat, good, strict=True) if known
    ]
    assert all(value is None for value, known in zip(values, good, strict=True) if not known)


def test_columns_are_little_endian_in_c_order_wherever_the_array_comes_from() -> None:
    big = np.array([[1, 2, 3], [4, 5, 6]], dtype=">i2").T

    told = encode_array(big)

    assert told == {"dtype": "<i2", "shape": [3, 2], "data": np.array([1, 4, 2, 5, 3, 6], dtype="<i2").tobytes()}


@pytest.mark.parametrize(
    ("value", "word"),
    [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (1.0, None), (3, None), ("nan", None)],
)
def test_a_float_that_json_cannot_carry_has_a_word_beside_it(value: Any, word: str | None) -> None:
    encoded = encode_value(value, columns=False)
    back = decode_value(encoded, special(value))

    assert special(value) == word
    assert encoded is None if word else encoded == value
    assert back == value or (math.isnan(back) and math.isnan(value))


@given(value=TEXTS | st.lists(TEXTS) | st.lists(st.lists(TEXTS)))
def test_any_text_can_be_sent(value: Any) -> None:
    encoded = encode_value(value, columns=True)

    assert through_msgpack(encoded) == encoded
    json.dumps(encoded).encode("utf-8")


@pytest.mark.parametrize("text", ["\0abc", "a\ud800b", ["ok", "\ud800"], {"word": "\udfff", "list": ["\0"]}])
def test_what_no_peer_can_read_becomes_a_question_mark(text: Any) -> None:
    encoded = encode_value(text, columns=True)

    assert "?" in str(encoded)
    assert through_msgpack(encoded) == encoded
    assert json.loads(json.dumps(encoded, ensure_ascii=False).encode("utf-8")) == encoded


def test_a_record_has_null_for_numbers_that_json_cannot_carry() -> None:
    record = {"gain": math.nan, "range": [1.0, math.inf], "inner": {"low": -math.inf, "name": "x"}, "raw": b"12"}

    encoded = encode_value(record, columns=True)

    assert encoded == {"gain": None, "range": [1.0, None], "inner": {"low": None, "name": "x"}, "raw": b"12"}


@pytest.mark.parametrize("value", [True, 0, -(2**63), 2**64 - 1, 1.5, "text", b"\0\1", {}, [], None])
def test_plain_values_stay_what_they_are(value: Any) -> None:
    encoded = encode_value(value, columns=False)

    assert encoded == value
    assert type(encoded) is type(value)


@pytest.mark.parametrize(
    "record",
    [
        {"dtype": "warm", "shape": "round", "data": "none"},
        {"dtype": "<f8", "shape": [1], "data": "text"},
        {"dtype": "<f8", "shape": [3], "data": b"1"},
        {"dtype": "<f8", "data": b"12345678"},
    ],
)
def test_a_record_that_looks_like_an_array_stays_a_record(record: dict[str, Any]) -> None:
    assert decode_value(record) == record
