"""What a spool has: newest first, every second time of what waits in files, each entry once until it is given back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocs.model.series import SeriesKey
from ocs.store.framed_log import FramedLog
from ocs.store.spool.contents import Contents
from ocs.store.spool.limits import Entry, Taken, Ticket
from ocs.store.spool.segment import Segment

KEY = SeriesKey("thermo-1", "temperatures", "fast")
SIZE = 100


@pytest.fixture
def contents() -> Contents:
    return Contents(live_bytes=10 * SIZE)


@pytest.fixture
def segment(contents: Contents, tmp_path: Path) -> Segment:
    path = tmp_path / "1.segment"
    made = Segment(path, 1, 1, FramedLog(path))
    contents.add(made)
    return made


def put(contents: Contents, segment: Segment, *names: str, now: int = 1000) -> list[Ticket]:
    entries = [Entry(KEY, 7, 1, 2, now, now, 1, name.encode().ljust(SIZE)) for name in names]
    segment.write(entries, now)
    return contents.added(segment, entries, now)


def names(taken: Taken | None) -> list[str]:
    return [] if taken is None else [body.decode().strip() for body in taken.bodies]


def test_what_was_given_back_comes_in_turn_with_what_is_newer(contents: Contents, segment: Segment) -> None:
    put(contents, segment, "a", "b")
    sent, _ = contents.take(10 * SIZE)
    assert sent is not None
    contents.give_back(sent.tickets)
    put(contents, segment, "c", "d")

    order = [names(contents.take(SIZE)[0]) for _ in range(5)]

    assert order in ([["a"], ["c"], ["b"], ["d"], []], [["c"], ["a"], ["d"], ["b"], []])


def test_the_oldest_of_too_many_in_memory_wait_in_their_file(contents: Contents, segment: Segment) -> None:
    put(contents, segment, *"abcdefghijkl")

    newest, _ = contents.take(3 * SIZE)
    oldest, _ = contents.take(3 * SIZE)

    assert (names(newest), names(oldest)) == (["c", "d", "e"], ["a", "b"])
    assert newest is not None
    assert oldest is not None
    assert (newest.live, oldest.live) == (True, False)


def test_a_file_of_which_all_has_arrived_is_told_once(contents: Contents, segment: Segment) -> None:
    tickets = put(contents, segment, "a", "b")

    assert not contents.acknowledge(tickets[:1])
    assert contents.take_done() == []
    assert contents.acknowledge(tickets[1:])
    assert contents.take_done() == [segment]
    assert contents.take_done() == []


def test_a_file_that_has_more_by_then_is_not_done(contents: Contents, segment: Segment) -> None:
    contents.acknowledge(put(contents, segment, "a"))
    put(contents, segment, "b")

    assert contents.take_done() == []


def test_of_a_file_that_is_removed_nothing_comes_and_nothing_counts(contents: Contents, segment: Segment) -> None:
    tickets = put(contents, segment, "a", "b")

    contents.remove(segment)
    contents.give_back(tickets)

    assert not contents.acknowledge(tickets)
    assert contents.take(SIZE) == (None, [])
    assert (len(contents), contents.left_rows, contents.left_bytes, contents.file_bytes) == (0, 0, 0, 0)


def test_a_file_that_cannot_be_read_is_told_and_the_others_come(
    contents: Contents, segment: Segment, tmp_path: Path
) -> None:
    path = tmp_path / "2.segment"
    other = Segment(path, 2, 1, FramedLog(path))
    contents.add(other)
    put(contents, segment, "a")
    put(contents, other, "b")
    sent, _ = contents.take(10 * SIZE)
    assert sent is not None
    contents.give_back(sent.tickets)
    segment.path.unlink()

    taken, unreadable = contents.take(SIZE)

    assert (names(taken), unreadable) == (["b"], [segment])


def test_what_there_is_counts_until_it_has_arrived(contents: Contents, segment: Segment) -> None:
    assert (contents.since, len(contents), contents.segments) == (None, 1, [segment])
    first = put(contents, segment, "a", now=1000)
    put(contents, segment, "b", now=2000)

    assert (contents.left_rows, contents.left_bytes, contents.since) == (4, 2 * SIZE, 1000)
    contents.acknowledge(first)
    assert (contents.left_rows, contents.left_bytes, contents.since) == (2, SIZE, 2000)
    assert contents.file_bytes == segment.path.stat().st_size
