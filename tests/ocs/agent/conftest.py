from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ocs.agent import Device
from ocs.testing.running import Site
from tests.ocs.agent.panel import Hang, Panel

PanelOf = Callable[..., Panel]


@pytest.fixture
def panel_of(memory_site: Site) -> PanelOf:
    """Give what starts an agent with one device and returns the wire to it."""

    def start(device_class: type[Device], name: str = "device-1", **properties: object) -> Panel:
        device = device_class(name, properties)
        memory_site.start(device)
        return Panel(memory_site, device)

    return start


@pytest.fixture
def hang(memory_site: Site) -> Iterator[Hang]:
    """Give where handlers wait; they are let go before the site ends."""
    hanging = Hang()
    yield hanging
    hanging.release()
