"""Somebody subscribes to a feed and then reads nothing: that is nobody else's trouble."""

from __future__ import annotations

import signal

import pytest

from tests.system.line import ARRIVE_S, Line
from tests.system.programs import HERE

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router"), pytest.mark.timeout(300)]

PADDING = 5000


def test_a_subscriber_that_does_not_read_holds_nothing_up(line: Line) -> None:
    line.start_archiver()
    agent = line.start_agent("--padding", str(PADDING))
    listener = line.place.start(str(HERE / "clients" / "listener.py"))
    listener.wait_for("heard", ARRIVE_S)

    listener.signal(signal.SIGSTOP)
    line.wait_for_rows(10_000_000 // PADDING)  # more than any socket holds
    line.stop_counting()
    account = line.account()
    said = len(listener.lines)
    listener.signal(signal.SIGCONT)
    listener.wait_for("heard", ARRIVE_S, after=said)

    assert agent.running
    assert account.balanced, account
    assert account.named == 0
    assert account.gaps == []
