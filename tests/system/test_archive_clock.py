"""The clock of the machine is set back and forward by an hour while numbers run: none is lost, none comes twice."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest

from ocs.model.gap import GapCause
from tests.system.accounts import read_told
from tests.system.line import ARRIVE_S, Line
from tests.system.programs import until

LIBRARIES = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
HOUR_S = 3600

pytestmark = [
    pytest.mark.system,
    pytest.mark.xdist_group("router"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not LIBRARIES, reason="faketime is not installed; on Debian: apt-get install faketime"),
]


class Clock:
    """The clock that programs with its environment see."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, ahead_s: int) -> None:
        """Have it go ahead of the true time by so many seconds, from now on."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead_s:+d}\n")
        new.replace(self._file)

    @property
    def environ(self) -> dict[str, str]:
        """What a program is to be started with."""
        return {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


def test_a_clock_that_steps_costs_nothing(line: Line, tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    line.start_archiver(environ=clock.environ)
    agent = line.start_agent(environ=clock.environ)
    line.wait_for_rows()

    for ahead_s in (-HOUR_S, HOUR_S, 0, HOUR_S):
        clock.set(ahead_s)
        until(partial(_is_ahead, line, ahead_s), "a number with the new time", ARRIVE_S)
        line.wait_for_rows()
    agent.kill()
    agent.wait()
    clock.set(0)  # the next process sees a time before the last commit
    line.start_agent(environ=clock.environ)
    line.wait_for_rows()
    line.stop_counting()
    account = line.account()

    assert account.balanced, account
    assert len(account.of(GapCause.PROCESS_KILLED)) == 1
    assert not account.of(GapCause.SPOOL_OLD)


def _is_ahead(line: Line, ahead_s: int) -> bool:
    told = read_told(line.told)
    return len(told) > 0 and abs(told[-1, 2] / 1e9 - time.time() - ahead_s) < HOUR_S / 2
