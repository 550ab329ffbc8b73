"""The oven at work in memory, as a blocking program sees it."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.testing.running import Site
from tests.ocs.client.oven import Oven


@pytest.fixture
def hardware(memory_site: Site) -> Oven:
    """The author's object, whose attributes are the hardware."""
    device = Oven("oven")
    memory_site.start(device)
    return device


@pytest.fixture
def oven(hardware: Oven, memory_site: Site) -> Any:
    """The device as a client has it."""
    return memory_site.realm.device("oven")
