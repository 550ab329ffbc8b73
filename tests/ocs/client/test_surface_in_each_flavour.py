"""The three clients on a real router: the same names, the same answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.testing.router_process import RouterProcess
from tests.system.programs import Place

HERE = Path(__file__).parent

EXPECTED: dict[str, Any] = {
    "value": 300.0,
    "unit": "K",
    "profile": [1.0, 2.0, 3.0],
    "readback": 310.0,
    "refused": "oven.setpoint: setpoint is 500 K; it must be at most 400 K (allowed: 0 to 400 K); "
    "the nearest allowed value is 400 K",
    "sourceless": "oven.pressure sends no change events: pressure is not polled; set poll_period_s, "
    "or have its device push",
    "followed": [310.0, 320.0],
    "heard": [[310.0, "subscribed"], [320.0, "value"]],
    "waited": 320.0,
    "settled": True,
    "late": "oven.temperature did not become what was waited for within 0.2 s; it is 320 K (VALID)",
    "state": "ON",
    "tango": "ON",
    "calibrated": ["OFF", 8.0],
    "health": "ok",
    "feed": ["thermal"],
}


@pytest.fixture
def place(router: RouterProcess, tmp_path: Path) -> Iterator[Place]:
    made = Place(router.port, tmp_path)
    agent = made.start(str(HERE / "oven.py"), "--instance-id", "oven")
    agent.wait_for("joined test_realm as")
    yield made
    made.end()


@pytest.mark.parametrize("flavour", ["blocking", "wampy", "async"])
def test_a_story_is_the_same_in_each_flavour(place: Place, flavour: str) -> None:
    ran = place.run(str(HERE / "story.py"), flavour, place.url, deadline_s=60.0)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == EXPECTED
