"""What is told of a child's log."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ocs.services.supervisor.child import LEASH, LONGEST_WORDS, last_words, leashed


def test_the_last_line_is_told_without_the_word_error(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("one\nerror: the port is taken\n\n")

    assert last_words(log, 0) == "the port is taken"


def test_lines_of_an_earlier_process_are_not_told(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("error: long ago\n")

    assert not last_words(log, log.stat().st_size)


def test_a_log_that_is_gone_has_no_last_words(tmp_path: Path) -> None:
    assert not last_words(tmp_path / "none.log", 0)


def test_endless_lines_are_cut(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * 100_000)

    assert len(last_words(log, 0)) == LONGEST_WORDS


def test_a_leashed_command_names_its_parent() -> None:
    command = leashed(("/bin/true", "-x"))

    assert command == (sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), "/bin/true", "-x")
