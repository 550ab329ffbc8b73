from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.archive.blocks.parquet import (
    PART,
    ROW_GROUP_ROWS,
    BlockWriter,
    DamagedBlockError,
    NewFiles,
    block_schema,
    read_block,
    row_groups,
    scan_block,
)

STAMP = pa.timestamp("ns", "UTC")
ROWS = 2 * ROW_GROUP_ROWS + 100


def block(rows: int = ROWS, step_ns: int = 1000) -> pa.Table:
    """Return rows of every kind of column, one each `step_ns`."""
    numbers = np.arange(rows)
    return pa.table(
        {
            "time": pa.array(numbers * step_ns).cast(STAMP),
            "epoch": np.full(rows, 7),
            "seq": numbers + 1,
            "x": np.sin(numbers),
            "f": np.cos(numbers).astype(np.float32),
            "n": pa.array((numbers % 200).astype(np.uint8)),
            "big": pa.array(numbers.astype(np.uint64) + 2**63),
            "on": pa.array(numbers % 2 == 0),
            "word": pa.array([None if number % 3 else "mäßig" for number in numbers]),
            "raw": pa.array([b"\x00\xff"] * rows),
            "row": pa.array([[1.0, 2.0]] * rows, pa.list_(pa.float64())),
            "image": pa.array([[[1, 2], [3]]] * rows, pa.list_(pa.list_(pa.int16()))),
            "x:quality": pa.array((numbers % 5).astype(np.uint8)),
        }
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("blocks") / "1.parquet"
    with NewFiles() as files:
        files.write(path, block())
        files.publish()
    return path


def test_a_block_is_read_as_it_was_written(written: Path) -> None:
    assert read_block(written, 0, 10**18).equals(block())
    assert block_schema(written).equals(block(1).schema)


@given(st.integers(-10, ROWS * 1000 + 10), st.integers(-10, ROWS * 1000 + 10))
@settings(deadline=None, max_examples=40)
def test_a_window_holds_the_rows_of_its_span_and_no_others(written: Path, first: int, last: int) -> None:
    read = read_block(written, first, last, ["x"])

    inside = [number for number in range(ROWS) if first <= number * 1000 <= last]
    assert read.column_names == ["time", "x"]
    assert read["time"].cast(pa.int64()).to_pylist() == [number * 1000 for number in inside]
    assert read["x"].to_pylist() == np.sin(inside).tolist()


def test_columns_that_a_block_has_not_are_left_out(written: Path) -> None:
    assert read_block(written, 0, 5000, ["x", "y"]).column_names == ["time", "x"]
    assert read_block(written, -2, -1, ["x", "y"]).column_names == ["time", "x"]


def test_a_row_group_is_read_at_a_time(written: Path) -> None:
    assert [table.num_rows for table in scan_block(written, 0, 10**18)] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 100]
    assert row_groups(written)[0] == (0, (ROW_GROUP_ROWS - 1) * 1000)


def test_the_encodings_are_those_that_suit_the_columns(written: Path) -> None:
    group = pq.ParquetFile(written).metadata.row_group(0)
    columns = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}

    for name in ("x", "f", "row.list.element"):
        assert "BYTE_STREAM_SPLIT" in columns[name].encodings
    for name in ("time", "epoch", "seq", "n", "big", "image.list.element.list.element", "x:quality"):
        assert "DELTA_BINARY_PACKED" in columns[name].encodings
    for name in ("word", "raw"):
        assert "RLE_DICTIONARY" in columns[name].encodings
    assert {column.compression for column in columns.values()} == {"ZSTD"}


def test_pieces_make_the_same_block_as_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "pieces.parquet"
    with BlockWriter(path, block(1).schema) as writer:
        for start in range(0, ROWS, 5000):
            writer.write(block().slice(start, 5000))

    assert writer.rows == ROWS
    assert writer.size == path.stat().st_size
    assert read_block(path, 0, 10**18).equals(block())
    assert len(row_groups(path)) == 3


def test_row_groups_of_large_rows_have_fewer_of_them(tmp_path: Path) -> None:
    images = pa.array([np.zeros(1_000_000)] * 20, pa.list_(pa.float64()))
    table = pa.table({"time": pa.array(range(20)).cast(STAMP), "image": images})
    with BlockWriter(tmp_path / "a", table.schema) as writer:
        writer.write(table)
    with BlockWriter(tmp_path / "b", table.schema) as writer:
        for at in range(20):
            writer.write(table.slice(at, 1))

    for name in ("a", "b"):
        assert row_groups(tmp_path / name)[:2] == [(0, 6), (7, 13)]
        assert read_block(tmp_path / name, 0, 100).num_rows == 20


def test_nothing_is_left_of_files_that_were_not_published(tmp_path: Path) -> None:
    with NewFiles() as files:
        files.write(tmp_path / "a" / "1.parquet", block(10))

    assert list((tmp_path / "a").iterdir()) == []


def test_files_get_their_names_when_all_are_written(tmp_path: Path) -> None:
    with NewFiles() as files:
        files.write(tmp_path / "a" / "b" / "1.parquet", block(10))
        files.write(tmp_path / "a" / "c" / "2.parquet", block(10))
        before = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        files.publish()

    assert before == {f"1.parquet{PART}", f"2.parquet{PART}"}
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"1.parquet", "2.parquet"}


FULL_DISK = """
import subprocess, sys
from pathlib import Path
import numpy as np, pyarrow as pa
from ocs.store.archive.blocks.parquet import NewFiles
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
noise = np.random.default_rng(1).normal(size=1_000_000)
table = pa.table({"time": pa.array(np.arange(len(noise))).cast(pa.timestamp("ns", "UTC")), "x": noise})
try:
    with NewFiles() as files:
        files.write(folder / "small.parquet", table.slice(0, 100))
        files.write(folder / "large.parquet", table)
        files.publish()
except OSError as error:
    print(error.errno, sorted(path.name for path in folder.iterdir()))
"""


def test_a_full_disk_leaves_no_file(tmp_path: Path) -> None:
    if subprocess.run(["/usr/bin/unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("this machine allows no user namespaces")

    done = subprocess.run(
        ["/usr/bin/unshare", "-Urm", sys.executable, "-c", FULL_DISK, tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout == "28 []\n", done.stderr


@pytest.mark.parametrize("kept", [0.0, 0.00001, 0.3, 0.9, 0.99999])
def test_a_truncated_block_is_damaged(written: Path, tmp_path: Path, kept: float) -> None:
    content = written.read_bytes()
    path = tmp_path / "cut.parquet"
    path.write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(DamagedBlockError, match=r"cut\.parquet is damaged"):
        read_block(path, 0, 10**18)


def test_a_changed_byte_of_a_page_is_damage(written: Path, tmp_path: Path) -> None:
    content = bytearray(written.read_bytes())
    group = pq.ParquetFile(written).metadata.row_group(1)
    column = next(group.column(at) for at in range(group.num_columns) if group.column(at).path_in_schema == "x")
    content[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path = tmp_path / "bad.parquet"
    path.write_bytes(content)

    with pytest.raises(DamagedBlockError):
        read_block(path, 0, 10**18)
    assert read_block(path, 0, 1000).num_rows == 2


def test_a_file_that_is_gone_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_block(tmp_path / "gone.parquet", 0, 1)


def test_duckdb_reads_blocks_by_plain_sql(written: Path) -> None:
    with duckdb.connect() as connection:
        answer = connection.execute(
            f"SELECT count(*), max(seq), sum(row[2]), min(time) FROM '{written.parent}/*.parquet' "  # noqa: S608 - ours
            "WHERE word = 'mäßig' AND time < '1970-01-01 00:00:00.03+00'"
        ).fetchone()

    assert answer is not None
    assert answer[:3] == (10_000, 29_998, 20_000.0)
