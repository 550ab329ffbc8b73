from __future__ import annotations

import threading

from ocs.agent.calling.milestone import Milestone
from ocs.testing.clock import VirtualClock

DEADLINE_S = 10.0


def test_threads_and_coroutines_wait_for_it(clock: VirtualClock) -> None:
    milestone, told = Milestone(), []
    waiting = milestone.when_reached()
    waiting.addCallback(lambda _: told.append("deferred"))
    thread = threading.Thread(target=milestone.wait)
    thread.start()

    milestone.reach(clock.timing)
    clock.settle()
    thread.join(DEADLINE_S)

    assert told == ["deferred"]
    assert not thread.is_alive()
    assert milestone.reached


def test_what_is_reached_is_not_waited_for(clock: VirtualClock) -> None:
    milestone = Milestone()
    milestone.reach(clock.timing)

    milestone.wait()

    assert milestone.when_reached().called
    clock.settle()


def test_what_was_left_is_waited_for_again(clock: VirtualClock) -> None:
    milestone = Milestone()
    milestone.reach(clock.timing)
    milestone.leave()

    assert not milestone.reached
    assert not milestone.when_reached().called
    clock.settle()
