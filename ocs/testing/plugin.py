"""What a device author's tests get by installing ocs: a clock, a router and agents in memory, a real router.

    def test_a_move_ends_where_it_was_asked_to(agent_of):
        stage = agent_of(Stage, speed=2.0)
        session = stage.run("move_to", position=3.0)
        assert session.result == 3.0

Time is virtual and nothing sleeps. A test that leaves timers, threads or unseen failures behind fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from ocs.agent.device import Device
    from ocs.testing.clock import VirtualClock
    from ocs.testing.leftovers import LostFailures
    from ocs.testing.memory_router import MemoryRouter
    from ocs.testing.real_loop import RealLoop
    from ocs.testing.router_process import RouterProcess
    from ocs.testing.running import RunningDevice, Site

pytest.register_assert_rewrite(
    "ocs.testing.contract",
    "ocs.testing.channel_contract",
    "ocs.testing.state_contract",
    "ocs.testing.running",
    "ocs.testing.leftovers",
)


class AgentOf(Protocol):
    """Starts an agent with one device and returns the device as a client sees it."""

    def __call__(self, device_class: type[Device], name: str = "device-1", **properties: object) -> RunningDevice:
        """Start it; properties as of the site file."""


@pytest.fixture
def lost() -> Iterator[LostFailures]:
    """Fail the test when a failure got lost in it; `lost.take()` for those that a test provokes."""
    from ocs.testing.leftovers import lost_failures

    with lost_failures() as watching:
        yield watching


@pytest.fixture
def clock(lost: LostFailures) -> Iterator[VirtualClock]:  # noqa: ARG001 - it watches what happens meanwhile
    """Give a clock that moves when the test says so, and end its loop."""
    from ocs.testing.clock import VirtualClock
    from ocs.testing.leftovers import no_new_threads

    with no_new_threads():
        virtual = VirtualClock()
        yield virtual
        virtual.settle()
        left = [str(call) for call in virtual.reactor.getDelayedCalls()]
        virtual.close()
    assert not left, f"calls left on the clock: {'; '.join(left)}"
    assert not virtual.errors, f"errors in the loop: {'; '.join(virtual.errors)}"


@pytest.fixture
def memory_router(clock: VirtualClock) -> MemoryRouter:
    """Give a router in memory."""
    from ocs.testing.memory_router import MemoryRouter

    return MemoryRouter(clock.loop)


@pytest.fixture
def memory_site(clock: VirtualClock, memory_router: MemoryRouter, tmp_path: Path) -> Iterator[Site]:
    """Give a site in memory, to start agents in."""
    from ocs.testing.running import Site

    site = Site(clock, memory_router, tmp_path)
    yield site
    site.end()


@pytest.fixture
def agent_of(memory_site: Site) -> AgentOf:
    """Give what starts an agent with one device."""

    def start(device_class: type[Device], name: str = "device-1", **properties: object) -> RunningDevice:
        memory_site.start(device_class(name, properties))
        return memory_site.device(name)

    return start


@pytest.fixture(scope="session")
def router(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RouterProcess]:
    """Give a real router with two realms on a free port; one for the whole run of its worker."""
    from ocs.router.configuration import RealmAccess
    from ocs.router.node import find_crossbar
    from ocs.testing.router_process import RouterProcess

    beside = request.config.rootpath / ".venvs" / "router" / "bin" / "crossbar"
    folder = tmp_path_factory.mktemp("state") / "test_realm" / "router"
    crossbar = find_crossbar(os.environ, str(beside))
    process = RouterProcess(folder, crossbar, (RealmAccess(), RealmAccess("other_realm", "laboratory")))
    process.start()
    yield process
    process.end()


@pytest.fixture
def fresh_router(router: RouterProcess) -> Iterator[RouterProcess]:
    """Give the real router to a test that freezes or kills it; afterwards it serves again."""
    yield router
    router.restore()


@pytest.fixture
def real_loop() -> Iterator[RealLoop]:
    """Give a loop in real time that runs while the test waits."""
    from ocs.testing.real_loop import RealLoop

    loop = RealLoop()
    yield loop
    loop.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests with a real router: all of them run in one worker, so that only one router is started."""
    for item in items:
        if {"router", "fresh_router"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.system)
            item.add_marker(pytest.mark.xdist_group("router"))


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest the markers."""
    config.addinivalue_line("markers", "system: starts real processes (router, agents, simulators)")
    config.addinivalue_line("markers", "xdist_group(name): runs in one worker with the others of its group")
