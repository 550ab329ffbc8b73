"""The agents that the pages talk to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.testing.router_process import RouterProcess
from tests.docs.pages import snippets
from tests.system.programs import CHECKOUT, Place


@pytest.fixture
def place(router: RouterProcess, tmp_path: Path) -> Iterator[Place]:
    own = Place(router.port, tmp_path / "state")
    yield own
    own.end()


@pytest.fixture(scope="module")
def lab(router: RouterProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The agents of lessons 1 and 4, and those that pages show, at work."""
    own = Place(router.port, tmp_path_factory.mktemp("lab"))
    lessons = CHECKOUT / "examples"
    files = {"hello-1": lessons / "01-hello-agent" / "agent.py", "oven-1": lessons / "04-serial-device" / "agent.py"}
    for part in ("sim.py", "driver.py"):
        shutil.copy(lessons / "04-serial-device" / part, own.state)  # the simulator of a page's oven
    for snippet in snippets():
        if snippet.agent is not None:
            file, name = snippet.agent
            files[name] = own.state / file
            files[name].write_text(snippet.text)
    started = [own.start(str(file), "--instance-id", name) for name, file in files.items()]
    for program in started:
        program.wait_for("joined")
    yield own
    codes = [program.end() for program in started]
    own.end()
    assert set(codes) == {0}, [program.said for program in started]
