from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.archive.blocks.rollups import LEAST_ROWS, LEVELS, fields_of, kept_levels, merged, rolled_up, rolled_up_to

STAMP = pa.timestamp("ns", "UTC")
INVALID = 4

floats = st.one_of(st.none(), st.just(math.nan), st.floats(-1e9, 1e9))
integers = st.one_of(st.none(), st.integers(-(2**62), 2**62))
flags = st.one_of(st.none(), st.booleans())
rows_strategy = st.lists(
    st.tuples(st.integers(-10_000, 10_000), floats, integers, flags, st.integers(0, INVALID)), min_size=1, max_size=60
)


def table_of(rows: list[tuple[Any, ...]], step_ns: int = 700_000_000) -> pa.Table:
    """Return rows as a block has them, sorted by time."""
    rows = sorted(rows, key=lambda row: row[0])
    return pa.table(
        {
            "time": pa.array([row[0] * step_ns for row in rows]).cast(STAMP),
            "epoch": pa.array([1] * len(rows)),
            "seq": pa.array(range(len(rows))),
            "x": pa.array([row[1] for row in rows], pa.float64()),
            "n": pa.array([row[2] for row in rows], pa.int64()),
            "on": pa.array([row[3] for row in rows], pa.bool_()),
            "word": pa.array(["-"] * len(rows)),
            "x:quality": pa.array([row[4] for row in rows], pa.uint8()),
        }
    )


def computed(table: pa.Table, level: str) -> dict[int, dict[str, list[Any]]]:
    """Return the values that count of each bucket and field, row by row."""
    buckets: dict[int, dict[str, list[Any]]] = defaultdict(lambda: {"x": [], "n": [], "on": []})
    for row in table.set_column(0, "time", table["time"].cast(pa.int64())).to_pylist():
        bucket = buckets[row["time"] // LEVELS[level] * LEVELS[level]]
        for name in ("x", "n", "on"):
            good = row[name] is not None and not (isinstance(row[name], float) and math.isnan(row[name]))
            if good and not (name == "x" and row["x:quality"] == INVALID):
                bucket[name].append(row[name])
    return buckets


def assert_is(rollup: pa.Table, expected: dict[int, dict[str, list[Any]]]) -> None:
    assert rollup["time"].cast(pa.int64()).to_pylist() == sorted(expected)
    for row, (_, bucket) in zip(rollup.to_pylist(), sorted(expected.items()), strict=True):
        for name, values in bucket.items():
            assert row[f"{name}:count"] == len(values)
            assert row[f"{name}:min"] == (min(values) if values else None)
            assert row[f"{name}:max"] == (max(values) if values else None)
            assert (row[f"{name}:mean"] is None) == (not values)
            if values:
                largest = max(abs(value) for value in values)
                mean = math.fsum(values) / len(values)
                assert row[f"{name}:mean"] == pytest.approx(mean, rel=1e-9, abs=1e-12 * largest)


@given(rows_strategy, st.sampled_from(list(LEVELS)))
@settings(deadline=None)
def test_a_roll_up_is_what_a_plain_computation_gives(rows: list[tuple[Any, ...]], level: str) -> None:
    table = table_of(rows)

    rollup = rolled_up_to(table, [level])[level]

    assert_is(rollup, computed(table, level))


@given(rows_strategy)
@settings(deadline=None)
def test_a_coarse_level_made_from_finer_ones_is_the_one_of_the_rows(rows: list[tuple[Any, ...]]) -> None:
    table = table_of(rows)

    for level, rollup in rolled_up_to(table, list(LEVELS)).items():
        assert_is(rollup, computed(table, level))


@given(rows_strategy, st.lists(st.integers(0, 2), min_size=60, max_size=60), st.sampled_from(list(LEVELS)))
@settings(deadline=None)
def test_partial_buckets_merge_to_the_roll_up_of_all_rows(
    rows: list[tuple[Any, ...]], owners: list[int], level: str
) -> None:
    parts = [[row for row, own in zip(rows, owners, strict=False) if own == owner] for owner in range(3)]
    partial = [rolled_up_to(table_of(part), [level])[level] for part in parts if part]

    assert_is(merged(partial, level), computed(table_of(rows), level))


def test_infinite_values_are_values() -> None:
    table = table_of([(0, math.inf, 1, True, 0), (0, -math.inf, 1, True, 0), (100, math.inf, 1, True, 0)])

    first, second = rolled_up_to(table, ["1s"])["1s"].to_pylist()

    assert (first["x:min"], first["x:max"], first["x:count"]) == (-math.inf, math.inf, 2)
    assert math.isnan(first["x:mean"])
    assert second["x:mean"] == math.inf


def test_small_whole_numbers_are_summed_without_overflow() -> None:
    times = pa.array(np.arange(1000)).cast(STAMP)

    rollup = rolled_up_to(pa.table({"time": times, "n": pa.array([127] * 1000, pa.int8())}), ["1h"])["1h"]

    assert rollup.to_pylist()[0]["n:mean"] == 127.0
    assert rollup.schema.field("n:max").type == pa.int8()


def test_the_unit_of_a_field_is_that_of_its_roll_up() -> None:
    field = pa.field("x", pa.float64(), metadata={"unit": "K", "type": "float64"})
    table = pa.Table.from_arrays(
        [pa.array([0]).cast(STAMP), pa.array([1.0])], schema=pa.schema([pa.field("time", STAMP), field])
    )

    made = rolled_up_to(table, ["1s", "1m"])

    for rollup in made.values():
        assert rollup.schema.field("x:mean").metadata == {b"unit": b"K"}
        assert rollup.schema.field("x:count").metadata is None
        assert fields_of(rollup) == ["x"]


@pytest.mark.parametrize(
    ("rate", "kept"), [(200.0, ["1s", "1m", "1h"]), (4.0, ["1m", "1h"]), (1.0, ["1m", "1h"]), (0.01, ["1h"])]
)
def test_a_level_is_kept_where_its_buckets_hold_more_than_four_rows(rate: float, kept: list[str]) -> None:
    times = (np.arange(10_000) / rate * 1e9).astype(np.int64)

    assert kept_levels(times, len(times)) == kept


def test_few_rows_and_rows_without_numbers_have_no_roll_ups() -> None:
    few = pa.table({"time": pa.array(np.arange(LEAST_ROWS - 1)).cast(STAMP), "x": np.zeros(LEAST_ROWS - 1)})
    words = pa.table({"time": pa.array(np.arange(LEAST_ROWS)).cast(STAMP), "word": pa.array(["on"] * LEAST_ROWS)})

    assert rolled_up(few) == {}
    assert rolled_up(words) == {}
