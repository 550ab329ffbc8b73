from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.feed import Block
from ocs.testing.memory_codec import Codec, through
from ocs.wire import feeds

COLUMNS = st.integers(1, 20).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(0, 2e9), min_size=n, max_size=n),
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=n, max_size=n),
        st.lists(st.floats(allow_nan=False), min_size=n, max_size=n),
    )
)


@given(COLUMNS)
def test_columns_of_bytes_come_back_exactly(columns: tuple[list[float], list[int], list[float]]) -> None:
    times, counts, values = columns
    block = Block.of_fields("b", ("counts", "values"))
    block.add_columns(times, {"counts": counts, "values": values})

    samples = feeds.decode_columns(through(Codec.MSGPACK, feeds.encode_columns(block)))

    assert samples.block == "b"
    assert samples.timestamps.tolist() == times
    assert samples.data["counts"].tolist() == counts
    assert samples.data["values"].tolist() == values


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "<i4", ">i4", ">f8", "f2", "u8"])
def test_every_kind_of_number_comes_back_little_endian(dtype: str) -> None:
    column = np.array([0, 1, 1], dtype=dtype)

    encoded = feeds.encode_arrays("b", [1.0, 2.0, 3.0], {"a": column})
    decoded = feeds.decode_columns(encoded).data["a"]

    assert encoded["data"]["a"]["dtype"][0] in "<|"
    np.testing.assert_array_equal(decoded, column)


def test_lists_come_back_as_samples() -> None:
    block = Block.of_fields("b", ("a",))
    block.add_sample(1.0, {"a": 2})

    (samples,) = feeds.decode_message(through(Codec.JSON, feeds.encode_message([block])))

    assert (samples.block, samples.timestamps, samples.data) == ("b", [1.0], {"a": [2]})


@pytest.mark.parametrize("message", [None, 3, "text", [], {}, {"a": 1}, {"a": {"data": {}}}])
def test_what_is_no_recorded_message_has_no_samples(message: Any) -> None:
    assert feeds.decode_message(message) == []
