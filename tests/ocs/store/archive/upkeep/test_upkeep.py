from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from ocs.model.archive_policy import Keeping
from ocs.model.gap import GapCause
from ocs.store.archive.catalogue.catalogue import Catalogue, Cursor
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep import upkeep
from ocs.store.archive.upkeep.compaction import CompactReport
from ocs.store.archive.upkeep.sealing import SealReport, seal
from ocs.store.archive.upkeep.upkeep import Upkeep
from tests.ocs.store.archive.sealed import PARTS, Part, expected, files_of, rows_of, write_journal
from tests.ocs.store.archive.shelf import DAY, SECOND, START, Shelf

DEADLINE_S = 30.0
NOW_S = (START + 3 * DAY) / SECOND
ROWS: list[Part] = [(0, 1, 1 + 10 * at, [START + (10 * at + k) * SECOND for k in range(10)], False) for at in range(5)]


@pytest.fixture
def troubles() -> SimpleQueue[str]:
    return SimpleQueue()


@pytest.fixture
def kept(layout: Layout, catalogue: Catalogue, troubles: SimpleQueue[str]) -> Iterator[Upkeep]:
    """An upkeep that did not start yet."""
    made = Upkeep(layout, lambda: NOW_S, troubles.put)
    yield made
    made.close()


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as threads:
        yield threads


class Tries:
    """Notes which files are sealed, and does something before each.

    Args:
        before: What is done.
    """

    def __init__(self, before: Callable[[int], None] = lambda _: None) -> None:
        self.numbers: list[int] = []
        self.begun = threading.Semaphore(0)
        self._before = before

    def __call__(self, path: Path, number: int, catalogue: Catalogue, layout: Layout) -> SealReport:
        self.numbers.append(number)
        self.begun.release()
        self._before(number)
        return seal(path, number, catalogue, layout)

    def wait(self, count: int) -> None:
        """Wait until it was tried so many times more."""
        for _ in range(count):
            assert self.begun.acquire(timeout=DEADLINE_S)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> Tries:
    tries = Tries()
    monkeypatch.setattr(upkeep, "seal", tries)
    return tries


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "AGAIN_S", 0.01)


def write(layout: Layout, kept: Upkeep, numbers: range) -> None:
    for number in numbers:
        write_journal(layout, [ROWS[number - 1]], number)
        kept.seal(number)


def told(troubles: SimpleQueue[str]) -> list[str]:
    return [troubles.get() for _ in range(troubles.qsize())]


def test_files_become_blocks_in_the_order_in_which_they_were_closed(
    kept: Upkeep, layout: Layout, catalogue: Catalogue, tries: Tries, troubles: SimpleQueue[str]
) -> None:
    write(layout, kept, range(1, 4))
    kept.start()
    write(layout, kept, range(4, 6))

    assert kept.wait_sealed(DEADLINE_S)

    assert tries.numbers == [1, 2, 3, 4, 5]
    assert rows_of(catalogue, layout) == expected(ROWS)
    assert (catalogue.sealed, layout.journal_numbers(), told(troubles)) == (5, [], [])


def test_a_file_whose_rows_are_in_blocks_already_is_only_deleted(
    kept: Upkeep, layout: Layout, catalogue: Catalogue
) -> None:
    seal(write_journal(layout, PARTS), 1, catalogue, layout)
    kept.seal(1)
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)

    assert rows_of(catalogue, layout) == expected(PARTS)
    assert layout.journal_numbers() == []


def test_a_file_that_is_gone_holds_up_nobody(kept: Upkeep, layout: Layout, catalogue: Catalogue) -> None:
    kept.seal(1)
    write(layout, kept, range(2, 3))
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)
    assert rows_of(catalogue, layout) == expected([ROWS[1]])


def test_files_that_a_cursor_needs_stay_until_it_went_on(kept: Upkeep, layout: Layout, catalogue: Catalogue) -> None:
    catalogue.set_cursor("slow", Cursor(2, 100))
    catalogue.set_cursor("fast", Cursor(4, 0))
    write(layout, kept, range(1, 4))
    kept.start()
    assert kept.wait_sealed(DEADLINE_S)
    assert layout.journal_numbers() == [2, 3]

    catalogue.remove_cursor("slow")
    write(layout, kept, range(4, 6))
    assert kept.wait_sealed(DEADLINE_S)

    assert layout.journal_numbers() == [4, 5]
    assert rows_of(catalogue, layout) == expected(ROWS)


def test_files_that_a_cursor_needs_no_more_go_though_nothing_else_is_sealed(
    layout: Layout, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "SWEEP_S", 0.01)
    looked = threading.Event()
    catalogue.set_cursor("slow", Cursor(1, 100))
    kept = Upkeep(layout, lambda: NOW_S, lambda _: None, looked.set)
    write(layout, kept, range(1, 4))
    kept.start()
    assert kept.wait_sealed(DEADLINE_S)
    assert layout.journal_numbers() == [1, 2, 3]

    catalogue.set_cursor("slow", Cursor(3, 0))

    for _ in range(2):
        looked.clear()
        assert looked.wait(DEADLINE_S)
    assert layout.journal_numbers() == [3]
    kept.close()


def test_a_cursor_ahead_of_what_is_sealed_does_not_have_the_present_file_deleted(
    kept: Upkeep, layout: Layout, catalogue: Catalogue
) -> None:
    catalogue.set_cursor("fast", Cursor(9, 0))
    write(layout, kept, range(1, 2))
    write_journal(layout, [ROWS[1]], 2)
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)

    assert layout.journal_numbers() == [2]


def test_a_file_that_cannot_be_deleted_holds_up_no_other(
    kept: Upkeep, layout: Layout, catalogue: Catalogue, troubles: SimpleQueue[str]
) -> None:
    seal(write_journal(layout, [ROWS[0]]), 1, catalogue, layout)
    layout.journal(1).unlink()
    layout.journal(1).mkdir()
    write(layout, kept, range(2, 4))
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)

    assert (layout.journal_numbers(), told(troubles)) == ([1], [])


@pytest.mark.usefixtures("impatient")
def test_what_cannot_be_sealed_is_told_once_kept_and_tried_again_before_what_came_later(
    kept: Upkeep, layout: Layout, catalogue: Catalogue, tries: Tries, troubles: SimpleQueue[str]
) -> None:
    (layout.folder / "blocks").write_text("no folder")
    write(layout, kept, range(1, 3))
    kept.start()
    tries.wait(5)
    assert not kept.wait_sealed(0.0)
    assert set(tries.numbers) == {1}
    assert layout.journal_numbers() == [1, 2]

    (layout.folder / "blocks").unlink()

    assert kept.wait_sealed(DEADLINE_S)
    assert tries.numbers == sorted(tries.numbers)
    assert rows_of(catalogue, layout) == expected(ROWS[:2])
    (trouble,) = told(troubles)
    assert str(layout.journal(1)) in trouble
    assert trouble.endswith("it is kept, and tried again")


@pytest.mark.usefixtures("impatient")
def test_the_same_trouble_is_told_again_after_it_was_over(
    kept: Upkeep, layout: Layout, monkeypatch: pytest.MonkeyPatch, troubles: SimpleQueue[str]
) -> None:
    failing = {1: 3, 2: 3}

    def fail(number: int) -> None:
        failing[number] -= 1
        if failing[number] > 0:
            raise ValueError("no idea")

    monkeypatch.setattr(upkeep, "seal", Tries(fail))
    write(layout, kept, range(1, 3))
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)

    assert told(troubles) == [
        f"the journal file {layout.journal(number)} could not be made into blocks: ValueError: no idea"
        for number in (1, 2)
    ]


def test_damage_within_a_file_is_told(kept: Upkeep, layout: Layout, troubles: SimpleQueue[str]) -> None:
    good = write_journal(layout, PARTS[:2], 9).stat().st_size
    layout.journal(9).unlink()
    path = write_journal(layout, PARTS)
    content = bytearray(path.read_bytes())
    content[good + 20] ^= 1
    path.write_bytes(content)
    kept.seal(1)
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)

    lost = len(content) - good
    assert told(troubles) == [f"{lost} bytes of {path} were damaged and are lost; gaps tell of what"]


def test_the_end_does_not_wait_for_a_file_that_cannot_be_sealed(
    kept: Upkeep, layout: Layout, catalogue: Catalogue, tries: Tries, troubles: SimpleQueue[str]
) -> None:
    (layout.folder / "blocks").write_text("no folder")
    write(layout, kept, range(1, 2))
    kept.start()
    assert "could not be made into blocks" in troubles.get(timeout=DEADLINE_S)

    kept.close()

    assert "archive upkeep" not in {thread.name for thread in threading.enumerate()}
    assert (tries.numbers, layout.journal_numbers(), catalogue.sealed) == ([1], [1], 0)


def test_who_waits_for_blocks_is_let_go_at_the_end(kept: Upkeep, layout: Layout, elsewhere: ThreadPoolExecutor) -> None:
    write(layout, kept, range(1, 2))
    waiting = elsewhere.submit(kept.wait_sealed, 10 * DEADLINE_S)

    kept.close()

    assert waiting.result(DEADLINE_S) is False


def test_the_end_comes_after_the_file_that_is_under_way_and_before_the_next(
    kept: Upkeep, layout: Layout, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, elsewhere: ThreadPoolExecutor
) -> None:
    closing: SimpleQueue[Future[Any]] = SimpleQueue()

    def close_meanwhile(_number: int) -> None:
        closing.put(elsewhere.submit(kept.close))
        assert kept.wait_sealed(DEADLINE_S) is False  # it is told that this is the end

    tries = Tries(close_meanwhile)
    monkeypatch.setattr(upkeep, "seal", tries)
    write(layout, kept, range(1, 3))
    kept.start()
    closing.get(timeout=DEADLINE_S).result(DEADLINE_S)

    assert tries.numbers == [1]
    assert rows_of(catalogue, layout) == expected(ROWS[:1])
    assert (catalogue.sealed, layout.journal_numbers()) == (1, [2])


def test_the_end_waits_for_what_another_thread_asked_for(tmp_path: Path, elsewhere: ThreadPoolExecutor) -> None:
    shelf = Shelf(tmp_path)
    for day in range(2):
        shelf.add([START + day * DAY])
    kept = Upkeep(shelf.layout, lambda: NOW_S, lambda _: None)
    closing: list[Future[None]] = []

    def close_meanwhile(fraction: float) -> None:
        if not closing:
            closing.append(elsewhere.submit(kept.close))
        assert waits_on(closing[0]), fraction

    report = kept.check(on_progress=close_meanwhile)

    closing[0].result(DEADLINE_S)
    assert report.damaged == ()
    assert report.files >= 1


def waits_on(closing: Future[Any]) -> bool:
    """Whether it does not come to its end meanwhile; a wait that is too short only overlooks a defect."""
    return not wait([closing], 0.1).done


def test_it_may_end_before_it_began_and_twice(kept: Upkeep) -> None:
    kept.close()
    kept.close()


def test_merging_gives_way_to_files_that_wait(tmp_path: Path, layout: Layout) -> None:
    shelf = Shelf(layout.folder)
    for at in range(3):
        shelf.add([START + at], seq=1 + at)
    kept = Upkeep(layout, lambda: NOW_S, lambda _: None)
    kept.seal(4)

    assert kept.compact() == CompactReport()

    kept.start()
    assert kept.wait_sealed(DEADLINE_S)
    assert kept.compact() == CompactReport(before=3, after=1, rows=3)
    kept.close()
    assert shelf.rows == [(START + at, 1, 1 + at) for at in range(3)]
    assert not list(tmp_path.rglob("*.part"))


def test_what_is_too_old_goes_by_the_time_that_it_is(layout: Layout) -> None:
    shelf = Shelf(layout.folder)
    shelf.add([START])
    shelf.add([START + 2 * DAY], seq=2)
    kept = Upkeep(layout, lambda: NOW_S, lambda _: None)

    kept.retain(lambda _series, _fields: Keeping(2.0, None))

    kept.close()
    assert [row[0] for row in shelf.rows] == [START + 2 * DAY]


def test_the_look_over_at_the_start_comes_before_the_first_file(
    kept: Upkeep, layout: Layout, catalogue: Catalogue, troubles: SimpleQueue[str]
) -> None:
    seal(write_journal(layout, PARTS), 1, catalogue, layout)
    cut, *_ = (block for block in catalogue.blocks() if block.rows == 3100)
    os.truncate(layout.folder / cut.path, cut.size - 1)
    leftover = layout.folder / cut.path.replace("000000000001-1-0", "000000000001-1-7")
    leftover.write_bytes(b"of a crash")
    write(layout, kept, range(2, 3))
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)

    assert told(troubles) == [f"{cut.path} is damaged and was set aside; its rows are a gap"]
    assert [(gap.cause, gap.rows) for gap in catalogue.gaps()] == [(GapCause.DAMAGED, cut.rows)]
    assert not leftover.exists()
    assert files_of(layout) == catalogue.paths() | {cut.path + ".damaged"}


def test_a_look_over_that_fails_is_told_and_files_become_blocks_all_the_same(
    kept: Upkeep, layout: Layout, catalogue: Catalogue, troubles: SimpleQueue[str]
) -> None:
    seal(write_journal(layout, [ROWS[0]]), 1, catalogue, layout)
    (block,) = catalogue.blocks()
    path = layout.folder / block.path
    os.truncate(path, 10)
    (path.parent / f"{path.name}.damaged" / "in the way").mkdir(parents=True)
    write(layout, kept, range(2, 3))
    kept.start()

    assert kept.wait_sealed(DEADLINE_S)

    (trouble,) = told(troubles)
    assert trouble.startswith("the archive's files could not be looked over: ")
    assert catalogue.sealed == 2
