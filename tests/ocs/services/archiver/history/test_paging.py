"""Pages of history of a real archive, on a virtual clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from twisted.internet.defer import Deferred

import ocs.store
from ocs.model.datatype import DataType
from ocs.model.errors import BusyError, ConfigurationError, NotFoundError, OperationFailedError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver.history import pages as making
from ocs.services.archiver.history import paging
from ocs.services.archiver.history.pages import MOST_GAPS, PAGE_BYTES
from ocs.services.archiver.history.paging import MOST_CURSORS, MOST_WAITING, PACE_S, UNUSED_S, HistoryDesk
from ocs.store.archive.archive import Archive
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.reading import ArchiveReader
from ocs.testing.clock import VirtualClock
from ocs.wire.archive import encode_batch

NS = 1_000_000_000
BORN = 1_700_000_000 * NS
FAST = SeriesKey("thermo-1", "fast", "fast")
FLOAT = FieldType(DataType.FLOAT64)


def rows(first: int, last: int, series: SeriesKey = FAST, fields: int = 10) -> Batch:
    numbers = np.arange(first, last + 1)
    columns = {f"c{number}": numbers + number / 10 for number in range(fields)}
    return Batch(series, 1, first, BORN + numbers.astype(np.int64) * NS, dict.fromkeys(columns, FLOAT), columns)


@dataclass
class Library:
    """An archive and the desk that hands it out."""

    clock: VirtualClock
    archive: Archive
    desk: HistoryDesk
    opened: list[ArchiveReader]

    def put(self, *batches: Batch) -> None:
        self.archive.put([encode_batch(batch) for batch in batches]).result(10.0)

    def ask(self, channels: Any = "*", **asked: Any) -> Deferred[dict[str, Any]]:
        span = {} if "cursor" in asked else {"start": BORN - NS, "end": BORN + 10**6 * NS}
        return self.desk.answer(None if "cursor" in asked else channels, **{**span, **asked})

    def page(self, *args: Any, **asked: Any) -> dict[str, Any]:
        return self.clock.result_of(self.ask(*args, **asked))

    def pages(self, *args: Any, **asked: Any) -> list[dict[str, Any]]:
        """Return all pages of an answer."""
        pages = [self.page(*args, **asked)]
        while pages[-1]["cursor"] is not None:
            pages.append(self.page(cursor=pages[-1]["cursor"]))
        return pages


@pytest.fixture
def library(clock: VirtualClock, tmp_path: Path) -> Iterator[Library]:
    archive = Archive(tmp_path, now=clock.wall, on_trouble=pytest.fail)
    archive.open()
    opened: list[ArchiveReader] = []

    def open_reader() -> ArchiveReader:
        opened.append(ocs.store.open(tmp_path))
        return opened[-1]

    made = Library(clock, archive, HistoryDesk(clock.timing, open_reader), opened)
    yield made
    made.desk.close()
    clock.settle()
    archive.close()


def values(pages: list[dict[str, Any]], field: str = "c0") -> list[float]:
    chunks = [Chunk.from_bytes(chunk["data"]) for page in pages for chunk in page["chunks"]]
    return [value for chunk in chunks if field in chunk.table.column_names for value in chunk.table[field].to_pylist()]


# -- pages -------------------------------------------------------------------------------------------


def test_a_short_answer_is_one_page(library: Library) -> None:
    library.put(rows(1, 5))

    (page,) = library.pages()

    assert values([page]) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert (page["fraction"], page["cursor"], page["gaps"]) == (1.0, None, [])
    assert library.desk.cursors == 0


def test_a_long_answer_comes_in_pages_of_bounded_size_in_order_each_row_once(library: Library) -> None:
    for first in range(1, 30_000, 5000):
        library.put(rows(first, first + 4999))

    pages = library.pages()

    sizes = [sum(len(chunk["data"]) for chunk in page["chunks"]) for page in pages]
    fractions = [page["fraction"] for page in pages]
    assert len(pages) > 2
    assert max(sizes) <= PAGE_BYTES
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert values(pages) == [float(number) for number in range(1, 30_001)]


def test_many_gaps_come_with_several_pages_each_once(library: Library) -> None:
    library.put(rows(1, 5))
    gaps = [Gap("thermo-1", BORN + number, BORN + number + 1, GapCause.MISSED) for number in range(2 * MOST_GAPS + 1)]
    for gap in gaps:
        library.archive.record_gap(gap)
    library.put()

    pages = library.pages()

    assert [len(page["gaps"]) for page in pages] == [MOST_GAPS, MOST_GAPS, 1]
    assert len({gap["start"] for page in pages for gap in page["gaps"]}) == len(gaps)
    assert values(pages) == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_points_are_few(library: Library) -> None:
    library.put(rows(1, 5000))

    pages = library.pages(start=BORN, end=BORN + 5001 * NS, max_points=50)

    assert 40 <= len(values(pages)) <= 50
    assert sum(values(pages, "c0:count")) == 5000


def test_a_series_without_rows_in_the_span_tells_its_columns(library: Library) -> None:
    library.put(rows(1, 5))

    page = library.page(start=BORN + 100 * NS, end=BORN + 200 * NS)

    assert Chunk.from_bytes(page["chunks"][0]["data"]).table.column_names[:2] == ["time", "c0"]


def test_what_was_never_archived_is_not_found_and_leaves_no_cursor(library: Library) -> None:
    library.put(rows(1, 5))

    with pytest.raises(NotFoundError, match="thermo-2"):
        library.page("thermo-2.c0")

    assert library.desk.cursors == 0


# -- cursors -----------------------------------------------------------------------------------------


@pytest.fixture
def long(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Give a library whose answers have many pages."""
    monkeypatch.setattr(making, "PAGE_BYTES", 3000)
    monkeypatch.setattr(making, "PIECE_BYTES", 1000)
    library.put(rows(1, 1000, fields=1))
    return library


def test_a_page_whose_answer_was_lost_can_be_asked_for_again(long: Library) -> None:
    first = long.page()
    second = long.page(cursor=first["cursor"])

    again = long.page(cursor=first["cursor"])
    third = long.page(cursor=second["cursor"])

    assert again == second
    assert values([first, again, third]) == [
        float(number) for number in range(1, len(values([first, second, third])) + 1)
    ]


def test_a_page_before_the_last_two_cannot_be_asked_for(long: Library) -> None:
    first = long.page()
    second = long.page(cursor=first["cursor"])
    long.page(cursor=second["cursor"])

    with pytest.raises(NotFoundError, match="ask anew"):
        long.page(cursor=first["cursor"])


def test_a_cursor_is_forgotten_when_nobody_uses_it(long: Library) -> None:
    cursor = long.page()["cursor"]
    long.clock.advance(UNUSED_S - 1)
    cursor = long.page(cursor=cursor)["cursor"]
    long.clock.advance(UNUSED_S - 1)
    assert long.desk.cursors == 1

    long.clock.advance(2)

    with pytest.raises(NotFoundError, match="is not known"):
        long.page(cursor=cursor)
    assert long.desk.cursors == 0


def test_so_many_requests_at_most_are_under_way(long: Library) -> None:
    cursors = [long.page()["cursor"] for _ in range(MOST_CURSORS)]

    with pytest.raises(BusyError, match="are under way"):
        long.page()

    assert long.page(cursor=cursors[0])["chunks"]
    long.clock.advance(UNUSED_S + 1)
    assert long.page()["cursor"] is not None


def test_requests_take_turns_without_disturbing_each_other(long: Library) -> None:
    answers = [[long.page()] for _ in range(4)]
    while answers[0][-1]["cursor"] is not None:
        for pages in answers:
            pages.append(long.page(cursor=pages[-1]["cursor"]))

    assert all(values(pages) == [float(number) for number in range(1, 1001)] for pages in answers)


@pytest.mark.parametrize("cursor", ["", ".", "x.1", "1", 5, {"a": 1}, "é.²"])
def test_what_is_no_cursor_is_not_found(long: Library, cursor: Any) -> None:
    long.page()

    with pytest.raises(NotFoundError):
        long.page(cursor=cursor)


# -- threads -----------------------------------------------------------------------------------------


def test_so_many_pages_at_most_wait_and_the_others_are_to_come_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.put(rows(1, 5))
    monkeypatch.setattr(paging, "MOST_CURSORS", 1000)

    asked = [library.ask() for _ in range(MOST_WAITING)]
    with pytest.raises(BusyError, match="are being read") as refused:
        library.ask()

    assert refused.value.retryable
    assert all(values([library.clock.result_of(answer)]) == [1.0, 2.0, 3.0, 4.0, 5.0] for answer in asked)
    assert library.page()["cursor"] is None


def test_a_page_that_is_being_read_cannot_be_asked_for_at_the_same_time(long: Library) -> None:
    cursor = long.page()["cursor"]
    asked = long.ask(cursor=cursor)

    with pytest.raises(BusyError, match="wait for its answer"):
        long.ask(cursor=cursor)

    assert long.clock.result_of(asked)["chunks"]


def test_long_answers_leave_room_for_puts_that_are_under_way(
    clock: VirtualClock, long: Library, tmp_path: Path
) -> None:
    in_use = [False]
    desk = HistoryDesk(clock.timing, lambda: ocs.store.open(tmp_path), lambda: in_use[0])

    def seconds(*cursors: str) -> list[float]:
        """Return after how many seconds the next pages of several cursors are there."""
        began, took = clock.now, list[float]()

        def arrived(page: dict[str, Any]) -> None:
            took.append(round(clock.now - began, 3))
            pages.append(page)

        for cursor in cursors:
            desk.answer(cursor=cursor).addCallback(arrived)
        clock.advance(1.0)
        return took

    pages = [clock.result_of(desk.answer("*", BORN, BORN + 10**6 * NS)) for _ in range(3)]
    assert seconds(*(page["cursor"] for page in pages)) == [0.0, 0.0, 0.0]
    in_use[0] = True
    first = clock.now
    clock.result_of(desk.answer("*", BORN, BORN + 10**6 * NS))
    assert clock.now == first

    assert seconds(*(page["cursor"] for page in pages[3:])) == [0.0, PACE_S, 2 * PACE_S]

    waiting = [desk.answer(cursor=page["cursor"]) for page in pages[6:]]
    desk.close()
    for answer in waiting:
        with pytest.raises(BusyError, match="ends"):
            clock.result_of(answer)


def test_readers_stay_open_between_requests(library: Library) -> None:
    library.put(rows(1, 5))
    for last in range(6, 10):
        library.put(rows(last, last))
        assert values(library.pages())[-1] == float(last)

    assert len(library.opened) <= 2


def test_reading_happens_in_other_threads_than_the_loop(clock: VirtualClock, tmp_path: Path) -> None:
    threads: list[threading.Thread] = []

    def open_reader() -> ArchiveReader:
        threads.append(threading.current_thread())
        return ocs.store.open(tmp_path)

    desk = HistoryDesk(clock.timing, open_reader)
    with pytest.raises(ConfigurationError, match="is no archive"):
        clock.result_of(desk.answer("*"))

    assert threads
    assert threading.main_thread() not in threads
    desk.close()
    clock.settle()


def test_a_reader_that_fails_is_opened_anew(library: Library) -> None:
    library.put(rows(1, 5))
    library.page()
    for reader in library.opened:
        reader.close()

    with pytest.raises(OperationFailedError, match="cannot be read"):
        library.page()

    assert values(library.pages()) == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_after_its_end_nothing_is_answered_any_more(long: Library) -> None:
    cursor = long.page()["cursor"]
    asked = long.ask(cursor=cursor)

    long.desk.close()

    with pytest.raises(BusyError, match="ends"):
        long.clock.result_of(asked)
    with pytest.raises(BusyError, match="ends"):
        long.ask()
