"""One crossbar for all tests of this folder, another for those that kill it, and the agents that misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.client import Observatory, connect
from ocs.router.configuration import RealmAccess, RouterConfiguration
from ocs.router.node import START_TIMEOUT_S, free_port, is_ready, prepare
from ocs.site.state import router_folder
from tests.system.programs import CROSSBAR, REALM, ROOT, Place, Program, clean_environ, until

OTHER_REALM, OTHER_ROOT = "other_realm", "elsewhere"


class Router:
    """A crossbar on a port of its own that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.program: Program | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        realms = (RealmAccess(REALM, ROOT), RealmAccess(OTHER_REALM, OTHER_ROOT))
        configuration = RouterConfiguration(port=self.port, realms=realms)
        node = prepare(router_folder(self.folder / "router-state", REALM), configuration, CROSSBAR)
        self.program = Program(node.command, clean_environ(), self.folder)
        until(lambda: is_ready(self.port), "the router", START_TIMEOUT_S)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.program is not None:
            self.program.kill()
            self.program.wait()

    def end(self) -> None:
        if self.program is not None:
            self.program.end()


@pytest.fixture(scope="session")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Router]:
    """A router for all; nobody may harm it."""
    serving = Router(tmp_path_factory.mktemp("r"))
    serving.start()
    yield serving
    serving.end()


@pytest.fixture
def mortal_router(tmp_path: Path) -> Iterator[Router]:
    """A router that was not started yet, and may be killed."""
    serving = Router(tmp_path)
    yield serving
    serving.kill()


@pytest.fixture(scope="session")
def shared(router: Router, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place with the agent `odd-1`, for tests that leave it as they found it."""
    place = Place(router.port, tmp_path_factory.mktemp("s"))
    place.agent("odd", "odd-1")
    yield place
    place.end()


@pytest.fixture
def place(router: Router, tmp_path: Path) -> Iterator[Place]:
    """An empty place on the router for all; its programs end with the test."""
    own = Place(router.port, tmp_path / "state")
    yield own
    own.end()


@pytest.fixture(scope="session")
def obs(shared: Place) -> Iterator[Observatory]:
    """The blocking client."""
    with connect(shared.url, realm=shared.realm, root=shared.root) as observatory:
        yield observatory


@pytest.fixture
def odd(obs: Observatory) -> Iterator[Any]:
    """The agent that does what it should not; its runs are ended after the test."""
    device = obs["odd-1"]
    yield device
    for operation in device.operations.values():
        session = operation.status()
        if session is not None and not session.ended:
            operation.end()
            operation.wait(10)
