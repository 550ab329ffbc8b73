"""Agents that are ended, killed or frozen while they work."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from ocs.client import Observatory, connect
from ocs.client.steps import Call, Conversation
from ocs.model.errors import AbortedError, DeadlineError, ErrorCode, ExitCode, NotFoundError, OcsError
from ocs.model.operation import Outcome
from tests.system.programs import Place, sentence, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]


@pytest.fixture
def client(place: Place) -> Observatory:
    return connect(place.url, realm=place.realm, root=place.root)


def test_sigterm_ends_an_agent_and_its_runs_as_interrupted(place: Place, client: Observatory) -> None:
    agent = place.agent("odd", "mortal-1")
    with client as obs:
        run = obs["mortal-1"].nap.start()
        told: list[OcsError] = []

        def wait() -> None:
            try:
                run.wait(30)
            except OcsError as error:
                told.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        agent.signal(signal.SIGTERM)

        assert agent.wait() == ExitCode.OK.value
        waiting.join(10)
        assert "Traceback" not in agent.said
        assert isinstance(told[0], AbortedError) or told[0].code in {ErrorCode.AGENT_LOST, ErrorCode.NOT_FOUND}
        sentence(told[0])

        with pytest.raises(NotFoundError) as gone:
            run.status()
        assert "nobody answers at observatory.mortal-1.ops: no such device, or its agent is not running" in sentence(
            gone.value
        )

        place.agent("odd", "mortal-1")
        session = obs["mortal-1"].nap.status()
        assert session.outcome is Outcome.INTERRUPTED
        assert session.run_id == run.session.run_id


def test_a_killed_agent_shows_its_run_as_interrupted_after_a_restart(place: Place, client: Observatory) -> None:
    agent = place.agent("odd", "mortal-2")
    with client as obs:
        run = obs["mortal-2"].nap.start()
        on_disk = place.state / "test_realm" / "observatory" / "Odd-mortal-2" / "sessions.sqlite"
        until(lambda: _kept(on_disk) == [run.session.run_id], "the run on the disk")
        agent.kill()
        assert agent.wait() == -signal.SIGKILL

        until(lambda: _gone(obs), "the router's notice of the killed agent")
        place.agent("odd", "mortal-2")

        session = obs["mortal-2"].nap.status()
        assert (session.run_id, session.outcome) == (run.session.run_id, Outcome.INTERRUPTED)
        history = obs["mortal-2"].nap.history()
        assert [kept.outcome for kept in history] == [Outcome.INTERRUPTED]
        assert history[0].messages[-1][1] == "interrupted: the agent's process ended"


def test_a_second_signal_skips_the_grace(place: Place, client: Observatory) -> None:
    agent = place.agent("odd", "mortal-3")
    with client as obs:
        obs["mortal-3"].insist.start(seconds=60)
    agent.signal(signal.SIGTERM)
    agent.signal(signal.SIGTERM)

    assert agent.wait() == ExitCode.OK.value


def test_a_call_of_a_frozen_agent_ends_by_its_deadline(place: Place, client: Observatory) -> None:
    agent = place.agent("odd", "mortal-4")
    with client as obs:
        agent.signal(signal.SIGSTOP)
        began = time.monotonic()

        def ask() -> Conversation[object]:
            return (yield Call("observatory.mortal-4.ops", ("status", "move", {}), timeout_s=1.0))

        try:
            with pytest.raises(DeadlineError) as late:
                obs.client.do(ask())
        finally:
            agent.signal(signal.SIGCONT)

        assert time.monotonic() - began < 3.0
        assert sentence(late.value) == "observatory.mortal-4.ops did not answer within 1 s"
        assert obs["mortal-4"].move(position=1).result == 1.0


def _kept(path: object) -> list[str]:
    import sqlite3

    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [row[0] for row in connection.execute("SELECT run_id FROM runs WHERE op = 'nap'")]
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def _gone(obs: Observatory) -> bool:
    try:
        obs["mortal-2"].nap.status()
    except OcsError:
        return True
    return False
