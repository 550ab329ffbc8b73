"""Series: keys, types of fields, batches and their parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.errors import ParameterError
from ocs.model.quality import Quality
from ocs.model.series import QUALITIES, Batch, FieldType, SeriesKey, widened

KEY = SeriesKey("thermo-1", "temperatures", "fast")
ROWS = 10


def batch(seq: int = 5) -> Batch:
    fields = {
        "x": FieldType(DataType.FLOAT64, unit="K"),
        "spectrum": FieldType(DataType.INT16, dims=1),
        "word": FieldType(DataType.STR),
    }
    columns: dict[str, Any] = {
        "x": np.arange(ROWS, dtype=float),
        "spectrum": np.arange(3 * ROWS, dtype=np.int16).reshape(ROWS, 3),
        "word": [f"w{row}" for row in range(ROWS)],
    }
    return Batch(KEY, 7, seq, np.arange(ROWS) * 1000, fields, columns, {"x": np.arange(ROWS, dtype=np.uint8) % 5})


def test_a_key_reads_as_device_and_feed_and_block_where_that_has_its_own_name() -> None:
    assert str(KEY) == "thermo-1.temperatures.fast"
    assert str(SeriesKey("thermo-1", "temperatures", "temperatures")) == "thermo-1.temperatures"


def test_keys_are_equal_by_their_names_and_have_an_order() -> None:
    other = SeriesKey("thermo-1", "temperatures", "slow")

    assert {KEY, SeriesKey("thermo-1", "temperatures", "fast")} == {KEY}
    assert sorted([other, KEY]) == [KEY, other]


def test_the_number_of_valid_is_0_and_each_quality_has_one() -> None:
    assert QUALITIES[0] is Quality.VALID
    assert set(QUALITIES) == set(Quality)


@pytest.mark.parametrize("dims", [-1, 3])
def test_a_field_with_more_dimensions_than_an_image_is_refused(dims: int) -> None:
    with pytest.raises(ParameterError, match=f"not {dims}"):
        FieldType(DataType.FLOAT64, dims=dims)


@pytest.mark.parametrize(
    ("kind", "numeric"),
    [
        (FieldType(DataType.FLOAT32), True),
        (FieldType(DataType.UINT8), True),
        (FieldType(DataType.BOOL), True),
        (FieldType(DataType.FLOAT64, dims=1), False),
        (FieldType(DataType.ENUM, labels=("a", "b")), False),
        (FieldType(DataType.STR), False),
        (FieldType(DataType.BYTES), False),
        (FieldType(DataType.RECORD), False),
    ],
)
def test_only_single_numbers_and_booleans_have_a_mean(kind: FieldType, *, numeric: bool) -> None:
    assert kind.numeric is numeric


def test_a_batch_knows_its_length_and_its_last_number() -> None:
    assert (len(batch()), batch().last) == (ROWS, 14)


@given(first=st.integers(5, 14), count=st.integers(0, ROWS))
def test_a_part_has_the_rows_of_its_numbers(first: int, count: int) -> None:
    whole = batch()
    last = min(first + count - 1, whole.last)

    part = whole.part(first, last)

    rows = list(range(first - whole.seq, last - whole.seq + 1))
    assert (part.seq, len(part), part.last) == (first, len(rows), last)
    assert (part.series, part.epoch, part.fields) == (whole.series, whole.epoch, whole.fields)
    assert part.times.tolist() == [row * 1000 for row in rows]
    assert part.columns["x"].tolist() == rows
    assert part.columns["spectrum"].tolist() == [[3 * row, 3 * row + 1, 3 * row + 2] for row in rows]
    assert part.columns["word"] == [f"w{row}" for row in rows]
    assert part.quality["x"].tolist() == [row % 5 for row in rows]


def test_all_parts_together_are_the_whole() -> None:
    whole = batch()

    parts = [whole.part(first, min(first + 2, whole.last)) for first in range(whole.seq, whole.last + 1, 3)]

    assert np.concatenate([part.columns["x"] for part in parts]).tolist() == whole.columns["x"].tolist()
    assert [number for part in parts for number in range(part.seq, part.last + 1)] == list(range(5, 15))


types = st.sampled_from(DataType)


@given(kinds=st.lists(types, min_size=1, max_size=4))
def test_widening_does_not_depend_on_order_or_number(kinds: list[DataType]) -> None:
    wide = widened(kinds)

    assert widened(list(reversed(kinds))) is wide
    assert widened([*kinds, *kinds]) is wide


@given(kinds=st.lists(types, min_size=2, max_size=4))
def test_what_is_wide_stays_wide(kinds: list[DataType]) -> None:
    wide = widened(kinds)

    assert widened([wide, *kinds]) is wide


@given(kind=types)
def test_one_type_is_itself(kind: DataType) -> None:
    assert widened([kind]) is kind


@given(kinds=st.lists(st.sampled_from([kind for kind in BOUNDS if kind is not DataType.UINT64]), min_size=1))
def test_whole_numbers_of_several_widths_fit_into_the_widened_type(kinds: list[DataType]) -> None:
    low, high = BOUNDS[widened(kinds)]

    assert all(low <= BOUNDS[kind][0] and BOUNDS[kind][1] <= high for kind in kinds)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([DataType.INT8, DataType.UINT16], DataType.INT64),
        ([DataType.BOOL, DataType.INT8], DataType.INT64),
        ([DataType.UINT64, DataType.INT8], DataType.FLOAT64),
        ([DataType.INT32, DataType.FLOAT32], DataType.FLOAT64),
        ([DataType.FLOAT32, DataType.FLOAT64], DataType.FLOAT64),
        ([DataType.BOOL, DataType.FLOAT32], DataType.FLOAT64),
        ([DataType.INT8, DataType.STR], DataType.STR),
        ([DataType.ENUM, DataType.STR], DataType.STR),
        ([DataType.STATE, DataType.FLOAT64], DataType.STR),
    ],
)
def test_mixed_numbers_become_numbers_and_all_else_text(kinds: list[DataType], expected: DataType) -> None:
    assert widened(kinds) is expected
