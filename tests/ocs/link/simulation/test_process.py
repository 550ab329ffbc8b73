from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ocs.link.simulator import Simulator, ask_control
from ocs.model.errors import DeadlineError, DuplicateError, LinkLostError
from tests.ocs.link.fakes import DEADLINE_S, SIMULATOR

pytestmark = pytest.mark.system


def test_started_again_it_is_the_same_one_unless_it_died(simulator: Simulator, tmp_path: Path) -> None:
    port = simulator.start("t", tmp_path)
    first = simulator.pid
    assert first is not None
    assert simulator.start("t", tmp_path) == port
    assert simulator.pid == first

    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

    with pytest.raises(LinkLostError, match="the simulator 't' is gone"):
        ask_control(tmp_path, "t", {"get": "*"}, DEADLINE_S)
    assert simulator.start("t", tmp_path) == port
    assert simulator.pid != first
    assert ask_control(tmp_path, "t", {"get": "kelvin"}, DEADLINE_S) == {"kelvin": 293.0}


def test_one_that_fails_tells_why(tmp_path: Path) -> None:
    with pytest.raises(LinkLostError, match=r"(?s)ended with exit code 1 before it was ready; .*made to fail"):
        Simulator(SIMULATOR, ["--fail"]).start("t", tmp_path)
    with pytest.raises(LinkLostError, match=r"(?s)exit code 2 .*unrecognized arguments: --colour"):
        Simulator(SIMULATOR, ["--colour"]).start("t", tmp_path)


def test_one_that_is_too_slow_is_ended(tmp_path: Path) -> None:
    simulator = Simulator(SIMULATOR, start_s=0.0)

    with pytest.raises(DeadlineError, match="was not ready within 0 s"):
        simulator.start("t", tmp_path)

    assert not simulator.alive


def test_a_name_belongs_to_one_simulator(simulator: Simulator, tmp_path: Path) -> None:
    simulator.start("t", tmp_path)

    with pytest.raises(DuplicateError, match=r"a simulator 't' runs in .* already"):
        Simulator(SIMULATOR).start("t", tmp_path)
