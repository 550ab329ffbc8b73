from __future__ import annotations

import pytest

from ocs.link import LinkState
from ocs.model.errors import DeadlineError, LinkLostError
from ocs.testing.scripted import ScriptedLink


def test_a_dialogue_is_played_line_by_line() -> None:
    link = ScriptedLink((b"*IDN?", b"LSCI,MODEL240"), (b"RDGK? 1", b"+77.0"), (b"BRIGT 50", b""))

    assert link.ask("*IDN?") == "LSCI,MODEL240"
    assert link.ask("RDGK? 1") == "+77.0"
    link.tell("BRIGT 50")

    link.assert_played()


def test_a_line_that_is_not_in_the_dialogue_fails() -> None:
    link = ScriptedLink((b"*IDN?", b"LSCI,MODEL240"))

    with pytest.raises(AssertionError, match=r"b'RDGK.' was sent; the dialogue has b'.IDN.'"):
        link.ask("RDGK?")
    with pytest.raises(AssertionError, match="not in the dialogue"):
        link.assert_played()


def test_a_line_that_was_not_asked_fails_in_the_end() -> None:
    link = ScriptedLink((b"*IDN?", b"LSCI,MODEL240"))

    with pytest.raises(AssertionError, match="in the dialogue, but not sent"):
        link.assert_played()


def test_a_device_that_says_nothing_costs_no_time() -> None:
    link = ScriptedLink((b"*IDN?", b""))

    with pytest.raises(DeadlineError):
        link.ask("*IDN?", timeout_s=3600.0)


def test_a_reply_of_several_lines_is_read_to_its_end() -> None:
    link = ScriptedLink((b"LIST?", b"one"), (b"", b"two"))

    with link.transaction():
        assert link.ask("LIST?") == "one"
        assert link.read() == "two"


def test_an_unplugged_device_is_a_lost_link() -> None:
    link = ScriptedLink((b"*IDN?", b"LSCI,MODEL240"))
    link.device.unplugged = True

    with pytest.raises(LinkLostError):
        link.ask("*IDN?")

    assert link.status.state is LinkState.LOST
    link.close()
