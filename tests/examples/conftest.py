"""An empty place on the router for each lesson."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.testing.router_process import RouterProcess
from tests.system.programs import Place


@pytest.fixture
def place(router: RouterProcess, tmp_path: Path) -> Iterator[Place]:
    own = Place(router.port, tmp_path / "state")
    yield own
    own.end()
