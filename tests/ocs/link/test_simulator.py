from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ocs.link import BackOff, Lines, Link, LinkState, open_port
from ocs.link.simulator import Simulator, ask_control
from ocs.model.errors import DeadlineError, DeviceError, LinkLostError
from tests.ocs.link.fakes import DEADLINE_S, SIMULATOR, Changes

pytestmark = pytest.mark.system


@pytest.fixture(params=["pty", "tcp"])
def any_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    simulator = Simulator(SIMULATOR, ["--tcp", "0"] if request.param == "tcp" else [])
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
