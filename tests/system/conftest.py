"""Places on the router for all tests, a router for those that kill one, and the agent that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.client import Observatory, connect
from ocs.model.errors import RouterLostError
from ocs.site.state import router_folder
from ocs.testing.router_process import RouterProcess
from tests.system.line import Line
from tests.system.programs import CROSSBAR, REALM, Place, until


@pytest.fixture
def mortal_router(tmp_path: Path) -> Iterator[RouterProcess]:
    """A router that was not started yet, and may be killed."""
    process = RouterProcess(router_folder(tmp_path / "router-state", REALM), CROSSBAR)
    yield process
    process.kill()


@pytest.fixture(scope="session")
def shared(router: RouterProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place with the agent `odd-1`, for tests that leave it as they found it."""
    place = Place(router.port, tmp_path_factory.mktemp("s"))
    place.agent("odd", "odd-1")
    yield place
    place.end()


@pytest.fixture
def place(router: RouterProcess, tmp_path: Path) -> Iterator[Place]:
    """An empty place on the router for all; its programs end with the test."""
    own = Place(router.port, tmp_path / "state")
    yield own
    own.end()


@pytest.fixture
def line(place: Place) -> Line:
    """The way of numbered data on the router for all; nothing of it runs yet."""
    return Line(place)


@pytest.fixture(scope="session")
def obs(shared: Place) -> Iterator[Observatory]:
    """The blocking client."""
    with connect(shared.url, realm=shared.realm, root=shared.root) as observatory:
        yield observatory


@pytest.fixture
def odd(obs: Observatory) -> Iterator[Any]:
    """The agent that does what it should not; its runs are ended after the test."""
    device = until(lambda: _found(obs), "odd-1, after another test's harm to the router")
    yield device
    for operation in device.operations.values():
        session = operation.status()
        if session is not None and not session.ended:
            operation.end()
            operation.wait(10)


def _found(obs: Observatory) -> Any:
    try:
        obs["odd-1"].move.status()
    except RouterLostError:
        return None
    return obs["odd-1"]
