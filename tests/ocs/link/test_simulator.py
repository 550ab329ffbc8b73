from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ocs.link import BackOff, Lines, Link, LinkState, open_port
from ocs.link.simulation.announcement import look_up
from ocs.link.simulator import Simulator, ask_control
from ocs.model.errors import DeadlineError, DeviceError, DuplicateError, LinkLostError
from tests.ocs.link.fakes import DEADLINE_S
from tests.ocs.link.test_link import Changes

pytestmark = pytest.mark.system

MODULE = "tests.ocs.link.simulation.instruments"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    simulator = Simulator(MODULE, ["--no-timing"])
    yield simulator
    simulator.stop()


@pytest.fixture(params=["pty", "tcp"])
def any_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    simulator = Simulator(MODULE, ["--tcp", "0"] if request.param == "tcp" else [])
    yield simulator
    simulator.stop()


def link_to(port: str, changes: Changes | None = None) -> Link:
    link = Link(
        partial(open_port, port, baud_rate=9600),
        Lines(),
        name="thermometer",
        timeout_s=DEADLINE_S,
        verify=lambda link: link.ask("*IDN?"),
        on_change=changes,
        back_off=BackOff(0.01, 1.0),
    )
    link.open()
    return link


def test_an_instrument_answers_on_either_kind_of_port(any_simulator: Simulator, tmp_path: Path) -> None:
    link = link_to(any_simulator.start("t", tmp_path))

    ask_control(tmp_path, "t", {"set": {"kelvin": 77.0}}, DEADLINE_S)

    assert link.ask("T?") == "77.0"
    link.close()


def test_a_cable_out_and_in_is_a_loss_and_a_return(any_simulator: Simulator, tmp_path: Path) -> None:
    changes = Changes()
    port = any_simulator.start("t", tmp_path)
    link = link_to(port, changes)
    assert changes.next().state is LinkState.OPEN

    ask_control(tmp_path, "t", {"unplug": None}, DEADLINE_S)
    with pytest.raises(LinkLostError):
        link.ask("T?")
    assert changes.next().state is LinkState.LOST
    with pytest.raises(LinkLostError):
        open_port(port)

    ask_control(tmp_path, "t", {"plug": True}, DEADLINE_S)
    assert changes.next().state is LinkState.OPEN
    assert link.ask("T?") == "293.0"
    link.close()


def test_a_cable_comes_back_by_itself_after_its_time(simulator: Simulator, tmp_path: Path) -> None:
    changes = Changes()
    link = link_to(simulator.start("t", tmp_path), changes)

    ask_control(tmp_path, "t", {"unplug": 0.05}, DEADLINE_S)
    with pytest.raises(LinkLostError):
        link.ask("T?")

    states = [changes.next().state for _ in range(3)]
    assert states == [LinkState.OPEN, LinkState.LOST, LinkState.OPEN]
    link.close()


def test_ordered_faults_reach_the_link_and_pass(simulator: Simulator, tmp_path: Path) -> None:
    link = link_to(simulator.start("t", tmp_path))

    ask_control(tmp_path, "t", {"fault": "garbage"}, DEADLINE_S)
    with pytest.raises(DeviceError):
        link.ask("T?")
    ask_control(tmp_path, "t", {"fault": "silent"}, DEADLINE_S)
    with pytest.raises(DeadlineError):
        link.ask("T?", timeout_s=0.05)
    ask_control(tmp_path, "t", {"fault": "wrong_terminator"}, DEADLINE_S)
    with pytest.raises(DeadlineError, match="only 6 bytes came"):
        link.ask("T?", timeout_s=0.5)

    assert link.ask("T?") == "293.0"
    link.close()


def test_it_announces_itself_and_takes_the_announcement_back(simulator: Simulator, tmp_path: Path) -> None:
    port = simulator.start("t", tmp_path)

    announcement = look_up(tmp_path, "t")
    assert (announcement.port, announcement.pid) == (port, simulator.pid)
    simulator.stop()

    assert [path.name for path in tmp_path.iterdir()] == ["t.lock"]
    with pytest.raises(LinkLostError, match="no simulator 't' runs"):
        ask_control(tmp_path, "t", {"get": "*"}, DEADLINE_S)


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
        Simulator(MODULE, ["--fail"]).start("t", tmp_path)
    with pytest.raises(LinkLostError, match=r"exit code 2 .*unrecognized arguments: --colour"):
        Simulator(MODULE, ["--colour"]).start("t", tmp_path)


def test_one_that_is_too_slow_is_ended(tmp_path: Path) -> None:
    simulator = Simulator(MODULE, start_s=0.0)

    with pytest.raises(DeadlineError, match="was not ready within 0 s"):
        simulator.start("t", tmp_path)

    assert not simulator.alive


def test_a_name_belongs_to_one_simulator(simulator: Simulator, tmp_path: Path) -> None:
    simulator.start("t", tmp_path)

    with pytest.raises(DuplicateError, match="a simulator 't' runs in .* already"):
        Simulator(MODULE).start("t", tmp_path)


def test_a_request_that_is_refused_is_an_error(simulator: Simulator, tmp_path: Path) -> None:
    simulator.start("t", tmp_path)

    with pytest.raises(DeviceError, match="refused .*there is no quantity 'volts'"):
        ask_control(tmp_path, "t", {"get": "volts"}, DEADLINE_S)


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
    command = [sys.executable, "-m", MODULE, "--directory", str(tmp_path), "--name"]
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
