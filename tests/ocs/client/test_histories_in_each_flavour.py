"""The three clients and an archiver on a real router: the same rows, the same gaps, in pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.testing.router_process import RouterProcess
from tests.ocs.client.history_story import ROWS
from tests.system.programs import Place

HERE = Path(__file__).parent
ARCHIVER = "from ocs.agent import run; from ocs.services.archiver import Archiver; run(Archiver)"
EXPECTED: dict[str, Any] = {
    "names": ["x", "word"],
    "unit": "K",
    "rows": ROWS,
    "right": True,
    "word": "é\0",
    "points": True,
    "mean": (ROWS + 1) / 4,
    "chunks": ROWS,
    "gaps": ["process_killed"],
    "pages": True,
}


@pytest.fixture
def place(router: RouterProcess, tmp_path: Path) -> Iterator[Place]:
    made = Place(router.port, tmp_path)
    agent = made.start("-c", ARCHIVER, "--instance-id", "archiver")
    agent.wait_for("joined test_realm as")
    yield made
    made.end()


@pytest.mark.parametrize("flavour", ["blocking", "wampy", "async"])
def test_what_was_archived_is_the_same_in_each_flavour(place: Place, flavour: str) -> None:
    ran = place.run(str(HERE / "history_story.py"), flavour, place.url, deadline_s=90.0)

    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told.pop("refused").startswith("nothing called nobody.x was ever archived")
    assert told == {**EXPECTED, "mean": pytest.approx(EXPECTED["mean"])}
