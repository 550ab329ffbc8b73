"""The router that is not there yet, is killed, and comes back: agents go on, callers are told at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from ocs.client import connect
from ocs.model.errors import OcsError, RouterLostError
from ocs.model.operation import Outcome
from tests.system.conftest import Router
from tests.system.programs import Place, sentence, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


@pytest.fixture
def home(mortal_router: Router, tmp_path: Path) -> Place:
    return Place(mortal_router.port, tmp_path / "state")


def test_agents_and_clients_outlive_the_router(mortal_router: Router, home: Place) -> None:
    """One story, since a router takes seconds to start: absent, there, killed in mid-operation, back."""
    agent = home.agent("odd", "odd-1", ready=False)
    try:
        agent.wait_for("waiting for the router")

        mortal_router.start()
        agent.wait_for("joined test_realm as odd-1")

        with connect(home.url, realm=home.realm, root=home.root) as obs:
            odd = obs["odd-1"]
            run = odd.nap.start(seconds=8)
            number = run.session.session_id
            told: list[tuple[float, OcsError]] = []

            def wait() -> None:
                try:
                    run.wait(60)
                except OcsError as error:
                    told.append((time.monotonic(), error))

            waiting = threading.Thread(target=wait)
            waiting.start()
            until(lambda: odd.nap.status() is not None, "the run")
            said = len(agent.lines)
            killed = time.monotonic()
            mortal_router.kill()
            waiting.join(20)

            assert not waiting.is_alive()
            moment, error = told[0]
            assert isinstance(error, RouterLostError)
            assert "try again" in sentence(error) or "is not there" in sentence(error)
            assert moment - killed < 2.0

            with pytest.raises(RouterLostError) as away:
                odd.nap.status()
            sentence(away.value)
            agent.wait_for("operations go on, joining again", after=said)

            mortal_router.start()
            agent.wait_for("joined test_realm as odd-1", after=said)
            obs.client.hand_over(obs.client.connection.when_joined, 20)

            session = run.wait(30)
            assert session.session_id == number
            assert session.outcome is Outcome.SUCCEEDED
            assert session.result == "slept"
            assert odd.move(position=3).result == 3.0
    finally:
        home.end()


def test_a_client_without_router_is_told_where_to_look(mortal_router: Router, home: Place) -> None:
    with pytest.raises(RouterLostError) as away:
        connect(home.url, realm=home.realm, root=home.root, timeout_s=0.5)

    assert "start it with `ocs up`, or say where it is by url= or OCS_PORT" in sentence(away.value)


def test_an_agent_without_router_ends_at_the_first_signal(home: Place) -> None:
    agent = home.agent("odd", "odd-2", ready=False)
    agent.wait_for("waiting for the router")

    assert agent.end() == 0
    assert "Traceback" not in agent.said
