from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ocs.link.simulation.announcement import Announcement, announce
from ocs.link.simulator import Simulator, ask_control
from ocs.model.errors import DeadlineError, DeviceError
from tests.ocs.link.fakes import DEADLINE_S

pytestmark = pytest.mark.system


def test_a_request_that_is_refused_is_an_error(simulator: Simulator, tmp_path: Path) -> None:
    simulator.start("t", tmp_path)

    with pytest.raises(DeviceError, match=r"refused .*there is no quantity 'volts'"):
        ask_control(tmp_path, "t", {"get": "volts"}, DEADLINE_S)


def test_an_answer_has_every_quantity_that_is_asked_for(simulator: Simulator, tmp_path: Path) -> None:
    simulator.start("lab/t", tmp_path)

    answer = ask_control(tmp_path, "lab/t", {"get": "*"}, DEADLINE_S)

    assert answer == {"kelvin": 293.0, "cycles": 0, "power": "on", "plugged": True, "faults": {}}


def test_a_simulator_that_does_not_answer_is_a_deadline(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        announce(tmp_path, "t", Announcement("x", server.getsockname()[1], os.getpid()))

        with pytest.raises(DeadlineError, match=r"the simulator 't' did not answer .* within 0\.01 s"):
            ask_control(tmp_path, "t", {"get": "*"}, 0.01)
