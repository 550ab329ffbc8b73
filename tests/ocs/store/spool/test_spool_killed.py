"""A process that is killed in the middle of its commits: whatever it said was committed is there."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from ocs.store.spool.spool import SpoolLimits
from tests.ocs.store.spool.desk import Desk

LIMITS = SpoolLimits(segment_bytes=300_000, reserve_bytes=1000)


def commit_for_ever(folder: Path) -> None:
    desk = Desk(folder, LIMITS)
    for _ in count():
        numbers = desk.commit(3, size=20_000, priority=1) + desk.commit(1, size=50, priority=2)
        sys.stdout.write(f"{numbers[-1]}\n")
        sys.stdout.flush()


@pytest.mark.parametrize("commits", [1, 20, 100])
def test_what_a_killed_process_has_committed_comes_once(tmp_path: Path, commits: int) -> None:
    with subprocess.Popen([sys.executable, __file__, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(commits)]
        process.kill()

    desk = Desk(tmp_path, LIMITS)
    came = sorted(desk.drained(400_000))

    assert desk.opening.damaged == []
    assert not desk.opening.orderly
    assert desk.opening.last_commit is not None
    assert came[: said[-1] + 1] == list(range(said[-1] + 1))
    assert len(set(came)) == len(came)


if __name__ == "__main__":
    commit_for_ever(Path(sys.argv[1]))
