"""State, Status and Init: on every device, the admin device included, as channels and as commands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ocs.agent import Device
from ocs.agent.author.every_device import channels_of_every_device, commands_of_every_device
from ocs.model.channel import Access
from ocs.model.tango_state import TangoState
from ocs.testing.running import Site
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Bare(Device):
    """A device of which its author said nothing."""


@pytest.fixture
def both(memory_site: Site) -> list[Panel]:
    agent = memory_site.start(Bare("bare"))
    return [Panel(memory_site, member.device) for member in agent.members]


def test_every_device_has_state_and_status_as_channels_and_as_commands(both: list[Panel]) -> None:
    for panel in both:
        readings = panel.read(["State", "Status"])

        assert (readings["State"]["value"], readings["State"]["number"]) == ("ON", 0)
        assert readings["Status"]["value"] == "The device is in ON state."
        assert (panel.command("State"), panel.command("Status")) == ("ON", "The device is in ON state.")


def test_every_device_can_be_initialised(both: list[Panel]) -> None:
    for panel in both:
        assert panel.command("Init") == "The device is in ON state."


def test_a_device_without_chart_has_the_plain_one(both: list[Panel]) -> None:
    report = both[0].state()

    assert (report["state"], report["allowed"]) == ("ON", [])
    assert set(both[0].query("describe")["chart"]["states"]) == {"ON", "FAULT", "ALARM", "UNKNOWN", "INIT"}


def test_state_and_status_cannot_be_written(both: list[Panel]) -> None:
    for panel in both:
        written = panel.write({"State": "OFF", "Status": "fine"})

        assert {told["error"]["code"] for told in written.values()} == {"not_allowed"}


def test_all_fourteen_states_have_tangos_numbers(both: list[Panel]) -> None:
    assert [state.value for state in TangoState] == list(range(14))


def test_the_declarations_are_read_only_and_ask_no_hardware_unless_wanted() -> None:
    plain, asking = channels_of_every_device(asks_hardware=False), channels_of_every_device(asks_hardware=True)

    assert [(each.name, each.access, each.inline) for each in plain] == [
        ("State", Access.READ, True), ("Status", Access.READ, True),
    ]  # fmt: skip
    assert [each.inline for each in asking] == [False, True]


def test_the_commands_are_made_once() -> None:
    assert commands_of_every_device() is commands_of_every_device()
    assert set(commands_of_every_device()) == {"State", "Status", "Init"}
