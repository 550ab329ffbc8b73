from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import Layout
from ocs.store.archive.reading.unsealed import DamageWarning, Unsealed, VanishedError

SERIES = SeriesKey("dev", "feed", "feed")
X = {"x": FieldType(DataType.FLOAT64)}


def batch(times: list[int], seq: int = 1, epoch: int = 1) -> Batch:
    stamps = np.array(times, np.int64)
    return Batch(SERIES, epoch, seq, stamps, X, {"x": stamps.astype(np.float64)})


def begun(folder: Path, number: int = 1) -> tuple[Layout, JournalWriter]:
    layout = Layout(folder)
    layout.journals.mkdir(exist_ok=True)
    return layout, JournalWriter(layout.journal(number))


def written(writer: JournalWriter, *batches: Batch, series: int = 1, version: int = 1) -> None:
    for each in batches:
        writer.add(series, version, each)
    writer.flush()


def times(unsealed: Unsealed, series: int | None = None) -> list[list[int]]:
    return [numbers_of(piece.table(), "time").tolist() for piece in unsealed.pieces(series)]


def test_what_came_since_the_last_look_is_found(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    unsealed = Unsealed(layout)
    unsealed.look(0)
    assert times(unsealed) == []

    written(writer, batch([1, 2]))
    unsealed.look(0)
    assert times(unsealed) == [[1, 2]]

    written(writer, batch([3], 3), batch([4, 5], 4))
    assert times(unsealed) == [[1, 2]]
    unsealed.look(0)
    assert times(unsealed) == [[1, 2, 3, 4, 5]]


def test_rows_are_in_the_order_of_their_time_with_their_bounds(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, batch([5, 9, 2]), batch([7, 1], 4))
    unsealed = Unsealed(layout)
    unsealed.look(0)

    (piece,) = unsealed.pieces(1)

    assert (piece.first, piece.last, piece.rows) == (1, 9, 5)
    assert numbers_of(piece.table(), "time").tolist() == [1, 2, 5, 7, 9]
    assert numbers_of(piece.table(), "seq").tolist() == [5, 3, 1, 4, 2]


def test_series_and_versions_are_told_apart(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, batch([1]), series=1)
    written(writer, batch([2]), series=2)
    written(writer, batch([3], 2), series=1, version=2)
    written(writer, batch([4], 3), series=1, version=2)
    unsealed = Unsealed(layout)
    unsealed.look(0)

    assert times(unsealed, 1) == [[1], [3, 4]]
    assert times(unsealed, 2) == [[2]]
    assert times(unsealed, 3) == []
    assert unsealed.extents() == {1: (1, 4, 3), 2: (2, 2, 1)}


def test_many_rows_are_several_pieces(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, *(batch(list(range(at, at + 20_000)), at + 1) for at in range(0, 100_000, 20_000)))
    unsealed = Unsealed(layout)
    unsealed.look(0)

    assert [piece.rows for piece in unsealed.pieces()] == [20_000] * 5


def test_files_that_are_sealed_do_not_count(tmp_path: Path) -> None:
    layout, first = begun(tmp_path)
    written(first, batch([1]))
    _, second = begun(tmp_path, 2)
    written(second, batch([2], 2))
    unsealed = Unsealed(layout)

    unsealed.look(0)
    assert times(unsealed) == [[1], [2]]
    unsealed.look(1)
    assert times(unsealed) == [[2]]


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, batch([1]))
    unsealed = Unsealed(layout)
    unsealed.look(0)
    (piece,) = unsealed.pieces()
    layout.journal(1).unlink()

    with pytest.raises(VanishedError):
        piece.table()
    unsealed.look(0)
    assert times(unsealed) == []


def test_a_torn_end_is_left_for_the_next_look(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, batch([1]), batch([2], 2))
    path = layout.journal(1)
    whole = path.read_bytes()
    unsealed = Unsealed(layout)
    for length in range(0, len(whole), 13):
        path.write_bytes(whole[:length])
        unsealed.look(0)
        assert times(unsealed) in ([], [[1]])

    path.write_bytes(whole)
    unsealed.look(0)

    assert times(unsealed) == [[1, 2]]


def test_a_frozen_piece_does_not_grow(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, batch([5]))
    unsealed = Unsealed(layout)
    unsealed.look(0)
    (piece,) = [piece.frozen() for piece in unsealed.pieces()]

    written(writer, batch([1, 9], 2))
    unsealed.look(0)

    assert (piece.first, piece.last, piece.rows) == (5, 5, 1)
    assert numbers_of(piece.table(), "time").tolist() == [5]
    assert times(unsealed) == [[1, 5, 9]]


def test_what_the_writer_took_back_is_forgotten(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, batch([1]))
    path = layout.journal(1)
    before = path.read_bytes()
    written(writer, batch([2, 3], 2))
    unsealed = Unsealed(layout)
    unsealed.look(0)
    assert times(unsealed) == [[1, 2, 3]]

    path.write_bytes(before)
    writer.close()
    other = tmp_path / "other"
    other.mkdir()
    _, again = begun(other)
    written(again, batch([1]))
    written(again, batch([4, 5, 6, 7], 2))
    path.write_bytes(Layout(other).journal(1).read_bytes())
    unsealed.look(0)

    assert times(unsealed) == [[1, 4, 5, 6, 7]]


@given(st.integers(0, 5000), st.integers(0, 255))
@settings(deadline=None, max_examples=60)
def test_a_damaged_journal_gives_whole_frames_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    layout, writer = begun(tmp_path_factory.mktemp("journal"))
    written(writer, *(batch([number], number) for number in range(1, 6)))
    path = layout.journal(1)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data)
    unsealed = Unsealed(layout)

    unsealed.look(0)

    found = [time for piece in times(unsealed) for time in piece]
    assert found == list(range(1, len(found) + 1))


def test_damage_behind_a_seen_frame_is_met_once(tmp_path: Path) -> None:
    layout, writer = begun(tmp_path)
    written(writer, *(batch([number], number) for number in range(1, 4)))
    unsealed = Unsealed(layout)
    unsealed.look(0)
    (piece,) = unsealed.pieces()
    path = layout.journal(1)
    data = bytearray(path.read_bytes())
    data[-10] ^= 0xFF
    path.write_bytes(data)

    for _ in range(2):
        with pytest.raises(VanishedError):
            piece.table()
    unsealed.look(0)

    assert times(unsealed) == [[1, 2]]


@pytest.mark.parametrize("last", [False, True])
def test_damage_is_told_once_but_not_of_the_file_that_is_being_written(tmp_path: Path, last: bool) -> None:  # noqa: FBT001
    layout, writer = begun(tmp_path)
    written(writer, batch([1]), batch([2], 2))
    path = layout.journal(1)
    path.write_bytes(path.read_bytes()[:-5])
    if not last:
        written(begun(tmp_path, 2)[1], batch([3], 3))
    unsealed = Unsealed(layout)
    told: list[Any] = []
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            unsealed.look(0)
        told += caught

    assert [each.category for each in told] == ([] if last else [DamageWarning])
    assert times(unsealed) == ([[1]] if last else [[1], [3]])
