"""Whoever follows the journal gets each row, in order, also after a restart of either side."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.errors import VersionError
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Catalogue, Cursor
from ocs.store.archive.journal.following import SAVED_ROWS, Follower, forget
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import Layout
from ocs.store.framed_log import FramedLog, scan

SERIES = SeriesKey("thermo-1", "temperatures", "temperatures")
FLOAT = {"x": FieldType(DataType.FLOAT64)}
T0 = 1_795_170_036_770_000_000


def rows(first: int, count: int = 10) -> Batch:
    values = np.arange(first, first + count)
    return Batch(SERIES, 7, first, T0 + values, FLOAT, {"x": values.astype(np.float64)})


class Journal:
    """The journal of an archive, written file by file."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self.layout.journals.mkdir(parents=True)
        self.folder = folder
        self._number = 1
        self._writer = JournalWriter(self.path())

    def begin(self) -> None:
        self._writer.close()
        self._number += 1
        self._writer = JournalWriter(self.path())

    def path(self, number: int | None = None) -> Path:
        return self.layout.journal(self._number if number is None else number)

    def write(self, *batches: Batch) -> None:
        for batch in batches:
            self._writer.add(1, 1, batch)
        self._writer.flush()

    def leave_out(self, first: int, last: int) -> None:
        self._writer.leave_out(1, SERIES, 7, first, last)
        self._writer.flush()

    def cursor(self, name: str = "copy") -> Cursor | None:
        with Catalogue(self.layout.catalogue, read_only=True) as catalogue:
            return catalogue.cursors().get(name)

    def end(self) -> None:
        self._writer.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "archive")
    yield made
    made.end()


@pytest.fixture
def follow(journal: Journal) -> Iterator[Callable[..., Follower]]:
    followers: list[Follower] = []

    def begin(name: str = "copy") -> Follower:
        followers.append(Follower(journal.folder, name))
        return followers[-1]

    yield begin
    for follower in followers:
        follower.close()


def numbers(follower: Follower, count: int = 10) -> list[int]:
    """Take all that waits and acknowledge it; the numbers of the rows, which are their values too."""
    found: list[int] = []
    while (taken := follower.take(count)).batches:
        for batch in taken.batches:
            assert batch.columns["x"].tolist() == list(range(batch.seq, batch.last + 1))
            found += range(batch.seq, batch.last + 1)
        follower.acknowledge()
    follower.acknowledge()
    return found


def test_rows_come_in_order_and_once_while_they_are_written(journal: Journal, follow: Callable[..., Follower]) -> None:
    follower = follow()
    assert numbers(follower) == []

    journal.write(rows(1), rows(11))
    assert numbers(follower) == list(range(1, 21))

    journal.write(rows(21))
    journal.begin()
    journal.write(rows(31))
    journal.begin()
    journal.begin()
    journal.write(rows(41))
    assert numbers(follower) == list(range(21, 51))
    assert numbers(follower) == []


@given(
    sizes=st.lists(st.tuples(st.integers(1, 30), st.booleans(), st.booleans()), max_size=12), count=st.integers(1, 50)
)
def test_each_row_comes_once_however_files_and_restarts_fall(
    sizes: list[tuple[int, bool, bool]], count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    journal = Journal(tmp_path_factory.mktemp("any") / "archive")
    follower = Follower(journal.folder, "copy")
    found: list[int] = []
    written = 0
    for size, new_file, restart in sizes:
        journal.write(rows(written + 1, size))
        written += size
        if new_file:
            journal.begin()
        if restart:
            found += numbers(follower, count)
            follower.close()
            follower = Follower(journal.folder, "copy")
    found += numbers(follower, count)
    follower.close()
    journal.end()

    assert found == list(range(1, written + 1))


def test_what_was_not_acknowledged_comes_again(journal: Journal, follow: Callable[..., Follower]) -> None:
    journal.write(rows(1), rows(11), rows(21))
    first = follow()

    assert first.take(10) is first.take(10)
    assert first.take(10).rows == 10
    first.acknowledge()
    first.take(10)
    first.close()

    assert numbers(follow()) == list(range(11, 31))


def test_after_a_crash_it_goes_on_from_the_place_that_was_saved(
    journal: Journal, follow: Callable[..., Follower]
) -> None:
    many = SAVED_ROWS // 2
    journal.write(rows(1, many), rows(many + 1, many), rows(2 * many + 1, many))
    crashed = follow()
    for _ in range(3):
        crashed.take(1)
        crashed.acknowledge()

    assert numbers(follow()) == list(range(2 * many + 1, 3 * many + 1))


def test_the_archive_knows_from_the_beginning_that_somebody_follows(
    journal: Journal, follow: Callable[..., Follower]
) -> None:
    follower = follow()
    assert journal.cursor() == Cursor(0)

    journal.write(rows(1))
    journal.begin()
    numbers(follower)

    assert journal.cursor() == Cursor(2, 0)


def test_a_follower_that_is_forgotten_keeps_nothing_back(journal: Journal, follow: Callable[..., Follower]) -> None:
    follow().close()
    follow("other").close()

    forget(journal.folder, "copy")

    assert journal.cursor() is None
    assert journal.cursor("other") == Cursor(0)


def test_rows_that_were_left_out_keep_nothing_back(journal: Journal, follow: Callable[..., Follower]) -> None:
    follower = follow()
    journal.write(rows(1))
    journal.leave_out(11, 500)
    size = journal.path().stat().st_size

    assert numbers(follower) == list(range(1, 11))
    assert journal.cursor() == Cursor(1, size)


def test_two_followers_do_not_know_of_each_other(journal: Journal, follow: Callable[..., Follower]) -> None:
    journal.write(rows(1))
    one, other = follow("one"), follow("other")

    assert numbers(one) == list(range(1, 11))
    assert numbers(other) == list(range(1, 11))


def test_a_frame_that_is_being_written_is_waited_for(journal: Journal, follow: Callable[..., Follower]) -> None:
    follower = follow()
    journal.write(rows(1), rows(11))
    whole = journal.path().read_bytes()
    journal.path().write_bytes(whole[:-5])
    assert numbers(follower) == list(range(1, 11))

    journal.path().write_bytes(whole)

    assert numbers(follower) == list(range(11, 21))


def test_a_torn_end_that_was_cut_does_not_stop_it(journal: Journal, follow: Callable[..., Follower]) -> None:
    follower = follow()
    journal.write(rows(1), rows(11))
    journal.path().write_bytes(journal.path().read_bytes()[:-5])
    journal.begin()
    journal.write(rows(11))

    assert numbers(follower) == list(range(1, 21))


def test_a_file_that_was_deleted_does_not_stop_it(journal: Journal, follow: Callable[..., Follower]) -> None:
    journal.write(rows(1))
    follower = follow()
    numbers(follower)
    journal.begin()
    journal.write(rows(11))
    journal.path(1).unlink()

    assert numbers(follower) == list(range(11, 21))


def test_a_write_that_was_taken_back_after_it_was_seen_loses_nothing(
    journal: Journal, follow: Callable[..., Follower]
) -> None:
    journal.write(rows(1))
    size = journal.path().stat().st_size
    journal.write(rows(11))
    follower = follow()
    assert numbers(follower) == list(range(1, 21))
    with journal.path().open("r+b") as file:
        file.truncate(size)
        file.seek(size)
    other = Journal(journal.folder.parent / "other")
    other.write(rows(1), rows(21, 50))
    with journal.path().open("ab") as file:
        file.write(other.path().read_bytes()[size:])
    other.end()

    journal.begin()

    assert numbers(follower) == list(range(21, 71))


def test_after_an_error_of_the_disk_nothing_is_missing(journal: Journal, follow: Callable[..., Follower]) -> None:
    journal.write(rows(1))
    journal.begin()
    journal.write(rows(11))
    follower = follow()
    follower.take(10)
    follower.acknowledge()
    whole = journal.path().read_bytes()
    journal.path().unlink()
    journal.path().mkdir()
    with pytest.raises(IsADirectoryError):
        follower.take(10)

    journal.path().rmdir()
    journal.path().write_bytes(whole)

    assert numbers(follower) == list(range(11, 21))


def test_a_damaged_rest_of_a_file_is_passed_over(journal: Journal, follow: Callable[..., Follower]) -> None:
    journal.write(rows(1), rows(11))
    data = bytearray(journal.path().read_bytes())
    data[-3] ^= 0xFF
    journal.path().write_bytes(data)
    journal.begin()
    journal.write(rows(21))

    assert numbers(follow()) == [*range(1, 11), *range(21, 31)]


def test_what_is_good_behind_a_damaged_frame_comes_too(journal: Journal, follow: Callable[..., Follower]) -> None:
    journal.write(rows(1))
    ends = [journal.path().stat().st_size]
    for first in (11, 21, 31):
        journal.write(rows(first))
        ends.append(journal.path().stat().st_size)
    data = bytearray(journal.path().read_bytes())
    data[ends[1] - 3] ^= 0xFF
    journal.path().write_bytes(data)
    journal.begin()
    journal.write(rows(41))

    assert numbers(follow()) == [*range(1, 11), *range(21, 51)]


def test_values_come_as_they_were(journal: Journal, follow: Callable[..., Follower]) -> None:
    fields = {
        "whole": FieldType(DataType.INT16), "flag": FieldType(DataType.BOOL), "text": FieldType(DataType.STR),
        "maybe": FieldType(DataType.INT64), "raw": FieldType(DataType.BYTES), "note": FieldType(DataType.RECORD),
        "spectrum": FieldType(DataType.FLOAT32, 1),
    }  # fmt: skip
    columns: dict[str, Any] = {
        "whole": np.array([-3, 4], np.int16), "flag": np.array([True, False]), "text": ["a", None],
        "maybe": [None, 2**60 + 1], "raw": [b"\0", b""], "note": [{"k": [1]}, None],
        "spectrum": np.array([[1, 2], [3, 4]], np.float32),
    }  # fmt: skip
    quality = {"whole": np.array([0, 3], np.uint8)}
    journal.write(Batch(SERIES, 7, 1, np.array([T0, T0 + 1]), fields, columns, quality))

    (batch,) = follow().take(1).batches

    assert (batch.series, batch.epoch, batch.seq, batch.fields) == (SERIES, 7, 1, fields)
    assert batch.times.tolist() == [T0, T0 + 1]
    told = {name: [*column] for name, column in batch.columns.items()}
    np.testing.assert_array_equal(np.stack(told.pop("spectrum")), columns["spectrum"])
    records = [None if record is None else json.loads(record) for record in told.pop("note")]
    assert records == columns["note"]
    assert told == {name: [*columns[name]] for name in told}
    assert batch.quality["whole"].tolist() == [0, 3]


def test_what_a_full_disk_took_back_while_it_was_read_does_not_stop_a_follower(
    journal: Journal, follow: Callable[..., Follower]
) -> None:
    journal.write(rows(1))
    follower = follow()
    assert [batch.seq for batch in taken(follower)] == [1]
    good = journal.path().stat().st_size
    quality = {"x": np.ones(1, np.uint8)}
    journal.write(Batch(SERIES, 7, 11, np.array([T0]), FLOAT, {"x": np.ones(1)}, quality))
    schema, values = [bytearray(frame.payload) for frame in scan(journal.path(), good)]
    os.truncate(journal.path(), good + 8 + len(schema))
    assert taken(follower) == []
    schema[2], values[6] = 2, 2  # written again, a schema has another number
    again = FramedLog(journal.path(), keep=good)
    again.append([bytes(schema), bytes(values)])
    again.close()

    assert [batch.seq for batch in taken(follower)] == [11]


def test_a_file_of_a_newer_ocs_is_told_to_a_follower_which_goes_on_when_it_is_understood(
    journal: Journal, follow: Callable[..., Follower]
) -> None:
    journal.write(rows(1))
    follower = follow()
    known = journal.path().read_bytes()
    journal.path().write_bytes(known.replace(b"OCSLOG1", b"OCSLOG2", 1))

    for _ in range(2):
        with pytest.raises(VersionError, match="newer OCS"):
            follower.take(100)
    journal.path().write_bytes(known)

    assert [batch.seq for batch in taken(follower)] == [1]


def taken(follower: Follower) -> list[Batch]:
    batches = follower.take(100).batches
    follower.acknowledge()
    return list(batches)
