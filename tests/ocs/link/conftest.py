from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ocs.link import Lines, Link, LinkState, open_port
from ocs.link.simulator import Simulator
from tests.ocs.link.fakes import DEADLINE_S, QUICK, SIMULATOR, Changes, Oven, PtyDevice, pty_device, verify


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    simulator = Simulator(SIMULATOR, ["--no-timing"])
    yield simulator
    simulator.stop()


@pytest.fixture
def oven() -> Oven:
    return Oven()


@pytest.fixture
def device(tmp_path: Path, oven: Oven) -> Iterator[PtyDevice]:
    with pty_device(tmp_path / "port", oven) as device:
        yield device
        oven.go.set()


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def link(device: PtyDevice, changes: Changes) -> Iterator[Link]:
    link = Link(
        partial(open_port, str(device.path)),
        Lines(),
        name="oven on port",
        timeout_s=DEADLINE_S,
        verify=verify,
        on_change=changes,
        back_off=QUICK,
    )
    link.open()
    assert changes.next().state is LinkState.OPEN
    yield link
    link.close()
