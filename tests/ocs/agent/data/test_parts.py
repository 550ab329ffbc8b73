from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.agent.data.parts import Columns, cut_blocks
from ocs.model.errors import ParameterError
from ocs.model.feed import Block
from ocs.testing.memory_codec import pack
from ocs.wire import feeds
from ocs.wire.plain import LARGEST_MESSAGE


def block_of(rows: int, fields: int, value: Any) -> Block:
    block = Block.of_fields("b", tuple(f"f{number}" for number in range(fields)))
    block.add_columns([0.1] * rows, {field: [value] * rows for field in block.fields})
    return block


@given(st.integers(0, 3000), st.integers(1, 60), st.sampled_from([1.5, 3, True, "x" * 40, "\u20ac" * 30]))
def test_no_part_is_too_large_and_no_row_is_lost(rows: int, fields: int, value: Any) -> None:
    parts = cut_blocks([block_of(rows, fields, value)])

    assert sum(len(block) for part in parts for block in part) == rows
    assert all(len(pack(feeds.encode_message(part))) <= LARGEST_MESSAGE + 5000 for part in parts)


def test_small_blocks_go_together() -> None:
    blocks = [block_of(3, 2, 1.5), block_of(2, 1, "x")]

    assert cut_blocks(blocks) == [blocks]


@given(st.integers(0, 5000), st.integers(1, 600))
def test_arrays_are_cut_along_their_first_axis(rows: int, width: int) -> None:
    image = np.zeros((rows, width), dtype=np.float32)

    parts = list(Columns(np.arange(rows, dtype=float), {"image": image}).parts())

    assert sum(len(times) for times, _ in parts) == rows
    assert all(part["image"].nbytes <= LARGEST_MESSAGE for _, part in parts)


def test_the_last_sample_has_the_single_values_only() -> None:
    columns = Columns([1.0, 2.0], {"a": [3, 4], "image": np.zeros((2, 5))})

    last = columns.last("b")

    assert last is not None
    assert (last.fields, last.timestamps, last.columns) == (("a",), [2.0], [[4]])


def test_images_alone_have_no_last_sample() -> None:
    assert Columns([1.0], {"image": np.zeros((1, 5))}).last("b") is None


@pytest.mark.parametrize("times", [5.0, np.zeros((3, 1)), [[1.0], [2.0], [3.0]], "abc"])
def test_times_that_are_not_one_for_each_sample_are_refused(times: Any) -> None:
    with pytest.raises(ParameterError, match="time stamps"):
        Columns(times, {"a": [1.0, 2.0, 3.0]})
