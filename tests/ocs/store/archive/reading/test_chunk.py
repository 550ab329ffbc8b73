from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import ParameterError
from ocs.model.series import SeriesKey
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.widening import valid

SERIES = SeriesKey("cryo/1", "fast", "left")


def table(rows: int) -> pa.Table:
    columns = {
        "time": pa.array(range(rows), pa.timestamp("ns", "UTC")),
        "x": pa.array([float(row) for row in range(rows)]),
        "word": pa.array([None if row % 3 else "mäßig" for row in range(rows)], pa.string()),
        "row": pa.array([[row, row] for row in range(rows)], pa.list_(pa.int16())),
        "x:quality": valid(rows),
    }
    fields = [
        pa.field(name, column.type, metadata={"unit": "K"} if name == "x" else None) for name, column in columns.items()
    ]
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields))


@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_a_chunk_comes_back_from_its_bytes_with_series_and_units(rows: int) -> None:
    back = Chunk.from_bytes(Chunk(SERIES, table(rows)).to_bytes(), fraction=0.5)

    assert back.series == SERIES
    assert back.fraction == 0.5
    assert back.table.equals(table(rows), check_metadata=True)


def test_any_arrow_library_reads_the_bytes() -> None:
    with pa.ipc.open_stream(Chunk(SERIES, table(3)).to_bytes()) as stream:
        assert stream.read_all().column_names == table(3).column_names


@pytest.mark.parametrize("rows", [0, 1, 7, 1000])
def test_the_pieces_of_a_chunk_are_the_whole(rows: int) -> None:
    pieces = list(Chunk(SERIES, table(rows)).split(2000))

    assert pa.concat_tables(piece.table for piece in pieces).equals(table(rows))
    assert all(piece.table.nbytes <= 2000 + 64 for piece in pieces)
    assert all(pieces) or rows == 0


def test_a_row_larger_than_a_piece_is_a_piece() -> None:
    assert [len(piece) for piece in Chunk(SERIES, table(3)).split(1)] == [1, 1, 1]


@given(st.binary(max_size=200))
def test_bytes_that_are_no_chunk_are_refused(data: bytes) -> None:
    with pytest.raises(ParameterError, match="no rows of an archive"):
        Chunk.from_bytes(data)


@given(st.integers(0, 1500), st.integers(0, 255))
def test_a_damaged_chunk_is_refused_or_read_but_never_worse(at: int, byte: int) -> None:
    data = bytearray(Chunk(SERIES, table(5)).to_bytes())
    data[at % len(data)] = byte
    try:
        chunk = Chunk.from_bytes(bytes(data))
    except ParameterError:
        return

    assert isinstance(chunk.series, SeriesKey)


def test_a_stream_of_something_else_is_no_chunk() -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table(1).schema) as stream:
        stream.write_table(table(1))

    with pytest.raises(ParameterError, match="no rows of an archive"):
        Chunk.from_bytes(sink.getvalue().to_pybytes())
