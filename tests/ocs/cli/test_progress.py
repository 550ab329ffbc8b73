"""Bars of work."""

from __future__ import annotations

import io
import threading

import pytest

from ocs.cli.progress import working

WAIT_S = 20.0


class Terminal(io.StringIO):
    """A terminal that tells when something is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if "reading" in text:
            self.shown.set()
        return super().write(text)


def test_a_file_gets_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with working("reading", patience_s=0.0) as told:
        told(0.5)

    assert capsys.readouterr() == ("", "")


def test_work_that_takes_long_shows_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    with working("reading [the archive]", patience_s=0.0) as told:
        told(0.42)
        assert terminal.shown.wait(WAIT_S)

    assert "reading [the archive]" in terminal.getvalue()


def test_quick_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    with working("reading", patience_s=600.0) as told:
        told(1.0)

    assert terminal.getvalue() == ""


def test_what_goes_wrong_in_the_work_ends_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())

    with pytest.raises(ValueError, match="broken"), working("reading", patience_s=600.0):
        raise ValueError("broken")

    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
