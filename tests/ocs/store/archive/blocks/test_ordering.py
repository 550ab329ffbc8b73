from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.archive.blocks.ordering import in_order, joined, merged_rows, numbers_of
from ocs.store.archive.blocks.parquet import ROW_GROUP_ROWS, BlockWriter

Row = tuple[int, int, int]


def table_of(rows: list[Row], quality: str | None = None) -> pa.Table:
    times, epochs, numbers = (np.array([row[at] for row in rows], np.int64) for at in range(3))
    columns = {
        "time": pa.array(times).cast(pa.timestamp("ns", "UTC")),
        "epoch": pa.array(epochs),
        "seq": pa.array(numbers),
        "x": pa.array(times * 0.5),
    }
    if quality:
        columns[quality] = pa.array(np.full(len(rows), 3, np.uint8))
    return pa.table(columns)


def rows_of(table: pa.Table) -> list[Row]:
    return list(zip(*(numbers_of(table, name).tolist() for name in ("time", "epoch", "seq")), strict=True))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3), st.integers(1, 40)), min_size=1, max_size=80))
@settings(deadline=None)
def test_rows_come_out_in_order_each_number_once_and_the_first_of_it(rows: list[Row]) -> None:
    first: dict[tuple[int, int], Row] = {}
    for row in rows:
        first.setdefault(row[1:], row)

    assert rows_of(in_order(table_of(rows))) == sorted(first.values())


def test_rows_in_order_are_not_copied() -> None:
    table = table_of([(1, 1, 1), (2, 1, 2), (2, 1, 3), (3, 2, 1)])

    assert in_order(table) is table


@given(
    st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=40), min_size=1, max_size=4),
)
@settings(deadline=None)
def test_joined_rows_without_qualities_were_valid(times: list[list[int]]) -> None:
    tables = [
        table_of([(time, at, number) for number, time in enumerate(part)], "x:quality" if at % 2 else None)
        for at, part in enumerate(times)
    ]

    table = joined(tables)

    if "x:quality" in table.column_names:
        assert table["x:quality"].to_pylist() == [3 if epoch % 2 else 0 for epoch in table["epoch"].to_pylist()]
        assert table["x:quality"].type == pa.uint8()
    else:
        assert len(times) == 1


@pytest.mark.parametrize("overlap", [0, 1000, 3 * ROW_GROUP_ROWS])
def test_a_stream_of_blocks_is_all_their_rows_in_order(tmp_path: Path, overlap: int) -> None:
    rows = 2 * ROW_GROUP_ROWS + 17
    paths, everything = [], []
    for block in range(3):
        start = block * (rows - overlap)
        table = table_of([(start + number, block, number) for number in range(rows)])
        everything += rows_of(table)
        paths.append(tmp_path / f"{block}.parquet")
        with BlockWriter(paths[-1], table.schema) as writer:
            writer.write(table)

    pieces = list(merged_rows(paths[::-1]))

    assert [row for piece in pieces for row in rows_of(piece)] == sorted(everything)
    assert max(piece.num_rows for piece in pieces) <= 3 * ROW_GROUP_ROWS


def test_a_row_that_two_blocks_have_comes_once(tmp_path: Path) -> None:
    for name, rows in {"a": [(1, 1, 1), (2, 1, 2), (5, 1, 3)], "b": [(2, 1, 2), (2, 2, 1), (5, 1, 3)]}.items():
        with BlockWriter(tmp_path / name, table_of(rows).schema) as writer:
            writer.write(table_of(rows))

    pieces = list(merged_rows([tmp_path / "a", tmp_path / "b"]))

    assert [row for piece in pieces for row in rows_of(piece)] == [(1, 1, 1), (2, 1, 2), (2, 2, 1), (5, 1, 3)]
