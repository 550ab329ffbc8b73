from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocs.agent import Device, Lines, LinkTo, Property
from ocs.agent.serving.links import close_link, open_link, simulator_name
from ocs.link import LinkState
from ocs.link.simulator import ask_control
from ocs.model.errors import ConfigurationError, LinkLostError
from ocs.testing.plugin import AgentOf
from ocs.testing.running import Site
from tests.ocs.link.fakes import DEADLINE_S, SIMULATOR


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


class Input(Device):
    """One input of a simulated thermometer that has several."""

    port: Property[str] = Property("sim", doc="its port")
    bench: Property[str] = Property("bench", doc="the simulator that it shares")
    kelvin: Property[float] = Property(293.0, doc="what it measures", unit="K")
    link = LinkTo(lambda: Lines(b"\r\n"), simulator=SIMULATOR, shared="bench")

    def simulator_options(self) -> list[str]:
        return ["--tcp", "0", "--no-timing", "--kelvin", str(self.kelvin)]


def folder(site: Site) -> Path:
    return site.folder / "simulators"


@pytest.mark.system
def test_devices_that_name_the_same_simulator_share_it(memory_site: Site) -> None:
    one, two = Input("one"), Input("two")
    memory_site.start(one, two)

    ask_control(folder(memory_site), "bench", {"set": {"kelvin": 4.2}}, DEADLINE_S)

    assert one.link.ask("T?") == two.link.ask("T?") == "4.2"
    assert one.simulator is two.simulator
    assert [path.stem for path in folder(memory_site).glob("*.json")] == ["bench"]


@pytest.mark.system
def test_another_name_is_another_simulator(memory_site: Site) -> None:
    one, two, alone = Input("one"), Input("two", {"bench": "other", "kelvin": 4.0}), Input("alone", {"bench": ""})
    memory_site.start(one, two, alone)

    assert [device.link.ask("T?") for device in (one, two, alone)] == ["293.0", "4.0", "293.0"]
    assert sorted(path.stem for path in folder(memory_site).glob("*.json")) == ["alone", "bench", "other"]


@pytest.mark.system
def test_the_last_of_those_who_share_a_simulator_ends_it(memory_site: Site) -> None:
    one, two = Input("one"), Input("two")
    memory_site.start(one, two)

    close_link(one)
    assert two.link.ask("T?") == "293.0"
    close_link(two)

    with pytest.raises(LinkLostError, match="no simulator 'bench' runs"):
        ask_control(folder(memory_site), "bench", {"get": "*"}, DEADLINE_S)


@pytest.mark.system
def test_those_who_share_a_simulator_agree_on_its_options(memory_site: Site) -> None:
    one, two = Input("one"), Input("two", {"kelvin": 4.0})
    memory_site.start(one)

    with pytest.raises(ConfigurationError, match=r"two wants the simulator 'bench' .* but one shares it"):
        open_link(two, Input.declared_links[0], folder(memory_site))


@pytest.mark.parametrize(("given", "name"), [("bench", "bench"), ("", "one")])
def test_a_simulator_is_named_by_the_property_or_after_the_device(given: str, name: str) -> None:
    assert simulator_name(Input("one", {"bench": given}), Input.declared_links[0]) == name
    assert simulator_name(Bridge("bridge"), Bridge.declared_links[0]) == "bridge"
