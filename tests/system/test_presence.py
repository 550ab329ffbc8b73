"""Who is here: agents that are killed, frozen and closed, told apart by a registry in a process of its own."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ocs.client import Observatory, connect
from ocs.services.registry.presence import EXPIRES_S
from tests.system.programs import Place, Program, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

REGISTRY = "from ocs.agent import run; from ocs.services.registry import Registry; run(Registry)"


@pytest.fixture
def site(place: Place) -> Iterator[Observatory]:
    """A client of a place with a registry."""
    registry = place.start("-c", REGISTRY, "--instance-id", "registry")
    registry.wait_for(f"joined {place.realm} as")
    with connect(place.url, realm=place.realm, root=place.root) as observatory:
        yield observatory


def entry_when(site: Observatory, presence: str, deadline_s: float = 30.0) -> dict[str, Any]:
    """Return what the registry tells of the agent as soon as it is `presence`."""

    def told() -> dict[str, Any] | None:
        entry: dict[str, Any] = site.devices().get("subject-1", {})
        return entry if entry.get("presence") == presence else None

    entry: dict[str, Any] = until(told, f"subject-1 is {presence}", deadline_s)
    return entry


def subject(place: Place, site: Observatory) -> Program:
    program = place.agent("odd", "subject-1")
    assert until(lambda: entry_when(site, "here").get("pid"), "its process is known") == program.pid
    return program


def test_a_killed_agent_is_gone_at_once(place: Place, site: Observatory) -> None:
    program = subject(place, site)

    killed = time.time()
    program.kill()
    entry = entry_when(site, "gone")

    assert entry["since"] - killed < 1.0
    assert f"process {program.pid} on " in entry["sentence"]


def test_a_frozen_agent_is_lost_and_here_again_when_it_goes_on(place: Place, site: Observatory) -> None:
    program = subject(place, site)

    frozen = time.time()
    program.signal(signal.SIGSTOP)
    entry = entry_when(site, "lost")
    program.signal(signal.SIGCONT)

    assert EXPIRES_S - 1.5 < entry["since"] - frozen < EXPIRES_S + 3.0
    assert "still connected" in entry["sentence"]
    assert entry_when(site, "here")["exported"]


def test_an_agent_that_ends_in_good_order_is_closed(place: Place, site: Observatory) -> None:
    program = subject(place, site)

    assert program.end() == 0

    assert not entry_when(site, "closed")["exported"]


def test_an_agent_that_is_started_again_is_here_with_its_new_process(place: Place, site: Observatory) -> None:
    first = subject(place, site)
    first.kill()
    gone = entry_when(site, "gone")

    second = place.agent("odd", "subject-1")
    until(lambda: entry_when(site, "here").get("pid") == second.pid, "its new process is known")

    assert entry_when(site, "here")["started"] > gone["started"]
