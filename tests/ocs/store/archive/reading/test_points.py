from __future__ import annotations

import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.gap import GapCause
from ocs.model.quality import Quality
from ocs.model.series import QUALITIES, FieldType
from ocs.store.archive.reading.decimation import Grid
from ocs.store.archive.reading.history import History
from ocs.store.archive.reading.unsealed import DamageWarning
from tests.ocs.store.archive.filling import SECOND, START, Filled, X, at, feed_of, ticks

FIELDS = {
    "x": FieldType(DataType.FLOAT64, unit="K"),
    "n": FieldType(DataType.INT32),
    "on": FieldType(DataType.BOOL),
    "word": FieldType(DataType.STR),
}
ALL = (at(0), at(86_400))
INVALID = QUALITIES.index(Quality.INVALID)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        yield filled


def rows_of(filled: Filled, rows: int, *, seed: int, first_s: float = 0.0, step_s: float = 0.1) -> list[dict[str, Any]]:
    """Put rows of every kind, with missing and invalid values among them, and return them."""
    random = np.random.default_rng(seed)
    times = [round((first_s + number * step_s) * SECOND) for number in range(rows)]
    x = np.where(random.random(rows) < 0.05, np.nan, random.normal(size=rows))
    columns: dict[str, Any] = {
        "x": x, "n": random.integers(-1000, 1000, rows).astype(np.int32), "on": random.random(rows) < 0.5,
        "word": [None if number % 3 else f"{number}" for number in range(rows)],
    }  # fmt: skip
    quality = random.integers(0, INVALID + 1, rows) if seed % 2 else np.zeros(rows, np.int64)
    filled.put(times, columns, FIELDS, quality={"x": quality.tolist()} if quality.any() else None)
    keys = ["time", *columns, "quality"]
    values = zip(times, *(list(column) for column in columns.values()), quality, strict=True)
    return [dict(zip(keys, row, strict=True)) for row in values]


def assert_is(history: History, rows: list[dict[str, Any]], points: int) -> None:
    """Compare points with a plain computation over the rows of the same buckets."""
    grid = Grid.over(history.start, history.end, points)
    buckets: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if history.start <= START + row["time"] < history.end:
            bucket = (START + row["time"] - grid.origin) // grid.length
            buckets[max(history.start, grid.origin + bucket * grid.length)].append(row)
    (part,) = history.parts
    assert part.table["time"].cast(pa.int64()).to_pylist() == sorted(buckets)
    for found, (_, inside) in zip(part.table.to_pylist(), sorted(buckets.items()), strict=True):
        words = [row["word"] for row in inside if row["word"] is not None]
        assert found["word"] == (words[-1] if words else None)
        assert found.get("x:quality", "VALID") == QUALITIES[max(row["quality"] for row in inside)].word
        good = [row["x"] for row in inside if not math.isnan(row["x"]) and row["quality"] != INVALID]
        for name, values in {"x": good, "n": [row["n"] for row in inside], "on": [row["on"] for row in inside]}.items():
            assert found[f"{name}:count"] == len(values)
            assert found[f"{name}:min"] == (min(values) if values else None)
            assert found[f"{name}:max"] == (max(values) if values else None)
            assert found[name] == (pytest.approx(np.mean(values), abs=1e-9) if values else None)


@given(
    st.lists(st.tuples(st.integers(1, 6000), st.integers(0, 1000), st.booleans()), min_size=1, max_size=4),
    st.floats(0, 300),
    st.floats(1, 1500),
    st.integers(1, 60),
    st.booleans(),
)
@settings(deadline=None, max_examples=25)
def test_points_are_what_a_plain_computation_gives(
    batches: list[tuple[int, int, bool]],
    start: float,
    length: float,
    points: int,
    compacted: bool,  # noqa: FBT001
) -> None:
    with tempfile.TemporaryDirectory() as folder, Filled(Path(folder)) as filled:
        rows, first = [], 0.0
        for count, seed, sealed in batches:
            rows += rows_of(filled, count, seed=seed, first_s=first)
            first = rows[-1]["time"] / SECOND + 0.1
            if sealed:
                filled.seal()
        if compacted:
            filled.archive.compact()
        with filled.reader() as reader:
            history = reader.history("thermo-1", at(start), at(start + length), max_points=points)

    inside = [row for row in rows if history.start <= START + row["time"] < history.end]
    if len(inside) > points:
        assert_is(history, rows, points)
        assert len(history) <= points
    else:
        assert ":count" not in "".join(history.table.column_names)
        assert len(history) == len(inside)


def test_a_long_span_is_made_of_roll_ups(filled: Filled) -> None:
    rows = rows_of(filled, 36_000, seed=2)
    filled.seal()
    assert [path.suffixes[0] for path in filled.rollups()] == [".1h", ".1m", ".1s"]
    numbers = "thermo-1.x, thermo-1.n, thermo-1.on"

    with filled.reader() as reader:
        history = reader.history("thermo-1", at(7), at(3593), max_points=30)
        (path,) = filled.blocks()
        data = path.read_bytes()
        path.write_bytes(data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :])  # reading rows would fail now
        alone = reader.history(numbers, at(0), at(3600), max_points=30)

    assert_is(history, rows, 30)
    assert sum(alone.table["thermo-1.n:count"].to_pylist()) == 36_000


def test_few_rows_are_told_as_they_are(filled: Filled) -> None:
    filled.put(ticks(5))
    filled.seal()
    filled.put(ticks(5, first=5 * SECOND))

    with filled.reader() as reader:
        exact = reader.history("thermo-1", *ALL, max_points=10)
        points = reader.history("thermo-1", *ALL, max_points=9)

    assert exact.table["thermo-1.x"].to_pylist() == list(range(10))
    assert exact.table.column_names == ["time", "thermo-1.x"]
    assert points.table.column_names == ["time", *(f"thermo-1.x{kind}" for kind in ("", ":min", ":max", ":count"))]
    assert points.units == {"thermo-1.x": "K"}


def test_few_rows_in_a_part_of_large_blocks_are_told_as_they_are(filled: Filled) -> None:
    filled.put(ticks(10_000))
    filled.seal()

    with filled.reader() as reader:
        assert reader.history("thermo-1", at(100), at(110), max_points=10).names == ["thermo-1.x"]
        exact = reader.history("thermo-1", at(100), at(110), max_points=10)

    assert exact.table["thermo-1.x"].to_pylist() == list(range(100, 110))


@pytest.mark.parametrize("harm", ["truncated", "gone"])
def test_instead_of_a_damaged_roll_up_rows_are_read(filled: Filled, harm: str) -> None:
    rows = rows_of(filled, 20_000, seed=4)
    filled.seal()
    for path in filled.rollups():
        path.write_bytes(path.read_bytes()[:-50]) if harm == "truncated" else path.unlink()

    with filled.reader() as reader:
        history = reader.history("thermo-1", at(0), at(2000), max_points=20)

    assert history.gaps == []
    assert_is(history, rows, 20)


def test_a_damaged_block_leaves_a_gap_in_points_too(filled: Filled) -> None:
    filled.put(ticks(1000))
    filled.seal()
    (damaged,) = filled.blocks()
    filled.put(ticks(1000, first=1000 * SECOND))
    filled.seal()
    damaged.write_bytes(b"")

    with filled.reader() as reader, pytest.warns(DamageWarning, match="are left out"):
        history = reader.history("thermo-1", at(0), at(2000), max_points=20)

    assert sum(history.table["thermo-1.x:count"].to_pylist()) == 1000
    assert [gap.cause for gap in history.gaps] == [GapCause.DAMAGED]


def test_of_rows_that_expired_the_roll_ups_tell(filled: Filled) -> None:
    filled.put(ticks(10_000))
    filled.seal()
    filled.expire(0.0)

    with filled.reader() as reader:
        points = reader.history("thermo-1", at(0), at(10_000), max_points=50)
        closer = reader.history("thermo-1", at(0), at(20), max_points=1000)
        exact = reader.history("thermo-1", at(0), at(10_000))

    assert sum(points.table["thermo-1.x:count"].to_pylist()) == 10_000
    assert len(closer) == 1
    assert len(exact) == 0
    assert [gap.cause for gap in points.gaps] == [GapCause.EXPIRED]


def test_several_series_have_points_of_the_same_times(filled: Filled) -> None:
    filled.put(ticks(1000))
    filled.put(ticks(4000, SECOND // 4), series=feed_of("stage"))

    with filled.reader() as reader:
        history = reader.history("*", at(0), at(1000), max_points=10)

    assert history.names == ["stage.x", "thermo-1.x"]
    assert len(history) == 10
    assert history.table["stage.x:count"].to_pylist() == [400] * 10


def test_what_changed_its_unit_has_points_of_each(filled: Filled) -> None:
    filled.put(ticks(5000), fields={"x": FieldType(DataType.FLOAT64, unit="mK")})
    filled.put(ticks(5000, first=5000 * SECOND), fields=X)
    filled.seal()

    with filled.reader() as reader:
        history = reader.history("thermo-1", at(0), at(10_000), max_points=10)

    assert history.names == ["thermo-1.x", "thermo-1.x[mK]"]
    assert [sum(history.table[f"{name}:count"].to_pylist()) for name in history.names] == [5000, 5000]
