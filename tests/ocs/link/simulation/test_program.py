from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ocs.link.simulation.announcement import look_up
from ocs.link.simulator import Simulator, ask_control
from ocs.model.errors import LinkLostError
from tests.ocs.link.fakes import DEADLINE_S, SIMULATOR

pytestmark = pytest.mark.system


def test_it_announces_itself_and_takes_the_announcement_back(simulator: Simulator, tmp_path: Path) -> None:
    port = simulator.start("t", tmp_path)

    announcement = look_up(tmp_path, "t")
    assert (announcement.port, announcement.pid) == (port, simulator.pid)
    simulator.stop()

    assert [path.name for path in tmp_path.iterdir()] == ["t.lock"]
    with pytest.raises(LinkLostError, match="no simulator 't' runs"):
        ask_control(tmp_path, "t", {"get": "*"}, DEADLINE_S)


def test_a_control_connection_that_breaks_harms_nobody(simulator: Simulator, tmp_path: Path) -> None:
    simulator.start("t", tmp_path)
    address = ("127.0.0.1", look_up(tmp_path, "t").control)

    with socket.create_connection(address, DEADLINE_S) as connection:
        connection.sendall(b"x" * 200_000 + b"\n")
        with socket.create_connection(address, DEADLINE_S) as other:
            other.sendall(b'{"get": "kelvin"}\n{"get": "cycles"}\n')
            with other.makefile() as stream:
                answers = [json.loads(stream.readline()) for _ in range(2)]

    assert answers == [{"kelvin": 293.0}, {"cycles": 0}]
    assert ask_control(tmp_path, "t", {"get": "kelvin"}, DEADLINE_S) == {"kelvin": 293.0}


def test_it_ends_when_its_parent_closes_stdin_or_is_gone(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    command = [sys.executable, "-m", SIMULATOR, "--directory", str(tmp_path), "--name"]
    by_stdin = subprocess.Popen([*command, "a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    by_parent = subprocess.Popen(
        [*command, "b", "--parent", str(parent.pid)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert by_stdin.stdin is not None
    assert by_stdin.stdout is not None
    assert by_parent.stdout is not None
    by_stdin.stdout.readline()
    by_parent.stdout.readline()

    by_stdin.stdin.close()
    parent.communicate(b"\n")

    assert by_stdin.wait(DEADLINE_S) == 0
    assert by_parent.wait(DEADLINE_S) == 0
    by_stdin.stdout.close()
    by_parent.stdout.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.lock", "b.lock"]
