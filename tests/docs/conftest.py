"""The agents that the pages talk to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.testing.router_process import RouterProcess
from tests.system.programs import CHECKOUT, Place


@pytest.fixture
def place(router: RouterProcess, tmp_path: Path) -> Iterator[Place]:
    own = Place(router.port, tmp_path / "state")
    yield own
    own.end()


@pytest.fixture(scope="module")
def lab(router: RouterProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The agents of lessons 1 and 4 at work."""
    own = Place(router.port, tmp_path_factory.mktemp("lab"))
    started = [
        own.start(str(CHECKOUT / "examples" / folder / "agent.py"), "--instance-id", name)
        for folder, name in (("01-hello-agent", "hello-1"), ("04-serial-device", "oven-1"))
    ]
    for program in started:
        program.wait_for("joined")
    yield own
    codes = [program.end() for program in started]
    own.end()
    assert codes == [0, 0], sys.argv
