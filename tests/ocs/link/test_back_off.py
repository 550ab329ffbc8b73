from __future__ import annotations

import threading

from ocs.link.back_off import Attempts, BackOff
from tests.ocs.link.fakes import DEADLINE_S


def test_waits_grow_to_their_limit_and_stay_there() -> None:
    back_off = BackOff(first_s=0.3, factor=1.5, max_s=10.0)

    assert [round(back_off.delay_s(number), 4) for number in range(3)] == [0.3, 0.45, 0.675]
    assert back_off.delay_s(20) == back_off.delay_s(1_000_000) == 10.0


def test_attempts_go_on_until_one_succeeds() -> None:
    results = [False, False, True, False]
    done = threading.Event()

    def attempt() -> bool:
        result = results.pop(0)
        if result:
            done.set()
        return result

    attempts = Attempts("test", attempt, lambda: 0.0)
    attempts.start()

    assert done.wait(DEADLINE_S)
    attempts.end()
    assert results == [False]


def test_ended_attempts_do_not_even_begin_to_wait() -> None:
    tried: list[str] = []
    waiting = threading.Event()

    def delay_s() -> float:
        waiting.set()
        return DEADLINE_S * 10

    def attempt() -> bool:
        tried.append("once")
        return True

    attempts = Attempts("test", attempt, delay_s)
    attempts.start()
    assert waiting.wait(DEADLINE_S)
    attempts.end()

    for thread in threading.enumerate():
        if thread.name == "test":
            thread.join(DEADLINE_S)
            assert not thread.is_alive()
    assert tried == []
