from __future__ import annotations

import threading

from ocs.client.wampy.deadline import Deadline


def test_the_budget_shrinks_with_the_clock_and_never_below_zero() -> None:
    now = 100.0
    deadline = Deadline(10, clock=lambda: now)
    assert deadline.left_s() == 10

    now = 104.0
    assert deadline.left_s() == 6

    now = 111.0
    assert deadline.left_s() == 0


def test_for_ever_is_as_long_as_the_timers_go() -> None:
    assert Deadline(float("inf")).timeout_s == threading.TIMEOUT_MAX
