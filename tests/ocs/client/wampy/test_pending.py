from __future__ import annotations

import threading

import pytest

from ocs.client.wampy.pending import PendingRequests
from ocs.model.errors import DeadlineError, RouterLostError


def test_numbers_count_from_one() -> None:
    pending = PendingRequests()

    assert [pending.open(), pending.open(), pending.open()] == [1, 2, 3]


def test_each_request_gets_its_own_answer_whatever_the_order() -> None:
    pending = PendingRequests()
    first, second = pending.open(), pending.open()

    assert pending.answer(second, [50, second])
    assert pending.answer(first, [50, first])

    assert pending.wait(first, 1) == [50, first]
    assert pending.wait(second, 1) == [50, second]
    assert len(pending) == 0


def test_a_request_that_was_given_up_takes_no_answer() -> None:
    pending = PendingRequests()
    number = pending.open()
    with pytest.raises(DeadlineError):
        pending.wait(number, 0)

    assert not pending.answer(number, [50, number])


def test_a_loss_wakes_everybody_who_waits() -> None:
    pending = PendingRequests()
    numbers = [pending.open() for _ in range(3)]
    told: list[str] = []

    def wait(number: int) -> None:
        with pytest.raises(RouterLostError) as caught:
            pending.wait(number, 20)
        told.append(caught.value.message)

    threads = [threading.Thread(target=wait, args=(number,)) for number in numbers]
    for each in threads:
        each.start()
    pending.fail("the cable is out")
    for each in threads:
        each.join(20)

    assert told == ["the cable is out"] * 3


def test_after_a_loss_no_request_begins() -> None:
    pending = PendingRequests()
    pending.fail("the cable is out")

    with pytest.raises(RouterLostError, match="cable"):
        pending.open()
