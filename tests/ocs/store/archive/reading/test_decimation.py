from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.series import QUALITIES
from ocs.store.archive.blocks.rollups import LEVELS, rolled_up_to
from ocs.store.archive.reading.decimation import Decimation, Grid, decimated_schema
from ocs.store.archive.reading.history import STAMP

SECOND = 1_000_000_000
INVALID = 4
Row = tuple[int, float | None, int | None, bool | None, str | None, int]

SCHEMA = pa.schema(
    [
        pa.field("time", STAMP),
        pa.field("x", pa.float64(), metadata={"unit": "K"}),
        pa.field("n", pa.int64()),
        pa.field("on", pa.bool_()),
        pa.field("word", pa.string()),
    ]
)
floats = st.none() | st.just(math.nan) | st.floats(-1e9, 1e9)
rows_strategy = st.lists(
    st.tuples(
        st.integers(0, 599_999),
        floats,
        st.none() | st.integers(-(2**50), 2**50),
        st.none() | st.booleans(),
        st.none() | st.text("ab", max_size=2),
        st.integers(0, INVALID),
    ),
    max_size=60,
)  # fmt: skip


def table_of(rows: list[Row]) -> pa.Table:
    """Return rows whose times are in ms."""
    columns = [[row[at] for row in rows] for at in range(1, 5)]
    arrays = [
        pa.array([1_000_000 * row[0] for row in rows], pa.int64()).cast(STAMP),
        *(pa.array(column, field.type) for column, field in zip(columns, list(SCHEMA)[1:], strict=True)),
    ]
    table = pa.Table.from_arrays(arrays, schema=SCHEMA)
    return table.append_column("x:quality", pa.array([row[5] for row in rows], pa.uint8()))


def computed(rows: list[Row], grid: Grid) -> dict[int, dict[str, list[Any]]]:
    """Return the values that count in each bucket, row by row; of the word all that are there."""
    buckets: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for time, x, n, on, word, quality in rows:
        at = (time * 1_000_000 - grid.origin) // grid.length
        bucket = buckets[max(grid.start, grid.origin + at * grid.length)]
        bucket["quality"].append(quality)
        if x is not None and not math.isnan(x) and quality != INVALID:
            bucket["x"].append(x)
        for name, value in (("n", n), ("on", on), ("word", word)):
            if value is not None:
                bucket[name].append(value)
    return buckets


def assert_is(table: pa.Table, expected: dict[int, dict[str, list[Any]]]) -> None:
    assert table["time"].cast(pa.int64()).to_pylist() == sorted(expected)
    told_quality = any(any(bucket["quality"]) for bucket in expected.values())
    assert ("x:quality" in table.column_names) is told_quality
    for row, (_, bucket) in zip(table.to_pylist(), sorted(expected.items()), strict=True):
        assert row["word"] == (bucket["word"][-1] if bucket["word"] else None)
        if told_quality:
            assert row["x:quality"] == QUALITIES[max(bucket["quality"])].word
        for name in ("x", "n", "on"):
            values = bucket[name]
            assert row[f"{name}:count"] == len(values)
            assert row[f"{name}:min"] == (min(values) if values else None)
            assert row[f"{name}:max"] == (max(values) if values else None)
            mean = math.fsum(values) / len(values) if values else None
            assert row[name] == (None if mean is None else pytest.approx(mean, rel=1e-9, abs=1e-6))


@given(rows_strategy, st.integers(1, 700), st.integers(1, 4))
@settings(deadline=None)
def test_points_are_what_a_plain_computation_gives(rows: list[Row], points: int, pieces: int) -> None:
    rows = sorted({row[0]: row for row in rows}.values(), key=lambda row: row[0])
    grid = Grid.over(0, 600 * SECOND, points)
    decimation = Decimation(grid, SCHEMA)
    for piece in range(pieces):
        decimation.add_rows(table_of(rows[piece::pieces]))

    assert len(decimation.table()) <= points
    assert_is(decimation.table(), computed(rows, grid))


@given(rows_strategy, st.integers(1, 400), st.integers(0, 300_000), st.integers(300_001, 600_000))
@settings(deadline=None)
def test_roll_ups_and_the_rows_at_the_edges_make_the_same_points(
    rows: list[Row], points: int, start: int, end: int
) -> None:
    rows = sorted({row[0]: row for row in rows if start <= row[0] < end}.values(), key=lambda row: row[0])
    grid = Grid.over(start * 1_000_000, end * 1_000_000, points)
    decimation = Decimation(grid, SCHEMA)
    if grid.level is None:
        decimation.add_rows(table_of(rows))
    else:
        low, high = (edge // 1_000_000 for edge in grid.whole(grid.level))
        inner = [row for row in rows if low <= row[0] < high]
        decimation.add_rows(table_of([row for row in rows if not low <= row[0] < high]))
        decimation.add_rows(table_of(inner), ["word"])
        if inner:
            decimation.add_rollup(rolled_up_to(with_numbers(table_of(inner)), [grid.level])[grid.level])

    assert_is(decimation.table(), computed(rows, grid))


def with_numbers(table: pa.Table) -> pa.Table:
    count = table.num_rows
    return table.append_column("epoch", pa.array([1] * count)).append_column("seq", pa.array(range(count)))


@given(st.integers(-(2**61), 2**61), st.integers(1, 2**60), st.integers(1, 5000))
def test_a_grid_covers_its_span_with_no_more_buckets_than_asked(start: int, length: int, points: int) -> None:
    grid = Grid.over(start, start + length, points)

    assert 1 <= grid.count <= points
    assert grid.origin <= start
    assert grid.origin + grid.length * (grid.count - 1) < grid.end <= grid.origin + grid.length * grid.count
    for level in grid.levels:
        assert grid.length % LEVELS[level] == 0
        assert grid.origin % LEVELS[level] == 0


@pytest.mark.parametrize(
    ("span_s", "points", "level", "levels"),
    [
        (7 * 86_400, 1000, "1m", ["1m", "1s"]),
        (3600, 1000, "1s", ["1s"]),
        (900, 1000, None, []),
        (365 * 86_400, 1000, "1h", ["1h", "1m", "1s"]),
    ],
)
def test_the_coarsest_roll_up_that_is_fine_enough_is_used(
    span_s: int, points: int, level: str | None, levels: list[str]
) -> None:
    grid = Grid.over(17 * SECOND, (17 + span_s) * SECOND, points)

    assert (grid.level, grid.levels) == (level, levels)
    assert grid.count > 0.6 * points


def test_the_first_point_lies_at_the_start_of_the_span() -> None:
    grid = Grid.over(1500 * SECOND + 1, 9000 * SECOND, 10)

    assert grid.stamps(np.arange(2)).tolist() == [1500 * SECOND + 1, grid.origin + grid.length]


def test_only_whole_buckets_of_a_roll_up_count() -> None:
    grid = Grid.over(61 * SECOND, 299 * SECOND, 1)

    assert grid.whole("1m") == (120 * SECOND, 240 * SECOND)
    assert Grid.over(60 * SECOND, 300 * SECOND, 1).whole("1m") == (60 * SECOND, 300 * SECOND)


def test_a_bucket_without_a_number_has_no_mean_but_is_there() -> None:
    decimation = Decimation(Grid.over(0, 10 * SECOND, 1), SCHEMA)
    decimation.add_rows(table_of([(0, math.nan, None, None, None, 0)]))

    assert decimation.table().drop_columns("time").to_pylist() == [
        {"x": None, "x:min": None, "x:max": None, "x:count": 0, "n": None, "n:min": None, "n:max": None, "n:count": 0,
         "on": None, "on:min": None, "on:max": None, "on:count": 0, "word": None}
    ]  # fmt: skip


def test_infinite_values_count() -> None:
    decimation = Decimation(Grid.over(0, 10 * SECOND, 1), SCHEMA)
    rows: list[Row] = [(time, value, 1, True, "", 0) for time, value in enumerate([math.inf, 1.0, -math.inf])]
    decimation.add_rows(table_of(rows))

    row = decimation.table().to_pylist()[0]
    assert (row["x:min"], row["x:max"], row["x:count"]) == (-math.inf, math.inf, 3)
    assert math.isnan(row["x"])


def test_rows_need_not_be_in_order() -> None:
    decimation = Decimation(Grid.over(0, 10 * SECOND, 1), SCHEMA)
    decimation.add_rows(table_of([(5, 2.0, 2, True, "late", 0), (1, 1.0, 1, False, "early", 0)]))

    assert decimation.table()["word"].to_pylist() == ["late"]
    assert decimation.table()["x:max"].to_pylist() == [2.0]


def test_points_keep_units_and_say_no_quality_where_all_is_valid() -> None:
    decimation = Decimation(Grid.over(0, 10 * SECOND, 5), SCHEMA)
    decimation.add_rows(table_of([(5, 2.0, 2, True, "a", 0)]))
    table = decimation.table()

    assert "x:quality" not in table.column_names
    assert table.schema.field("x:max").metadata == {b"unit": b"K"}
    assert table.schema.field("x:count").metadata is None
    assert table.schema.equals(decimated_schema(SCHEMA, table.column_names), check_metadata=True)


def test_what_is_neither_number_nor_text_is_the_last_of_its_bucket() -> None:
    schema = pa.schema([pa.field("time", STAMP), pa.field("row", pa.list_(pa.int8())), pa.field("raw", pa.binary())])
    decimation = Decimation(Grid.over(0, 10, 1), schema)
    columns = [pa.array([1, 2]).cast(STAMP), pa.array([[1, 2], [3]], pa.list_(pa.int8())), pa.array([b"\xff", None])]
    decimation.add_rows(pa.Table.from_arrays(columns, schema=schema))

    assert decimation.table().drop_columns("time").to_pylist() == [{"row": [3], "raw": b"\xff"}]
