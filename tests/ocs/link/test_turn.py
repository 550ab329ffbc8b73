from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ocs.link.turn import Turn
from ocs.model.cancellation import Cancellation, Cancelled, CancelReason, Wake, working_for
from ocs.model.errors import DeadlineError
from tests.ocs.link.fakes import DEADLINE_S, Outcome


class Holder:
    """A thread that has the turn until it is let go."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._has = threading.Event()
        self._go = threading.Event()
        self._outcome = Outcome(self._hold)
        assert self._has.wait(DEADLINE_S)

    def _hold(self) -> None:
        with self._turn.taken(DEADLINE_S):
            self._has.set()
            assert self._go.wait(DEADLINE_S)

    def let_go(self) -> None:
        self._go.set()
        assert self._outcome.join().error is None


def take(turn: Turn, timeout_s: float = DEADLINE_S) -> str:
    with turn.taken(timeout_s):
        return "mine"


def test_the_same_thread_may_take_it_again() -> None:
    turn = Turn("the line")

    with turn.taken(0.0), turn.taken(0.0):
        waiting = Outcome(lambda: take(turn, 0.0))
        assert isinstance(waiting.join().error, DeadlineError)

    assert Outcome(lambda: take(turn, 0.0)).join().value == "mine"


def test_an_inner_end_does_not_give_it_back() -> None:
    turn = Turn("the line")

    with turn.taken(0.0):
        with turn.taken(0.0):
            pass
        assert isinstance(Outcome(lambda: take(turn, 0.0)).join().error, DeadlineError)


def test_who_waits_gets_it_when_the_other_ends() -> None:
    turn = Turn("the line")
    holder = Holder(turn)
    waiting = Outcome(lambda: take(turn))

    holder.let_go()

    assert waiting.join().value == "mine"


def test_a_wait_too_long_tells_who_has_it() -> None:
    turn = Turn("the line")
    holder = Holder(turn)

    with pytest.raises(DeadlineError, match=r"the line was not free within 0.001 s: the thread 'Thread-"):
        take(turn, 0.001)

    holder.let_go()
    assert take(turn) == "mine"


def test_a_cancel_request_ends_the_wait_and_leaves_the_queue_in_order() -> None:
    turn = Turn("the line")
    holder = Holder(turn)
    cancellation = Cancellation()

    def cancelled_take() -> str:
        with working_for(cancellation):
            return take(turn)

    waiting = Outcome(cancelled_take)
    cancellation.request(CancelReason.ABORT)

    assert isinstance(waiting.join().error, Cancelled)
    holder.let_go()
    assert take(turn) == "mine"


def test_a_turn_that_comes_while_the_wait_is_cancelled_goes_on_to_the_next() -> None:
    turn = Turn("the line")
    holder = Holder(turn)

    class LetsGoFirst(Cancellation):
        @contextmanager
        def waking(self, wake: Wake) -> Iterator[None]:
            with super().waking(wake):
                self.request(CancelReason.ABORT)
                yield

        def check(self) -> None:
            if self.pending:
                holder.let_go()
            super().check()

    cancellation = LetsGoFirst()

    def cancelled_take() -> str:
        with working_for(cancellation):
            return take(turn)

    assert isinstance(Outcome(cancelled_take).join().error, Cancelled)
    assert take(turn) == "mine"


def test_a_run_asked_to_end_does_not_even_begin() -> None:
    turn = Turn("the line")
    cancellation = Cancellation()
    cancellation.request(CancelReason.STOP)

    with working_for(cancellation):
        with pytest.raises(Cancelled):
            take(turn)
        assert take(turn) == "mine"


def test_a_request_already_delivered_does_not_end_the_wait_of_the_clean_up() -> None:
    turn = Turn("the line")
    holder = Holder(turn)
    cancellation = Cancellation()
    cancellation.request(CancelReason.ABORT)
    cancellation.mark_delivered()

    def clean_up() -> str:
        with working_for(cancellation):
            return take(turn)

    waiting = Outcome(clean_up)
    holder.let_go()

    assert waiting.join().value == "mine"


def test_no_two_threads_have_it_at_once() -> None:
    turn = Turn("the line")
    inside: list[int] = []
    seen: list[int] = []

    def work(number: int) -> None:
        for _ in range(200):
            with turn.taken(DEADLINE_S):
                inside.append(number)
                seen.append(len(inside))
                inside.remove(number)

    threads = [Outcome(lambda number=number: work(number)) for number in range(4)]  # type: ignore[misc]

    assert [thread.join().error for thread in threads] == [None] * 4
    assert set(seen) == {1}
