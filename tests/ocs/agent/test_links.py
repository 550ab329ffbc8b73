from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocs.agent import Device, Lines, LinkTo, Property
from ocs.agent.links import close_link, open_link
from ocs.link import LinkState
from ocs.model.errors import ConfigurationError
from ocs.testing.plugin import AgentOf


class Bridge(Device):
    """A bridge without simulator."""

    port: Property[str] = Property("sim", doc="its port")
    link = LinkTo(Lines)


def test_a_simulator_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no simulator; give its port"):
        open_link(Bridge("bridge"), Bridge.declared_links[0], tmp_path)


def test_before_setup_there_is_no_link() -> None:
    with pytest.raises(ConfigurationError, match="has no open link"):
        _ = Bridge("bridge").link


def test_a_port_that_is_not_there_is_looked_for(agent_of: AgentOf, tmp_path: Path) -> None:
    bridge = agent_of(Bridge, port=str(tmp_path / "ttyUSB0"))

    link: Any = bridge.object.link

    assert link.status.state is LinkState.LOST
    assert "ttyUSB0" in link.name


def test_a_device_without_link_has_nothing_to_close() -> None:
    close_link(Bridge("bridge"))
