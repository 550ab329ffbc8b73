"""The newest entries in memory: in order, bounded, gone with their file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocs.store.spool.live import LiveQueue
from ocs.store.spool.spool import Ticket


def queue(sizes: list[int], most: int = 1000, segment: int = 1) -> LiveQueue:
    made = LiveQueue(most)
    for place, size in enumerate(sizes):
        made.add(Ticket(segment, place, 2, size), bytes(size))
    return made


def places(live: LiveQueue, max_bytes: int) -> list[int]:
    taken = live.take(max_bytes)
    return [] if taken is None else [ticket.place for ticket in taken.tickets]


@given(sizes=st.lists(st.integers(1, 50), max_size=20), max_bytes=st.integers(1, 120))
def test_what_goes_in_comes_out_in_order_and_no_more_at_once_than_asked(sizes: list[int], max_bytes: int) -> None:
    live, found = queue(sizes), []
    while (taken := live.take(max_bytes)) is not None:
        assert len(taken.bodies) == 1 or sum(map(len, taken.bodies)) <= max_bytes
        assert [len(body) for body in taken.bodies] == [ticket.size for ticket in taken.tickets]
        assert taken.rows == 2 * len(taken.tickets)
        assert taken.live
        found += [ticket.place for ticket in taken.tickets]

    assert found == list(range(len(sizes)))
    assert not live


@given(sizes=st.lists(st.integers(1, 50), max_size=20), most=st.integers(1, 200))
def test_of_too_many_bytes_the_oldest_go(sizes: list[int], most: int) -> None:
    live = queue(sizes, most)

    gone = [ticket.place for ticket in live.overflow()]
    left = places(live, 10**6)

    assert gone + left == list(range(len(sizes)))
    assert len(left) <= 1 or sum(sizes[place] for place in left) <= most
    assert not gone or sum(sizes[place] for place in [gone[-1], *left]) > most


def test_what_was_taken_does_not_count_any_more() -> None:
    live = queue([40, 40], most=100)
    live.take(50)

    live.add(Ticket(1, 2, 2, 40), bytes(40))

    assert list(live.overflow()) == []


def test_what_lies_in_a_file_that_is_gone_is_forgotten() -> None:
    live = queue([40, 40], most=100)
    live.add(Ticket(2, 0, 2, 60), bytes(60))

    live.forget(1)

    assert list(live.overflow()) == []
    assert places(live, 1000) == [0]
    assert not live
