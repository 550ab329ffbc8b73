from __future__ import annotations

import numpy as np
import pytest

from ocs.model.datatype import BOUNDS, DataType


def test_the_bounds_of_each_width_are_those_of_numpy() -> None:
    told = {dtype: (np.iinfo(dtype.value).min, np.iinfo(dtype.value).max) for dtype in DataType if dtype.integer}

    assert told == BOUNDS


@pytest.mark.parametrize("dtype", [DataType.FLOAT32, DataType.FLOAT64])
def test_floats_are_numbers_but_no_whole_ones(dtype: DataType) -> None:
    assert dtype.numeric
    assert dtype.floating
    assert not dtype.integer


@pytest.mark.parametrize("word", ["bool", "str", "enum", "state", "bytes", "record"])
def test_truth_values_words_bytes_and_records_are_no_numbers(word: str) -> None:
    assert not DataType(word).numeric
