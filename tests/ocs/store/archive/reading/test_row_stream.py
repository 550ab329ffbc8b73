from __future__ import annotations

import tempfile
import threading
import warnings
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
from ocs.model.series import FieldType
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.reading.history import History
from ocs.store.archive.reading.reading import ArchiveReader
from ocs.store.archive.reading.unsealed import DamageWarning
from tests.ocs.store.archive.filling import SECOND, START, THERMO, Filled, at, ticks

ALL = (at(-86_400), at(86_400))
FIELDS = {"x": FieldType(DataType.INT64)}
VERSIONS = (FIELDS, FIELDS | {"y": FieldType(DataType.FLOAT64)}, {"x": FieldType(DataType.FLOAT64)})

batches = st.lists(
    st.tuples(
        st.lists(st.integers(-5, 30), min_size=1, max_size=12),  # times in s, as a clock that steps gives them
        st.integers(1, 2),  # epoch
        st.sampled_from(range(len(VERSIONS))),
        st.sampled_from(["", "seal", "compact"]),  # what follows
    ),
    min_size=1,
    max_size=7,
)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        yield filled


def x_of(history: History) -> list[Any]:
    return list(history.table["thermo-1.x"].to_pylist()) if history.names else []


@given(batches, st.integers(-6, 32), st.integers(0, 38), st.integers(1, 7))
@settings(deadline=None, max_examples=40)
def test_whatever_came_in_whichever_order_comes_out_once_in_the_order_of_time(
    given: list[tuple[list[int], int, int, str]], start: int, length: int, chunk_rows: int
) -> None:
    expected = []
    with tempfile.TemporaryDirectory() as folder, Filled(Path(folder)) as filled:
        value = 0
        for times, epoch, version, after in given:
            fields = VERSIONS[version]
            numbers = np.arange(value, value + len(times))
            columns = {name: numbers.astype(kind.dtype.value) for name, kind in fields.items()}
            filled.put([time * SECOND for time in times], columns, fields, epoch=epoch)
            expected += [(time, epoch, value + at) for at, time in enumerate(times)]
            value += len(times)
            if after:
                filled.seal()
            if after == "compact":
                filled.archive.compact()
        with filled.reader() as reader:
            chunks = list(reader.chunks("thermo-1.x", at(start), at(start + length), chunk_rows=chunk_rows))
    rows = pa.concat_tables(chunk.table.select(["time", "x"]) for chunk in chunks)
    found = list(zip(rows["time"].cast(pa.int64()).to_pylist(), rows["x"].to_pylist(), strict=True))
    assert found == [
        (at(time), value) for time, _, value in sorted(expected) if start <= time < start + length
    ]  # numbers rise with the rows of each epoch
    assert max(len(chunk) for chunk in chunks) <= chunk_rows


def test_files_that_are_merged_while_they_are_read_are_read_on_where_they_went(filled: Filled) -> None:
    for first in range(0, 100, 10):
        filled.put([*ticks(10, first=first * SECOND), first * SECOND])
        filled.seal()

    with filled.reader() as reader:
        chunks = reader.chunks("thermo-1", *ALL, chunk_rows=7)
        rows = [value for _ in range(4) for value in next(chunks).table["x"].to_pylist()]
        assert filled.archive.compact().before == 10
        assert len(filled.blocks()) == 1
        rows += [value for chunk in chunks for value in chunk.table["x"].to_pylist()]

    assert rows == sorted([*range(100), *range(0, 100, 10)])


def test_a_journal_that_is_sealed_while_it_is_read_is_read_on_in_blocks(filled: Filled) -> None:
    for first in range(0, 200_000, 20_000):
        filled.put(ticks(20_000, 1000, first * 1000))

    with filled.reader() as reader:
        chunks = reader.chunks("thermo-1", *ALL, chunk_rows=5000)
        rows = len(next(chunks))
        filled.seal()
        assert filled.layout.journal_numbers() == []
        rows += sum(len(chunk) for chunk in chunks)

    assert rows == 200_000


def test_rows_that_expire_while_they_are_read_are_a_gap(filled: Filled) -> None:
    for first in range(3):
        filled.put(ticks(10, first=first * 10 * SECOND))
        filled.seal()

    with filled.reader() as reader:
        chunks = reader.chunks("thermo-1", *ALL, chunk_rows=10)
        next(chunks)
        filled.expire(0.0)
        assert sum(len(chunk) for chunk in chunks) <= 10  # of a chunk that was read already
        assert [gap.cause for gap in reader.gaps("thermo-1")] == [GapCause.EXPIRED]


@pytest.mark.parametrize("harm", ["truncated", "gone"])
def test_a_damaged_block_is_left_out_with_a_gap_and_a_warning(filled: Filled, harm: str) -> None:
    for first in range(3):
        filled.put(ticks(10, first=first * 10 * SECOND))
        filled.seal()
    path = filled.blocks()[1]
    path.write_bytes(path.read_bytes()[:-100]) if harm == "truncated" else path.unlink()

    with filled.reader() as reader:
        with pytest.warns(DamageWarning, match=r"rows of thermo-1\.temperatures are left out: blocks/thermo-1/"):
            history = reader.history("thermo-1", *ALL)
        again = reader.history("thermo-1", *ALL)

    assert x_of(history) == x_of(again) == [*range(10), *range(20, 30)]
    assert history.gaps == again.gaps
    (gap,) = history.gaps
    assert (gap.cause, gap.device, gap.feed, gap.rows) == (GapCause.DAMAGED, "thermo-1", "temperatures", 10)
    assert (gap.start, gap.end) == (at(10), at(19))


def test_a_block_that_is_damaged_behind_its_beginning_is_read_up_to_there(filled: Filled) -> None:
    rows = 100_000
    filled.put(ticks(rows, 1000), {"x": np.random.default_rng(1).normal(size=rows)})
    filled.seal()
    (path,) = filled.blocks()
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(data)

    with filled.reader() as reader, pytest.warns(DamageWarning, match="are left out"):
        history = reader.history("thermo-1", *ALL)

    assert 0 < len(history) < rows
    assert len(history) % 32_768 == 0
    (gap,) = history.gaps
    assert (gap.start, gap.end, gap.rows) == (START + (len(history) - 1) * 1000, START + (rows - 1) * 1000, 0)


def test_a_gap_of_damage_ends_when_the_archive_says_so_itself(filled: Filled) -> None:
    filled.put(ticks(10))
    filled.seal()
    (path,) = filled.blocks()
    path.write_bytes(b"")
    with filled.reader() as reader, pytest.warns(DamageWarning):
        reader.history("thermo-1", *ALL)

    filled.archive.check()

    with filled.reader() as reader:
        assert [gap.cause for gap in reader.history("thermo-1", *ALL).gaps] == [GapCause.DAMAGED]


def test_a_reader_sees_each_acknowledged_row_once_while_all_goes_on(filled: Filled) -> None:
    written = [0]
    done = threading.Event()

    def write() -> None:
        for turn in range(30):
            filled.put(ticks(50, first=written[0] * SECOND), epoch=1 + turn % 3)
            written[0] += 50
            if turn % 3 == 2:
                filled.archive.seal(wait=False)
            if turn % 10 == 9:
                filled.seal()
                filled.archive.compact()
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    looks = 0
    with filled.reader() as reader:
        while not (done.is_set() and looks):
            least = written[0]
            if least:
                found = x_of(reader.history("thermo-1", *ALL))
                assert found == list(range(len(found)))
                assert len(found) >= least
                looks += 1
    thread.join()

    assert looks


def test_a_reader_keeps_no_writer_waiting(filled: Filled) -> None:
    filled.put(ticks(10))
    filled.seal()

    with filled.reader() as reader:
        chunks = reader.chunks("thermo-1", *ALL, chunk_rows=2)
        next(chunks)
        with Catalogue(filled.layout.catalogue) as catalogue, catalogue.transaction():
            catalogue.set_meta("test", "1")
            assert len(next(chunks)) == 2


def test_a_version_that_came_after_the_question_does_no_harm(filled: Filled) -> None:
    filled.put(ticks(10))
    with filled.reader() as reader:
        chunks = reader.chunks("thermo-1", *ALL, chunk_rows=5)
        next(chunks)
        filled.put([20 * SECOND], {"z": ["a"]}, {"z": FieldType(DataType.STR)})
        filled.seal()

        assert [len(chunk) for chunk in chunks] == [5]
        assert reader.history("thermo-1", *ALL).names == ["thermo-1.z", "thermo-1.x"]


def test_without_damage_there_is_no_warning(filled: Filled) -> None:
    filled.put(ticks(10))
    filled.seal()
    filled.put(ticks(10, first=10 * SECOND))

    with filled.reader() as reader, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(reader.history(str(THERMO.device), *ALL)) == 20


def test_readers_are_many(filled: Filled) -> None:
    filled.put(ticks(10))
    with filled.reader() as one, filled.reader() as other:
        first, second = (reader.chunks("thermo-1", *ALL, chunk_rows=3) for reader in (one, other))

        assert [len(chunk) for chunk in first] == [len(chunk) for chunk in second] == [3, 3, 3, 1]


def test_answers_of_one_reader_that_are_taken_by_turns_do_not_disturb_each_other(filled: Filled) -> None:
    filled.put(ticks(100))
    filled.put(ticks(100, first=100 * SECOND))
    with filled.reader() as reader:
        first = reader.chunks("thermo-1", *ALL, chunk_rows=30)
        rows = list(next(first).table["x"].to_pylist())
        filled.put(ticks(50, first=50 * SECOND))
        second = [value for chunk in reader.chunks("thermo-1", *ALL) for value in chunk.table["x"].to_pylist()]
        filled.seal()
        third = x_of(reader.history("thermo-1", *ALL))
        rows += [value for chunk in first for value in chunk.table["x"].to_pylist()]

    assert second == third == sorted([*range(200), *range(50, 100)])
    assert rows[:30] == list(range(30))
    assert rows == sorted(rows)
    assert set(rows) == set(range(200))


def test_a_closed_archive_is_read_without_its_writer(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(10))
        filled.seal()
        filled.put(ticks(10, first=10 * SECOND))

    with ArchiveReader(tmp_path) as reader:
        assert x_of(reader.history("thermo-1", *ALL)) == list(range(20))
