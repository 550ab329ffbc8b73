from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.series import SeriesKey
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.history import STAMP, History
from ocs.store.archive.reading.joining import Spill
from ocs.store.archive.reading.widening import valid

FAST, SLOW = SeriesKey("thermo-1", "fast", "fast"), SeriesKey("thermo-1", "slow", "slow")


def chunk(series: SeriesKey, times: list[int], **columns: object) -> Chunk:
    return Chunk(series, pa.table({"time": pa.array(times, STAMP), **columns}))


def spilled(folder: Path, *chunks: Chunk) -> Spill:
    spill = Spill(folder)
    for each in chunks:
        spill.add(each)
    return spill


@given(
    st.lists(st.lists(st.integers(0, 20), max_size=30), min_size=1, max_size=4), st.integers(1, 9), st.integers(1, 9)
)
@settings(deadline=None)
def test_pieces_put_together_are_the_table_of_the_whole_answer(
    times: list[list[int]], chunk_rows: int, piece_rows: int
) -> None:
    chunks = []
    for at, each in enumerate(times):
        moments = sorted(each)
        chunks += [
            chunk(SeriesKey(f"dev-{at}", "feed", "feed"), moments[row : row + chunk_rows],
                  x=[100 * at + row + more for more in range(len(moments[row : row + chunk_rows]))])
            for row in range(0, max(1, len(moments)), chunk_rows)
        ]  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        pieces = list(spilled(Path(folder), *chunks).joined(piece_rows))

        whole = History.from_chunks(chunks).table
        assert sum(piece.num_rows for piece in pieces) == whole.num_rows
        if pieces:
            assert pa.concat_tables(pieces).to_pydict() == whole.to_pydict()


def test_columns_are_the_same_in_each_piece_though_they_came_late_or_widened(tmp_path: Path) -> None:
    spill = spilled(
        tmp_path,
        chunk(FAST, [1, 2], x=pa.array([1, 2])),
        chunk(FAST, [3, 4], x=pa.array([0.5, 1.5]), **{"x:quality": valid(2), "more": ["a", "b"]}),
        chunk(SLOW, [4], x=["text"]),
    )

    pieces = list(spill.joined(piece_rows=1))

    assert len(pieces) > 2
    assert {tuple(piece.column_names) for piece in pieces} == {
        ("time", "thermo-1.fast.x", "thermo-1.fast.x:quality", "thermo-1.more", "thermo-1.slow.x")
    }
    whole = pa.concat_tables(pieces).to_pydict()
    assert whole["thermo-1.fast.x"] == [1.0, 2.0, 0.5, 1.5]
    assert whole["thermo-1.fast.x:quality"] == ["VALID"] * 4
    assert whole["thermo-1.more"] == [None, None, "a", "b"]
    assert whole["thermo-1.slow.x"] == [None, None, None, "text"]


def test_no_more_rows_than_asked_are_in_a_piece(tmp_path: Path) -> None:
    spill = spilled(tmp_path, chunk(FAST, list(range(1000)), x=list(range(1000))))

    pieces = list(spill.joined(piece_rows=100))

    assert max(piece.num_rows for piece in pieces) <= 200
    assert sum(piece.num_rows for piece in pieces) == spill.rows == 1000


def test_chunks_of_series_that_take_turns_stay_in_their_order(tmp_path: Path) -> None:
    spill = spilled(
        tmp_path, chunk(FAST, [1], x=[1]), chunk(SLOW, [1], y=[1]), chunk(FAST, [2], x=[2]), chunk(SLOW, [3], y=[3])
    )

    whole = pa.concat_tables(spill.joined())

    assert whole["thermo-1.x"].to_pylist() == [1, 2, None]
    assert whole["thermo-1.y"].to_pylist() == [1, None, 3]


def test_nothing_kept_is_nothing_joined(tmp_path: Path) -> None:
    assert list(Spill(tmp_path).joined()) == []
