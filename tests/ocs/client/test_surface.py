"""Devices as a client keeps them, against agents that change under it."""

from __future__ import annotations

import pytest

from ocs.agent import Device, Session, task
from ocs.client.surface import FRESH_S, Realm
from ocs.model.errors import NotFoundError, NotRunningError
from ocs.model.operation import Outcome
from ocs.testing.running import Site


class Oven(Device):
    """An oven."""

    @task
    def heat(self, session: Session) -> str:
        """Heat."""
        return "hot"


class Kiln(Device):
    """A kiln."""

    @task
    def fire(self, session: Session) -> None:
        """Fire for an hour."""
        session.sleep(3600)


class NewOven(Device):
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
