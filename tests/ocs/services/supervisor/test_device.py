"""What a supervisor makes of heartbeats; what it does with processes is in the tests of `ocs up`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocs.services.supervisor.child import Child
from ocs.services.supervisor.device import Supervisor
from ocs.services.supervisor.plan import ChildPlan
from ocs.services.supervisor.states import ChildState
from ocs.testing.clock import BORN

NS = 1_000_000_000
TOPIC = "observatory.thermo-1.feeds.heartbeat"


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervisor(lines: list[str]) -> Supervisor:
    """A supervisor with one agent, whose process was just started."""
    made = Supervisor("hosts-lab", tell=lines.append)
    plan = ChildPlan("thermo-1", "Thermometer", ("thermometer",), Path("thermo-1.log"), ("thermo-1",))
    child = Child(plan, {}, lambda: BORN, lambda: None, lambda *_: None)
    child.started_at = BORN
    child.record.begin(1234, BORN)
    made.children = {"thermo-1": child}
    return made


def state(supervisor: Supervisor) -> ChildState:
    return supervisor.children["thermo-1"].record.state


@pytest.mark.parametrize("epoch", [round(BORN * NS) + 5, None, 0, "yesterday", [], pytest.param(10**400, id="huge")])
def test_an_agent_is_here_when_it_is_heard_whatever_it_tells_of_its_start(
    supervisor: Supervisor, lines: list[str], epoch: Any
) -> None:
    supervisor.heard(TOPIC, None, {} if epoch is None else {"epoch": epoch})

    assert state(supervisor) is ChildState.RUNNING
    assert lines == ["thermo-1 is here"]


def test_the_last_word_of_an_earlier_process_does_not_count(supervisor: Supervisor) -> None:
    supervisor.heard(TOPIC, None, {"epoch": round(BORN * NS) - 5 * NS})

    assert state(supervisor) is ChildState.STARTING


def test_a_device_of_somebody_else_is_no_matter(supervisor: Supervisor) -> None:
    supervisor.heard("observatory.stage-1.feeds.heartbeat", None, {"epoch": "yesterday"})

    assert state(supervisor) is ChildState.STARTING
