"""The router that is not there yet, is killed, and comes back: agents go on, callers are told at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.client import connect
from ocs.model.errors import OcsError, RouterLostError
from ocs.model.operation import Outcome
from ocs.testing.router_process import RouterProcess
from tests.system.programs import Place, sentence

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


@pytest.fixture
def home(mortal_router: RouterProcess, tmp_path: Path) -> Iterator[Place]:
    place = Place(mortal_router.port, tmp_path / "state")
    yield place
    place.end()


class Waiting:
    """A wait for a run in a thread of its own, and how it ended."""

    def __init__(self, run: Any) -> None:
        self.error: OcsError | None = None
        self.moment = 0.0
        self._run = run
        self._thread = threading.Thread(target=self._wait)
        self._thread.start()

    def _wait(self) -> None:
        try:
            self._run.wait(60)
        except OcsError as error:
            self.error, self.moment = error, time.monotonic()

    def check_lost(self, killed: float) -> None:
        """See that the call that was under way failed at once, and said why."""
        self._thread.join(20)
        assert not self._thread.is_alive()
        assert isinstance(self.error, RouterLostError)
        assert "try again" in sentence(self.error) or "is not there" in sentence(self.error)
        assert self.moment - killed < 2.0


def test_agents_and_clients_outlive_the_router(mortal_router: RouterProcess, home: Place) -> None:
    """One story, since a router takes seconds to start: absent, there, killed in mid-operation, back."""
    agent = home.agent("odd", "odd-1", ready=False)
    agent.wait_for("waiting for the router")
    mortal_router.start()
    agent.wait_for("joined test_realm as odd-1")

    with connect(home.url, realm=home.realm, root=home.root) as obs:
        odd = obs["odd-1"]
        run = odd.nap.start(seconds=8)
        waiting = Waiting(run)
        said, killed = len(agent.lines), time.monotonic()
        mortal_router.kill()

        waiting.check_lost(killed)
        with pytest.raises(RouterLostError) as away:
            odd.nap.status()
        sentence(away.value)
        agent.wait_for("operations go on, joining again", after=said)

        mortal_router.start()
        agent.wait_for("joined test_realm as odd-1", after=said)
        obs.client.hand_over(obs.client.connection.when_joined, 20)
        session = run.wait(30)

        assert session.session_id == run.session.session_id
        assert (session.outcome, session.result) == (Outcome.SUCCEEDED, "slept")
        assert odd.move(position=3).result == 3.0


def test_a_client_without_router_is_told_where_to_look(mortal_router: RouterProcess, home: Place) -> None:
    with pytest.raises(RouterLostError) as away:
        connect(home.url, realm=home.realm, root=home.root, timeout_s=0.5)

    assert "start it with `ocs up`, or say where it is by url= or OCS_PORT" in sentence(away.value)


def test_an_agent_without_router_ends_at_the_first_signal(home: Place) -> None:
    agent = home.agent("odd", "odd-2", ready=False)
    agent.wait_for("waiting for the router")

    assert agent.end() == 0
    assert "Traceback" not in agent.said
