from __future__ import annotations

import logging

import pytest

from ocs.link import LinkState, LinkStatus
from ocs.link.presence import Presence
from tests.ocs.link.fakes import FakeClock


def presence(changes: list[LinkStatus], clock: FakeClock | None = None) -> Presence:
    made = Presence("oven on ttyUSB0", changes.append, monotonic=clock or FakeClock(), wall=lambda: 1.7e9)
    made.wanted = True
    return made


def test_each_change_is_told_once() -> None:
    changes: list[LinkStatus] = []
    oven = presence(changes)

    assert oven.change(LinkState.OPEN)
    assert oven.change(LinkState.LOST, "unplugged")
    assert not oven.change(LinkState.LOST, "again")

    assert changes == [LinkStatus(LinkState.OPEN, 1.7e9), LinkStatus(LinkState.LOST, 1.7e9, "unplugged")]


def test_a_link_that_nobody_wants_can_only_close() -> None:
    oven = presence([])
    oven.change(LinkState.OPEN)
    oven.wanted = False

    assert not oven.change(LinkState.LOST, "unplugged")
    assert oven.change(LinkState.CLOSED)
    assert not oven.change(LinkState.OPEN)


def test_the_error_of_a_lost_device_tells_age_newest_reason_and_period() -> None:
    clock = FakeClock()
    oven = presence([], clock)
    oven.change(LinkState.LOST, "unplugged")
    clock.now += 12
    oven.note("ttyUSB0 is not there")

    assert oven.missing(2.0).message == (
        "oven on ttyUSB0 is not there since 12 s: ttyUSB0 is not there; it is looked for every 2 s"
    )


def test_the_error_of_a_closed_link_tells_to_open_it() -> None:
    assert presence([]).missing(2.0).message == "oven on ttyUSB0 is closed; open the link first"


def test_a_reason_is_only_noted_while_the_device_is_lost() -> None:
    oven = presence([])
    oven.change(LinkState.OPEN)

    oven.note("too late")

    assert oven.status.reason == ""


def test_a_failing_listener_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fail(status: LinkStatus) -> None:
        raise ValueError(status.reason)

    oven = Presence("oven", fail, monotonic=FakeClock(), wall=FakeClock())
    oven.wanted = True

    with caplog.at_level(logging.ERROR):
        assert oven.change(LinkState.LOST, "unplugged")

    assert "the on_change of oven failed" in caplog.text
