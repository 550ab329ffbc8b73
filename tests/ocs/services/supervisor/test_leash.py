"""A leashed process ends when its parent is gone, even by SIGKILL."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

PARENT = """
import subprocess, sys
from ocs.services.supervisor.child import leashed
program = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
subprocess.Popen(leashed((sys.executable, "-c", program)), start_new_session=True).wait()
"""


@pytest.mark.system
def test_a_child_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    handle = os.pidfd_open(int(parent.stdout.readline()))
    try:
        parent.kill()
        parent.wait(10)

        ended, _, _ = select.select([handle], [], [], 20)

        assert ended
    finally:
        parent.stdout.close()
        os.close(handle)


@pytest.mark.system
def test_a_program_that_is_not_there_is_told_in_one_sentence() -> None:
    from ocs.services.supervisor.child import leashed

    ended = subprocess.run(leashed(("/no/such/program",)), capture_output=True, text=True, timeout=20, check=False)

    assert ended.returncode == 1
    assert ended.stderr == "error: /no/such/program cannot be started: No such file or directory\n"
    assert ended.returncode != -signal.SIGTERM
