from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import NotSerialisableError, OcsError, ParameterError
from ocs.model.feed import Block, FeedInterface, check_field_name, plain_column, plain_value

SAMPLES = st.lists(st.fixed_dictionaries({"a": st.integers(-(2**63), 2**63 - 1), "b": st.floats()}), max_size=20)


def test_the_first_name_or_pattern_that_fits_a_field_tells_its_unit() -> None:
    feed = FeedInterface("thermal", units={"case_T": "degC", "*_T": "K"})

    assert [feed.unit_of(field) for field in ("case_T", "upper_T", "T")] == ["degC", "K", ""]


@given(st.text(max_size=20))
def test_a_field_name_starts_with_a_letter_after_underscores(name: str) -> None:
    fits = name.isascii() and name.replace("_", "a").isalnum() and name.lstrip("_")[:1].isalpha()
    try:
        assert check_field_name(name) == name
        assert fits
    except ParameterError:
        assert not fits


@given(SAMPLES)
def test_columns_are_always_as_long_as_the_times(samples: list[dict[str, Any]]) -> None:
    block = Block.of_fields("b", ("a", "b"))
    for number, sample in enumerate(samples):
        block.add_sample(float(number), sample)

    taken = block.take()

    assert len(taken) == len(samples)
    assert [len(column) for column in taken.columns] == [len(samples)] * 2
    assert len(block) == 0


@given(st.dictionaries(st.sampled_from("abc"), st.none() | st.integers() | st.text() | st.lists(st.integers())))
def test_a_sample_that_is_refused_leaves_the_block_as_it_was(sample: dict[str, Any]) -> None:
    block = Block.of_fields("b", ("a", "b"))
    block.add_sample(1.0, {"a": 1, "b": 2})
    try:
        block.add_sample(2.0, sample)
    except OcsError:
        assert block.timestamps == [1.0]
    assert [len(column) for column in block.columns] == [len(block)] * 2


@pytest.mark.parametrize(
    ("value", "plain"),
    [(np.float64(1.5), 1.5), (np.array(3), 3), (np.bool_(0), False), ("x", "x"), (True, True)],
)
def test_values_become_plain(value: Any, plain: Any) -> None:
    told = plain_value("a", value)

    assert told == plain
    assert type(told) is type(plain)


@pytest.mark.parametrize("column", ["text", 3, None, np.zeros((2, 2)), np.array([1j]), np.array([b"x"]), {1: 2}])
def test_what_is_no_column_is_refused(column: Any) -> None:
    with pytest.raises(NotSerialisableError, match="field a"):
        plain_column("a", column)


def test_a_block_needs_a_field() -> None:
    with pytest.raises(ParameterError, match="at least one field"):
        Block.of_fields("b", ())
