from __future__ import annotations

import threading

import pytest

from ocs.model.cancellation import Cancellation, Cancelled, CancelReason, current, wait, waiting_threads, working_for

DEADLINE_S = 10.0


def test_a_request_is_raised_once() -> None:
    cancellation = Cancellation()
    cancellation.request(CancelReason.ABORT)

    with pytest.raises(Cancelled) as caught:
        cancellation.check()
    cancellation.check()

    assert caught.value.reason is CancelReason.ABORT
    assert cancellation.delivered


def test_the_first_request_counts() -> None:
    cancellation = Cancellation()

    assert cancellation.request(CancelReason.TIMEOUT)
    assert not cancellation.request(CancelReason.ABORT)
    assert cancellation.reason is CancelReason.TIMEOUT


def test_a_request_that_came_before_the_wait_ends_it_at_once() -> None:
    cancellation = Cancellation()
    cancellation.request(CancelReason.STOP)

    with working_for(cancellation), pytest.raises(Cancelled):
        wait(threading.Event(), DEADLINE_S)


def test_a_request_wakes_who_waits() -> None:
    cancellation = Cancellation()
    ended: list[type[BaseException]] = []
    started = threading.Event()

    def work() -> None:
        with working_for(cancellation):
            started.set()
            try:
                wait(threading.Event(), DEADLINE_S)
            except Cancelled as error:
                ended.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(DEADLINE_S)
    cancellation.request(CancelReason.ABORT)
    thread.join(DEADLINE_S)

    assert ended == [Cancelled]


def test_after_its_delivery_the_run_may_wait_again() -> None:
    cancellation = Cancellation()
    cancellation.request(CancelReason.ABORT)
    cancellation.mark_delivered()
    event = threading.Event()
    event.set()

    with working_for(cancellation):
        assert wait(event, DEADLINE_S)
        assert not wait(threading.Event(), 0.0)


def test_a_wake_function_is_called_for_its_block_only() -> None:
    cancellation = Cancellation()
    woken: list[int] = []
    with cancellation.waking(lambda: woken.append(1)):
        pass

    cancellation.request(CancelReason.ABORT)

    assert woken == []


def test_nobody_is_current_outside() -> None:
    cancellation = Cancellation()
    with working_for(cancellation):
        assert current() is cancellation

    assert current() is None


def test_who_waits_is_known_while_it_waits() -> None:
    event = threading.Event()
    thread = threading.Thread(target=wait, args=(event, DEADLINE_S))
    thread.start()
    look = threading.Event()
    while thread.ident not in waiting_threads():
        look.wait(0.001)

    assert waiting_threads()[thread.ident] is event
    event.set()
    thread.join(DEADLINE_S)
    assert thread.ident not in waiting_threads()
