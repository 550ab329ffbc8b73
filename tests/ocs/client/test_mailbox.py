"""Letters that wait: which are kept, and what is said of those that are not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.client.mailbox import Keep, Letter, Mailbox, Numbering, numbers_of
from ocs.model.errors import ParameterError, RouterLostError

TOPIC = "observatory.oven.events.temperature.change"


def event(seq: int, epoch: int = 1) -> list[Any]:
    return [{"value": seq, "seq": seq, "epoch": epoch}]


def filled(keep: Keep, *seqs: int, longest: int = 100) -> Mailbox:
    mailbox = Mailbox(TOPIC, keep, longest)
    for seq in seqs:
        mailbox.put(TOPIC, event(seq))
    return mailbox


def seq_of(letter: Letter | None) -> int | None:
    return None if letter is None else letter.args[0]["seq"]


def emptied(mailbox: Mailbox, now_s: float = 0.0) -> list[tuple[int, int]]:
    """Return (seq, lost) of each letter that may be taken."""
    taken = []
    while (letter := mailbox.take(now_s)) is not None:
        taken.append((letter.args[0]["seq"], letter.lost))
    return taken


def test_letters_are_taken_in_their_order() -> None:
    assert emptied(filled("all", 1, 2, 3)) == [(1, 0), (2, 0), (3, 0)]


def test_a_gap_in_the_numbers_is_told_with_the_letter_after_it() -> None:
    assert emptied(filled("all", 1, 5, 6)) == [(1, 0), (5, 3), (6, 0)]


def test_of_too_many_letters_the_oldest_are_dropped_and_counted() -> None:
    assert emptied(filled("all", 1, 2, 3, 4, 5, longest=2)) == [(4, 3), (5, 0)]


def test_of_a_mailbox_for_the_latest_nothing_is_lost_that_was_left_out_by_wish() -> None:
    assert emptied(filled("latest", 1, 2, 3)) == [(3, 0)]


def test_a_gap_among_letters_left_out_is_told_all_the_same() -> None:
    assert emptied(filled("latest", 1, 4, 5)) == [(5, 2)]


def test_of_a_sampled_topic_one_letter_a_period_is_given_out_and_it_is_the_newest() -> None:
    mailbox = filled(2.0, 1)
    first = mailbox.take(10.0)
    mailbox.put(TOPIC, event(2))
    mailbox.put(TOPIC, event(3))

    early, due_in, late = mailbox.take(11.0), mailbox.due_in(11.0), mailbox.take(12.0)

    assert (seq_of(first), early, due_in, seq_of(late)) == (1, None, 1.0, 3)


def test_an_agent_that_was_started_anew_is_told_with_what_it_had_sent_before() -> None:
    mailbox = filled("all", 7)
    mailbox.put(TOPIC, event(3, epoch=2))
    mailbox.take(0.0)

    letter = mailbox.take(0.0)

    assert letter is not None
    assert (letter.restarted, letter.lost) == (True, 2)


def test_a_restart_is_told_although_its_letter_was_left_out() -> None:
    mailbox = filled("latest", 7)
    mailbox.take(0.0)
    mailbox.put(TOPIC, event(1, epoch=2))
    mailbox.put(TOPIC, event(2, epoch=2))

    letter = mailbox.take(0.0)

    assert letter is not None
    assert (letter.restarted, letter.lost) == (True, 0)


def test_who_takes_is_told_that_the_client_left_once_the_last_letter_was_taken() -> None:
    mailbox = filled("all", 1)
    mailbox.end()

    taken = mailbox.take(0.0)

    assert seq_of(taken) == 1
    with pytest.raises(RouterLostError, match="left the realm"):
        mailbox.take(0.0)


def test_who_sleeps_is_woken_by_the_first_letter_and_by_the_end() -> None:
    woken: list[int] = []
    mailbox = Mailbox(TOPIC)
    mailbox.wake = lambda: woken.append(len(mailbox))

    mailbox.put(TOPIC, event(1))
    mailbox.put(TOPIC, event(2))
    mailbox.end()

    assert woken == [1, 2]


@pytest.mark.parametrize("keep", ["newest", -1.0, True, None])
def test_another_wish_is_refused(keep: Any) -> None:
    with pytest.raises(ParameterError, match="it is all, latest, or a time in s"):
        Mailbox(TOPIC, keep)


@pytest.mark.parametrize(
    ("args", "numbers"),
    [
        ([{"seq": 3, "epoch": 4}], (3, 4)),
        ([["message", {"seq": 3, "epoch": 4}]], (3, 4)),
        ([], (0, 0)),
        ([None], (0, 0)),
        (["text"], (0, 0)),
        ([{"seq": "3", "epoch": None}], (0, 0)),
        ([[1, 2]], (0, 0)),
    ],
)
def test_numbers_are_found_in_events_and_in_messages_of_feeds(args: list[Any], numbers: tuple[int, int]) -> None:
    assert numbers_of(args) == numbers


def test_a_topic_without_numbers_loses_nothing() -> None:
    numbering = Numbering()

    assert [numbering.take([{"value": 1}]) for _ in range(3)] == [(0, False)] * 3


def test_a_number_that_came_before_changes_nothing() -> None:
    numbering = Numbering()
    told = [numbering.take(event(seq)) for seq in (1, 2, 2, 1, 3)]

    assert told == [(0, False)] * 5


@given(
    st.lists(st.booleans(), max_size=60), st.lists(st.booleans(), max_size=60), st.integers(min_value=1, max_value=5)
)
def test_what_is_taken_and_what_is_lost_make_up_all_that_was_sent(
    arrives: list[bool], takes: list[bool], longest: int
) -> None:
    mailbox = Mailbox(TOPIC, "all", longest)
    taken: list[Letter | None] = []
    arrived = [seq for seq, here in enumerate(arrives, start=1) if here]
    for position, seq in enumerate(arrived):
        mailbox.put(TOPIC, event(seq))
        if position < len(takes) and takes[position]:
            taken.append(mailbox.take(0.0))
    while (letter := mailbox.take(0.0)) is not None:
        taken.append(letter)

    letters = [letter for letter in taken if letter is not None]
    before = arrived[0] if arrived else 0
    assert sum(1 + letter.lost for letter in letters) == ((arrived[-1] - before + 1) if arrived else 0)
