"""Devices as a client keeps them, against agents that change under it."""

from __future__ import annotations

from typing import Any

import pytest

from ocs import agent
from ocs.agent import Channel, Session, task
from ocs.client.surface import FRESH_S, Device, Realm
from ocs.model.errors import NotAllowedError, NotFoundError, NotRunningError
from ocs.model.interface import DeviceInterface, Identity
from ocs.model.operation import Outcome
from ocs.testing.running import ROOT, Site


class Oven(agent.Device):
    """An oven."""

    @task
    def heat(self, session: Session) -> str:
        """Heat."""
        return "hot"


class Kiln(agent.Device):
    """A kiln."""

    @task
    def fire(self, session: Session) -> None:
        """Fire for an hour."""
        session.sleep(3600)


class NewOven(agent.Device):
    """The oven of the next version."""

    @task
    def ramp(self, session: Session) -> str:
        """Ramp."""
        return "ramped"


@pytest.fixture
def realm(memory_site: Site) -> Realm:
    memory_site.start(Oven("oven"))
    return memory_site.realm


def replace(site: Site) -> None:
    site.clock.result_of(site.agents.pop().end())
    site.clock.advance(0.1)
    site.start(NewOven("oven"))


def test_a_device_is_the_same_object_while_it_stays_the_same(realm: Realm, memory_site: Site) -> None:
    first = realm.device("oven")
    memory_site.clock.advance(FRESH_S + 1.0)

    assert realm.device("oven") is first


def test_a_device_of_a_new_agent_is_described_anew_after_its_refusal(realm: Realm, memory_site: Site) -> None:
    old = realm.device("oven")
    replace(memory_site)

    with pytest.raises(NotFoundError):
        old.heat()

    assert realm.device("oven").ramp().result == "ramped"


def test_a_device_is_described_anew_when_it_lacks_what_is_asked_for(realm: Realm, memory_site: Site) -> None:
    realm.device("oven")
    replace(memory_site)

    with pytest.raises(AttributeError):
        _ = realm.device("oven").ramp

    assert realm.device("oven").ramp().result == "ramped"


def test_a_description_is_renewed_after_a_while(realm: Realm, memory_site: Site) -> None:
    realm.device("oven")
    replace(memory_site)
    memory_site.clock.advance(FRESH_S)

    assert realm.device("oven").ramp().result == "ramped"


def test_a_device_of_which_a_later_process_answers_is_described_anew(realm: Realm, memory_site: Site) -> None:
    old = realm.device("oven")
    memory_site.clock.result_of(memory_site.agents.pop().end())
    memory_site.clock.advance(0.1)
    memory_site.start(Oven("oven"))
    old.heat()

    assert realm.device("oven").interface.identity.epoch > old.interface.identity.epoch


def test_a_run_that_has_ended_does_not_end_the_next_one(memory_site: Site) -> None:
    memory_site.start(Kiln("kiln"))
    kiln = memory_site.realm.device("kiln")
    mine = kiln.fire.start()
    mine.abort()
    memory_site.clock.settle()
    theirs = kiln.fire.start()

    with pytest.raises(NotRunningError, match="that run of fire has ended; the run since then is another one"):
        mine.abort()

    assert theirs.status().outcome is None
    theirs.abort()
    memory_site.clock.settle()
    assert theirs.status().outcome is Outcome.ABORTED


def test_operations_channels_and_commands_are_attributes(oven: Any) -> None:
    assert {"bake", "temperature", "calibrate", "Init", "state", "health", "read", "write"} <= set(dir(oven))
    assert repr(oven).startswith("<Oven observatory.oven: bake, heat, State, Status, temperature")
    assert repr(oven.temperature) == "<channel oven.temperature: float64 [K], read with its set point>"
    assert "At the door." in oven.temperature.__doc__


def test_a_name_that_a_channel_and_a_command_have_means_the_channel(oven: Any) -> None:
    assert oven.State.get() == oven.commands["State"]() == "OFF"


def test_a_name_that_a_device_does_not_have_is_told_with_those_that_it_has(oven: Any) -> None:
    with pytest.raises(AttributeError, match=r"^oven has no operation, channel or command fly; it has bake, .*Init"):
        _ = oven.fly


def test_a_channel_that_was_added_is_found_by_the_next_look(oven: Any, hardware: Any, memory_site: Site) -> None:
    realm = memory_site.realm
    realm.device("oven")
    hardware.add_channel("door", Channel(bool, initial=True))
    with pytest.raises(AttributeError):
        _ = realm.device("oven").door

    assert realm.device("oven").door.get() is True


def test_a_channel_that_was_removed_makes_the_device_be_looked_at_anew(
    oven: Any, hardware: Any, memory_site: Site
) -> None:
    realm = memory_site.realm
    known = realm.device("oven")
    hardware.remove_channel("pressure")
    with pytest.raises(NotFoundError, match=r"^oven\.pressure: "):
        known.pressure.read()

    assert "pressure" not in realm.device("oven").channels


def test_a_device_describes_itself_anew_when_asked(oven: Any) -> None:
    assert oven.describe() == oven.interface


def test_the_configuration_of_all_channels_is_told(oven: Any) -> None:
    assert oven.config().keys() == oven.channels.keys()


def test_an_agent_of_ocs_has_no_channels_and_says_so(memory_site: Site) -> None:
    identity = Identity("faker", ROOT, "", "Fake", "", "", "", "", 0, 0, wire="")
    faker = Device(memory_site.script, ROOT, DeviceInterface(identity, {}, {}))

    assert (faker.channels, faker.commands, faker.state.triggers) == ({}, {}, {})
    for ask in (
        lambda: faker.health,
        faker.state.read,
        lambda: str(faker.state),
        faker.read,
        lambda: faker.write({"x": 1}),
    ):
        with pytest.raises(NotAllowedError, match="faker is an agent of OCS; it has operations and feeds, no channels"):
            ask()
