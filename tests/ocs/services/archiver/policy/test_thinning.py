from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.archive_policy import Rule
from ocs.model.datatype import DataType
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver.policy.thinning import NS, Thinner

KEY = SeriesKey("thermo-1", "fast", "fast")
FLOAT = FieldType(DataType.FLOAT64)


class Thinned:
    """A series whose rows come in batches."""

    def __init__(self, fields: Mapping[str, FieldType], **rules: Mapping[str, Any]) -> None:
        self.fields = fields
        self.thinner = Thinner({name: Rule(match="*", **rules.get(name, {})) for name in fields}, fields)
        self.seq = 1

    def take(
        self, columns: Mapping[str, Any], times: Sequence[float] | None = None, quality: Mapping[str, Any] | None = None
    ) -> list[int]:
        """Return the places of the rows that stay."""
        count = len(next(iter(columns.values())))
        seconds = np.arange(self.seq, self.seq + count, dtype=np.float64) if times is None else np.array(times)
        batch = Batch(
            KEY, 1, self.seq, (seconds * NS).astype(np.int64), self.fields,
            {
                name: np.array(column) if self.fields[name].dtype.numeric and None not in column else column
                for name, column in columns.items()
            },
            {name: np.array(column, dtype=np.uint8) for name, column in (quality or {}).items()},
        )  # fmt: skip
        self.seq += count
        kept = self.thinner.kept(batch)
        return list(range(count)) if kept is None else [int(place) for place in kept]


def test_a_field_without_dead_band_and_period_keeps_every_row_of_its_series() -> None:
    thinned = Thinned({"a": FLOAT, "b": FLOAT}, a={"dead_band": 1.0})

    assert thinned.take({"a": [0.0, 0.0, 0.0], "b": [1.0, 1.0, 1.0]}) == [0, 1, 2]


def test_a_dead_band_counts_from_the_value_that_was_kept_last() -> None:
    thinned = Thinned({"a": FLOAT}, a={"dead_band": 1.0})

    assert thinned.take({"a": [0.0, 0.5, 0.9, 1.0, 1.9, 0.1, 0.0]}) == [0, 3, 6]


def test_a_dead_band_goes_on_from_batch_to_batch() -> None:
    thinned = Thinned({"a": FLOAT}, a={"dead_band": 1.0})

    assert thinned.take({"a": [0.0, 0.5]}) == [0]
    assert thinned.take({"a": [0.5, 0.9]}) == []
    assert thinned.take({"a": [0.9, 1.2, 1.2]}) == [1]


def test_a_period_keeps_one_row_in_each() -> None:
    thinned = Thinned({"a": FLOAT}, a={"period_s": 10.0})

    assert thinned.take({"a": [0.0] * 25}) == [0, 10, 20]
    assert thinned.take({"a": [0.0] * 10}) == [5]


def test_with_both_a_row_stays_at_either() -> None:
    thinned = Thinned({"a": FLOAT}, a={"dead_band": 1.0, "period_s": 10.0})

    assert thinned.take({"a": [0.0] * 4 + [5.0] * 16}) == [0, 4, 14]


def test_a_row_stays_when_one_of_its_fields_wants_it() -> None:
    thinned = Thinned({"a": FLOAT, "b": FLOAT}, a={"dead_band": 1.0}, b={"dead_band": 10.0})

    assert thinned.take({"a": [0.0, 0.0, 2.0, 2.5], "b": [0.0, 10.0, 19.0, 20.0]}) == [0, 1, 2]


def test_a_value_that_comes_or_goes_counts_as_moved_once() -> None:
    thinned = Thinned({"a": FLOAT}, a={"dead_band": 1.0})
    nan = float("nan")

    assert thinned.take({"a": [0.0, nan, nan, nan]}) == [0, 1]
    assert thinned.take({"a": [nan, 0.0, 0.0]}) == [1]


def test_a_missing_integer_counts_as_no_number() -> None:
    thinned = Thinned({"a": FieldType(DataType.INT64)}, a={"dead_band": 2.0})

    assert thinned.take({"a": [1, None, None, 1, 2]}) == [0, 1, 3]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (FieldType(DataType.STR), ["open", "open", "shut", "shut"]),
        (FieldType(DataType.ENUM, labels=("open", "shut")), ["open", "open", "shut", None]),
        (FieldType(DataType.RECORD), [{"x": 1}, {"x": 1}, {"x": 2}, {"x": 2}]),
        (FieldType(DataType.INT64, dims=1), [[1, 2], [1, 2], [1, 3], [1, 3]]),
    ],
)
def test_a_value_that_is_no_single_number_stays_when_it_changes(kind: FieldType, column: list[Any]) -> None:
    thinned = Thinned({"a": kind}, a={"dead_band": 1.0})

    kept = thinned.take({"a": column})

    assert kept[:2] == [0, 2]
    assert thinned.take({"a": column[-1:]}) == []
    assert thinned.take({"a": column[:1]}) == [0]


def test_a_truth_value_stays_when_it_changes() -> None:
    thinned = Thinned({"a": FieldType(DataType.BOOL)}, a={"dead_band": 1.0})

    assert thinned.take({"a": [True, True, False]}) == [0, 2]


def test_a_quality_stays_when_it_changes_though_the_value_does_not() -> None:
    thinned = Thinned({"a": FLOAT}, a={"dead_band": 1.0})

    assert thinned.take({"a": [0.0] * 4}, quality={"a": [0, 2, 2, 0]}) == [0, 1, 3]
    assert thinned.take({"a": [0.0] * 2}, quality={"a": [2, 2]}) == [0]
    assert thinned.take({"a": [0.0] * 2}) == [0]


def test_rows_that_come_again_because_the_disk_refused_them_are_judged_anew() -> None:
    thinned = Thinned({"a": FLOAT}, a={"dead_band": 1.0})
    assert thinned.take({"a": [0.0]}) == [0]
    assert thinned.take({"a": [5.0, 5.0]}) == [0]

    thinned.seq = 2

    assert thinned.take({"a": [5.0, 5.0]}) == [0]


def test_rows_of_an_outage_that_come_later_are_thinned_too() -> None:
    thinned = Thinned({"a": FLOAT}, a={"period_s": 10.0})

    assert thinned.take({"a": [0.0] * 3}, times=[1000.0, 1005.0, 1010.0]) == [0, 2]
    assert thinned.take({"a": [0.0] * 4}, times=[500.0, 505.0, 510.0, 515.0]) == [0, 2]
    assert thinned.take({"a": [0.0]}, times=[1015.0]) == [0]


values = st.floats(allow_nan=True, allow_infinity=True, width=32) | st.sampled_from([0.0, 0.5, 1.0, 1.5])


@given(st.lists(st.lists(values, min_size=1, max_size=8), min_size=1, max_size=6), st.sampled_from([0.5, 1.0, 1e30]))
def test_the_rows_that_stay_are_those_that_the_definition_names(batches: list[list[float]], band: float) -> None:
    thinned = Thinned({"a": FLOAT}, a={"dead_band": band, "period_s": 5.0})
    wanted: list[int] = []
    last, at = None, 0
    for number, value in enumerate([value for batch in batches for value in batch]):
        moved = last is None or np.isnan(value) != np.isnan(last) or abs(value - last) >= band
        if moved or number - at >= 5:
            wanted.append(number)
            last, at = value, number

    kept: list[int] = []
    for batch in batches:
        before = thinned.seq - 1
        kept += [before + place for place in thinned.take({"a": batch})]

    assert kept == wanted
