from __future__ import annotations

import threading

import pytest

from ocs.model.cancellation import Cancellation, Cancelled, CancelReason, working_for
from ocs.testing.clock import VirtualClock

DEADLINE_S = 10.0


def test_the_thread_of_the_loop_is_known(clock: VirtualClock) -> None:
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(clock.timing.in_loop))
    thread.start()
    thread.join(DEADLINE_S)

    assert clock.timing.in_loop
    assert seen == [False]


def test_a_call_from_a_thread_arrives_in_the_loop(clock: VirtualClock) -> None:
    arrived: list[int] = []
    thread = threading.Thread(target=clock.timing.soon, args=(arrived.append, 1))
    thread.start()
    thread.join(DEADLINE_S)

    clock.settle()

    assert arrived == [1]


def test_a_call_into_an_ended_loop_is_forgotten() -> None:
    clock = VirtualClock()
    clock.close()

    clock.timing.soon(print)


def test_a_pause_ends_in_time(clock: VirtualClock) -> None:
    ended: list[float] = []
    clock.timing.pause(2.5).addCallback(lambda _: ended.append(clock.now))

    clock.advance(10.0)

    assert ended == [2.5]


def test_a_cancelled_sleep_leaves_no_timer(clock: VirtualClock) -> None:
    cancellation = Cancellation()
    cancellation.request(CancelReason.ABORT)
    ended: list[bool] = []

    def sleep() -> None:
        with working_for(cancellation), pytest.raises(Cancelled):
            clock.timing.sleep(100.0)
        ended.append(True)

    thread = threading.Thread(target=sleep)
    thread.start()
    thread.join(DEADLINE_S)
    clock.settle()

    assert ended == [True]
    assert clock.reactor.getDelayedCalls() == []
