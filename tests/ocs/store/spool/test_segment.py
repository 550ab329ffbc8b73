"""One file of a spool: what has arrived, what is on its way, and what waits, each entry in one of the three."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.series import SeriesKey
from ocs.store.framed_log import FramedLog
from ocs.store.spool.segment import Segment
from ocs.store.spool.spool import Entry, Ticket

KEY = SeriesKey("thermo-1", "temperatures", "fast")


def entry(seq: int = 1, series: SeriesKey | None = KEY, body: bytes = b"rows") -> Entry:
    return Entry(series, 7, seq, 2, 100 + seq, 101 + seq, 1, body)


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    path = tmp_path / "1.segment"
    return Segment(path, 5, 1, FramedLog(path))


def put(segment: Segment, *entries: Entry, now: int = 1000) -> list[Ticket]:
    segment.write(entries, now)
    return segment.added(entries, now)


def loaded(segment: Segment) -> Segment:
    found = Segment(segment.path, 5, 1)
    report = found.load()
    assert (report.frames, report.damaged, report.torn_bytes) == (0, False, 0)
    return found


texts = st.text(min_size=1, max_size=10)
numbers = st.integers(0, 2**63 - 1)
entries = st.builds(
    Entry,
    series=st.none() | st.builds(SeriesKey, texts, texts, texts),
    epoch=numbers, seq=numbers, rows=st.integers(0, 10**6),
    first=st.integers(-(2**63), 2**63 - 1), last=st.integers(-(2**63), 2**63 - 1), priority=st.just(1),
    body=st.binary(max_size=50),
)  # fmt: skip


@given(written=st.lists(entries, min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_entries_are_read_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, written: list[Entry]) -> None:
    path = tmp_path_factory.mktemp("segment") / "1.segment"
    made = Segment(path, 5, 1, FramedLog(path))
    put(made, *written)
    made.close()

    found = loaded(made)

    assert list(found.left()) == written
    assert found.left_rows == sum(each.rows for each in written)
    assert found.left_bytes == sum(len(each.body) for each in written)
    assert [body for _, body in found.take(10**6)] == [each.body for each in written]


def test_what_was_added_is_on_its_way_and_does_not_wait(segment: Segment) -> None:
    put(segment, entry(1), entry(3))

    assert not segment.waits
    assert not segment.done
    assert (segment.left_rows, segment.left_bytes, segment.since) == (4, 8, 1000)


def test_what_was_written_but_not_yet_added_is_not_taken(segment: Segment) -> None:
    (ticket,) = put(segment, entry(1))
    segment.let_wait(ticket.place)
    segment.write([entry(3)], 1000)

    assert [found.place for found, _ in segment.take(1000)] == [0]


def test_all_of_a_file_that_was_loaded_waits(segment: Segment) -> None:
    put(segment, entry(1), now=1000)
    put(segment, entry(3), now=2000)

    found = loaded(segment)

    assert found.waits
    assert (found.begun, found.newest, found.since) == (1000, 2000, 1000)
    assert [ticket.place for ticket, _ in found.take(1000)] == [0, 1]
    assert not found.waits


def test_when_all_has_arrived_it_is_done(segment: Segment) -> None:
    tickets = put(segment, entry(1), entry(3))
    segment.arrive(tickets[1])
    left, done = list(segment.left()), [segment.done]

    segment.arrive(tickets[0])

    assert left == [entry(1)]
    assert [*done, segment.done] == [False, True]
    assert (segment.left_rows, segment.left_bytes, segment.since) == (0, 0, None)


def test_tickets_of_before_it_was_cleared_mean_nothing_after(segment: Segment) -> None:
    old = put(segment, entry(1), entry(3))
    for ticket in old:
        segment.arrive(ticket)
    segment.clear()
    segment.cleared()
    assert segment.done

    (new,) = put(segment, entry(5), now=3000)
    for ticket in old:
        segment.arrive(ticket)
        segment.let_wait(ticket.place)

    assert new not in old
    assert (segment.left_rows, segment.begun) == (2, 3000)
    segment.let_wait(new.place)
    assert segment.take(1000) == [(new, b"rows")]


def test_a_file_that_cannot_be_read_any_more_does_not_wait(segment: Segment) -> None:
    put(segment, entry(1), entry(3))
    found = loaded(segment)
    found.path.unlink()

    assert found.take(1000) == []

    assert not found.readable
    assert not found.waits
    assert (found.left_rows, list(found.left())) == (4, [])
    assert found.since == 1000


def test_a_file_that_is_only_read_is_not_written(segment: Segment) -> None:
    put(segment, entry(1))
    segment.close()

    with pytest.raises(OSError, match="not written any more"):
        segment.write([entry(3)], 1000)
    with pytest.raises(OSError, match="not written any more"):
        segment.clear()
