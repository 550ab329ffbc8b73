from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from ocs.model.errors import NotSerialisableError, TooLargeError
from ocs.wire.plain import LARGEST_MESSAGE, plain, plain_with_infinities, sendable

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.binary()
    | st.floats(width=32).map(np.float32)
    | st.integers(-100, 100).map(np.int8)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


class Colour(Enum):
    RED = "red"


@dataclass
class Spot:
    x: float
    colour: Colour


class Model(BaseModel):
    x: float


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _finite(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


@given(values)
def test_what_is_plain_packs_in_every_form(value: Any) -> None:
    told = plain(value)

    assert _finite(told)
    assert msgpack.unpackb(msgpack.packb(told)) == told
    json.dumps(told, allow_nan=False, default=bytes.hex).encode("utf-8")


@given(values)
def test_what_is_plain_stays_as_it_is(value: Any) -> None:
    told = plain(value)

    assert plain(told) == told


@given(st.text(st.characters(codec=None)))
def test_every_text_can_be_sent_and_good_ones_are_unchanged(text: str) -> None:
    told = sendable(text)

    told.encode("utf-8")
    assert len(told) == len(text)
    assert not told.startswith("\0")
    assert told == text or text.startswith("\0") or any("\ud800" <= sign <= "\udfff" for sign in text)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Spot(1.0, Colour.RED), {"x": 1.0, "colour": "red"}),
        (Model(x=2), {"x": 2.0}),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), 1_700_000_000.0),
        ({1}, [1]),
        ((1, 2), [1, 2]),
        (bytearray(b"ab"), b"ab"),
    ],
)
def test_known_kinds_are_converted(value: Any, told: Any) -> None:
    assert plain(value) == told


@pytest.mark.parametrize("value", [object(), 1j, 2**64, -(2**63) - 1, Spot, lambda: None])
def test_unknown_kinds_are_refused_with_their_path(value: Any) -> None:
    with pytest.raises(NotSerialisableError) as caught:
        plain({"a": [0, value]}, "data")

    assert caught.value.field == "data.a.1"


def test_infinities_are_told_and_not_a_number_is_not() -> None:
    told, infinities = plain_with_infinities({"a": [math.inf, math.nan], "b": -math.inf}, "data")

    assert told == {"a": [None, None], "b": None}
    assert infinities == ["data.a.0", "data.b"]


@pytest.mark.parametrize("value", ["x" * (LARGEST_MESSAGE + 1), [0] * 200_000, np.zeros(2_000_000), [[]] * 200_000])
def test_what_is_too_large_is_refused(value: Any) -> None:
    with pytest.raises(TooLargeError, match="larger than 1 MB"):
        plain(value)
