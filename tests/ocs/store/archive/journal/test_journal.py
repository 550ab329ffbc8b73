from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.errors import ParameterError, TooLargeError, VersionError
from ocs.model.series import Batch, FieldType
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.journal import journal
from ocs.store.archive.journal.journal import JournalReader, JournalWriter, LeftOut, Rows, read_journal
from ocs.store.archive.naming import column_of
from tests.ocs.store.archive.batches import KEY, batches, plain

X = {"x": FieldType(DataType.FLOAT64, unit="K")}


def rows(first: int, count: int = 3, epoch: int = 7) -> Batch:
    values = np.arange(first, first + count)
    return Batch(KEY, epoch, first, values * 1000, X, {"x": values.astype(np.float64)})


def write(path: Path, count: int) -> list[int]:
    """Write so many frames of rows, each by a flush of its own; return the sizes of the file after each."""
    writer = JournalWriter(path)
    sizes = []
    for number in range(count):
        writer.add(1, 1, rows(1 + 3 * number))
        writer.flush()
        sizes.append(writer.size)
    writer.close()
    return sizes


def firsts(path: Path, offset: int = 0) -> list[int]:
    return [item.first for item in read_journal(path, offset)]


@given(st.lists(st.tuples(st.integers(1, 3), batches()), max_size=5))
@settings(max_examples=60, deadline=None)
def test_rows_of_any_type_come_back_as_they_were(told: list[tuple[int, Batch]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.log"
        writer = JournalWriter(path)
        for number, (series, batch) in enumerate(told):
            writer.add(series, number, batch)
        writer.flush()
        writer.close()

        found = list(read_journal(path))

    assert len(found) == len(told)
    for number, (item, (series, batch)) in enumerate(zip(found, told, strict=True)):
        assert isinstance(item, Rows)
        assert (item.form.series, item.form.key, item.form.version) == (series, KEY, number)
        assert (item.epoch, item.first, item.last) == (batch.epoch, batch.seq, batch.last)
        assert (item.form.fields, list(item.form.qualities)) == (batch.fields, sorted(batch.quality))
        table = item.table()
        assert numbers_of(table, "time").tolist() == batch.times.tolist()
        assert table["epoch"].to_pylist() == [batch.epoch] * len(batch)
        assert table["seq"].to_pylist() == list(range(batch.seq, batch.last + 1))
        for name, kind in batch.fields.items():
            values = table[column_of(name)].to_pylist()
            if kind.dtype is DataType.RECORD:
                values = [None if value is None else json.loads(value) for value in values]
            assert plain(values) == plain(batch.columns[name])
        for name, numbers in batch.quality.items():
            assert table[column_of(name) + ":quality"].to_pylist() == numbers.tolist()


def test_rows_that_are_not_numbered_without_a_hole_have_their_numbers(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "1.log")
    writer.add(1, 1, rows(10), np.array([10, 12, 17]), last=20)
    writer.add(1, 1, rows(21))
    writer.flush()

    chosen, whole = read_journal(tmp_path / "1.log")

    assert isinstance(chosen, Rows)
    assert isinstance(whole, Rows)
    assert (chosen.first, chosen.last, chosen.table()["seq"].to_pylist()) == (10, 20, [10, 12, 17])
    assert whole.table()["seq"].to_pylist() == [21, 22, 23]


def test_numbers_that_were_left_out_are_told_with_their_series(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "1.log")
    writer.leave_out(3, KEY, 7, 1, 100)
    writer.flush()

    (item,) = read_journal(tmp_path / "1.log")

    assert item == LeftOut(3, KEY, 7, 1, 100, writer.size)


def test_a_file_that_ends_anywhere_has_the_rows_before(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    sizes = write(path, 3)
    whole = path.read_bytes()

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert firsts(path) == [1 + 3 * number for number, size in enumerate(sizes) if size <= length]


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_damage_anywhere_leaves_the_rows_before_it_and_is_no_error(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.log"
        sizes = write(path, 3)
        whole = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(whole) - 1))
        rest = data.draw(st.binary(min_size=1, max_size=200)).ljust(data.draw(st.integers(1, 300)), b"\0")
        whole[at : at + len(rest)] = rest

        path.write_bytes(whole)

        wanted = [1 + 3 * number for number, size in enumerate(sizes) if size <= at]
        assert firsts(path)[: len(wanted)] == wanted


def test_each_file_can_be_read_from_any_frame_on(tmp_path: Path) -> None:
    sizes = write(tmp_path / "1.log", 4)

    assert firsts(tmp_path / "1.log", sizes[1]) == [7, 10]
    assert firsts(tmp_path / "1.log", sizes[-1]) == []


def test_a_reader_goes_on_with_what_came_since(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "1.log")
    reader = JournalReader(tmp_path / "1.log")
    assert list(reader.read()) == []

    found = []
    for number in range(3):
        writer.add(1, 1, rows(1 + 3 * number))
        writer.flush()
        found += [item.first for item in reader.read()]
        assert reader.position == writer.size

    assert found == [1, 4, 7]
    assert list(reader.read()) == []


def test_what_is_not_flushed_or_is_forgotten_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    writer = JournalWriter(path)
    empty = writer.size
    writer.add(1, 1, rows(1))
    writer.forget()
    writer.flush()
    assert (writer.used, writer.size) == (False, empty)
    writer.add(1, 1, rows(4))
    writer.flush()

    assert (writer.used, firsts(path)) == (True, [4])


class FailingDisk:
    """A disk that takes so many bytes more, then refuses; and that may refuse to sync."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = 10**9
        self.syncs = True
        self._write, self._sync = os.pwrite, os.fdatasync
        monkeypatch.setattr(os, "pwrite", self._pwrite)
        monkeypatch.setattr(os, "fdatasync", self._fdatasync)

    def _pwrite(self, file: int, data: Any, offset: int) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "no room")
        done = self._write(file, data[: self.room], offset)
        self.room -= done
        return done

    def _fdatasync(self, file: int) -> None:
        if not self.syncs:
            raise OSError(errno.EIO, "the disk failed")
        self._sync(file)


@pytest.mark.parametrize("room", [0, 1, 20, 300])
def test_a_full_disk_leaves_the_file_good_and_it_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    path, disk = tmp_path / "1.log", FailingDisk(monkeypatch)
    writer = JournalWriter(path)
    writer.add(1, 1, rows(1))
    writer.flush()
    disk.room = room
    writer.add(1, 1, rows(4))
    writer.add(2, 1, rows(100))
    with pytest.raises(OSError, match="no room"):
        writer.flush()
    assert firsts(path) == [1]
    assert not writer.spoiled
    disk.room = 10**9

    writer.flush()
    assert firsts(path) == [1]
    writer.add(2, 1, rows(200))
    writer.add(1, 1, rows(4))
    writer.flush()

    assert [(item.form.series, item.first) for item in read_journal(path) if isinstance(item, Rows)] == [
        (1, 1), (2, 200), (1, 4),
    ]  # fmt: skip


def test_a_file_whose_sync_failed_is_spoiled_and_ends_where_it_was_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, disk = tmp_path / "1.log", FailingDisk(monkeypatch)
    writer = JournalWriter(path)
    writer.add(1, 1, rows(1))
    writer.flush()
    disk.syncs = False
    writer.add(1, 1, rows(4))

    with pytest.raises(OSError, match="the disk failed"):
        writer.flush()

    assert writer.spoiled
    assert firsts(path) == [1]


def test_rows_that_no_frame_takes_are_refused_and_hurt_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LARGEST_BODY", 1000)
    writer = JournalWriter(tmp_path / "1.log")
    with pytest.raises(TooLargeError, match="send fewer rows in a batch"):
        writer.add(1, 1, rows(1, 200))
    writer.add(1, 1, rows(201))
    writer.flush()

    assert firsts(tmp_path / "1.log") == [201]


def test_a_value_of_the_wrong_type_hurts_no_other_rows(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "1.log")
    bad = Batch(KEY, 7, 1, np.array([1]), X, {"x": ["text"]})
    with pytest.raises(ParameterError, match="no float64"):
        writer.add(1, 1, bad)
    writer.add(1, 1, rows(4))
    writer.flush()

    assert firsts(tmp_path / "1.log") == [4]


def test_a_file_of_a_newer_format_is_told_in_one_sentence_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    write(path, 2)
    newer = b"OCSLOG2\n" + path.read_bytes()[8:]
    path.write_bytes(newer)

    for closed in (True, False):
        with pytest.raises(VersionError) as refused:
            list(JournalReader(path, closed=closed).read())

        assert refused.value.message == (
            f"the journal file {path} was written by a newer OCS than this one (it knows the format 1, this is 2); "
            "update OCS: the file is left as it is"
        )
    assert path.read_bytes() == newer


def test_only_of_a_closed_file_what_comes_behind_damage_is_read(tmp_path: Path) -> None:
    path = tmp_path / "1.log"
    sizes = write(path, 3)
    content = bytearray(path.read_bytes())
    content[sizes[0] + 9] ^= 1
    path.write_bytes(content)

    live, closed = JournalReader(path), JournalReader(path, closed=True)

    assert [item.first for item in live.read()] == [1]
    assert (live.position, live.lost) == (sizes[0], 0)
    assert [item.first for item in closed.read()] == [1, 7]
    assert (closed.position, closed.lost) == (sizes[2], sizes[1] - sizes[0])
