from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.client.wampy.payload import decode, encode
from ocs.model.errors import NotSerialisableError, TooLargeError

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.binary(max_size=20)
    | st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not text.startswith("\0"))
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
)


@given(VALUES)
def test_a_message_comes_back_as_it_was(value: Any) -> None:
    assert decode(encode([50, 1, {}, [value]])) == [50, 1, {}, [value]]


def test_bytes_travel_as_wamp_wants_them() -> None:
    assert encode([48, b"\x10\x00"]) == b'[48,"\\u0000EAA="]'


def test_the_limit_counts_bytes_not_characters() -> None:
    assert len(encode([48, "é"], limit=9)) == 9
    with pytest.raises(TooLargeError, match="9 bytes, at most 8"):
        encode([48, "é"], limit=8)


@pytest.mark.parametrize("value", [{1, 2}, object(), 1j, "\ud800", {(1, 2): 3}])
def test_what_json_cannot_carry_is_refused(value: Any) -> None:
    with pytest.raises(NotSerialisableError, match="use numbers"):
        encode([48, value])


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(NotSerialisableError):
        encode([48, endless])


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'["a"]', b"\xff", b"[1"])
def test_what_is_no_message_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)
