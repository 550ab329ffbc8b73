"""Changes of sessions as events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import Device, Session, task
from ocs.agent.serving.session_pushes import ENDS_TOLD, PUSH_PERIOD_S
from ocs.wire import uris
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Stage(Device):
    """A stage."""

    @task
    def count(self, session: Session, steps: int = 100) -> None:
        """Count.

        Args:
            steps: How far.
        """
        for step in range(steps):
            session.data = {"step": step}
            session.sleep(0.01)

    @task
    def blink(self, session: Session) -> None:
        """End at once."""


@pytest.fixture
def stage(panel_of: PanelOf) -> Panel:
    return panel_of(Stage, "stage")


def pushed(stage: Panel, op: str) -> list[Any]:
    told: list[Any] = []
    stage.site.subscribe(uris.sessions(*stage.where, op), lambda _topic, payload: told.append(payload))
    return told


def test_the_latest_state_is_told_at_most_ten_times_a_second_and_the_end_always(stage: Panel) -> None:
    told = pushed(stage, "count")
    stage.site.device("stage").run("count")
    stage.clock.advance(PUSH_PERIOD_S)

    assert 9 <= len(told) <= 12
    assert told[-1]["status"] == "done"
    assert [payload["seq"] for payload in told] == list(range(1, len(told) + 1))
    assert {payload["epoch"] for payload in told} == {stage.site.agents[0].epoch}


def test_runs_that_follow_each_other_quickly_are_all_told(stage: Panel) -> None:
    told = pushed(stage, "blink")
    running = stage.site.device("stage")
    runs = [running.run("blink").run_id for _ in range(3)]
    stage.clock.advance(1.0)

    assert len(told) == 1
    assert [session["run_id"] for session in [*told[0]["earlier"], told[0]]] == runs


def test_an_event_carries_no_more_ends_than_it_may(stage: Panel) -> None:
    told = pushed(stage, "blink")
    running = stage.site.device("stage")
    runs = [running.run("blink").run_id for _ in range(ENDS_TOLD + 3)]
    stage.clock.advance(1.0)

    assert [session["run_id"] for session in told[0]["earlier"]] == runs[2:-1]


def test_an_end_of_the_agent_tells_what_waits(stage: Panel) -> None:
    told = pushed(stage, "blink")
    stage.site.device("stage").run("blink")
    early = len(told)
    stage.clock.result_of(stage.site.agents.pop().end())
    stage.clock.settle()

    assert early == 0
    assert [payload["status"] for payload in told] == ["done"]
