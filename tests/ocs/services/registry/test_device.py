"""The registry at work: what it makes of agents that start, freeze, die, close and come back."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.model.operation import OpCode
from ocs.realm.connection import RealmConnection
from ocs.services.demo.fake_data import FakeData
from ocs.services.registry import Registry
from ocs.services.registry.presence import EXPIRES_S
from ocs.testing.plugin import AgentOf
from ocs.testing.running import REALM, ROOT, RunningDevice, Site
from ocs.wire import uris

FAKER = "observatory.faker-1"
STARTED = 1_700_000_000
SOON_S = 0.2
SILENT_S = EXPIRES_S + 2.5
"""After so long a silent device is lost for sure: the first look gives everybody time, and may come 1 s late."""


class Puppet:
    """A device whose every word the test says: one session, heartbeats and answers by hand."""

    def __init__(self, site: Site, name: str, **told: Any) -> None:
        self.site = site
        self.name = name
        self.told: dict[str, Any] = {
            "agent_class": "Oven", "agent": f"Oven/{name}", "epoch": STARTED * 10**9, "health": "ok", "state": "ON",
        } | told  # fmt: skip
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.connection: RealmConnection = site.router.connection(realm=REALM, reactor=site.clock.reactor)
        self.connection.register(uris.management(ROOT, name), self.answer)
        self.connection.start()
        site.clock.result_of(self.connection.when_joined())

    def answer(self, _caller: Any, query: str) -> Any:
        self.asked.append(query)
        return self.answers.get(query)

    def beat(self, **told: Any) -> None:
        info = {"agent_address": f"{ROOT}.{self.name}", "session": self.connection.session_id} | self.told | told
        self.connection.publish(uris.feed(ROOT, self.name, "heartbeat"), [{"ramp": OpCode.RUNNING.value}, info])
        self.site.clock.settle()

    def beat_for(self, seconds: int) -> None:
        for _ in range(seconds):
            self.beat()
            self.site.clock.advance(1.0)

    def die(self) -> None:
        """Leave the router as a killed process does: its connection ends without another word."""
        self.site.clock.result_of(self.connection.close())
        self.site.clock.settle()


def listed(registry: RunningDevice, name: str) -> dict[str, Any]:
    """Return what the session's data tell now, without another look."""
    entry: dict[str, Any] = registry.status("main").data[f"{ROOT}.{name}"]
    return entry


def known(registry: RunningDevice) -> dict[str, dict[str, Any]]:
    """Let a heartbeat and a look pass, and return what the registry tells."""
    registry.clock.advance(2.1)
    entries: dict[str, dict[str, Any]] = registry.status("main").data
    return entries


def registry_of(site: Site, **properties: Any) -> RunningDevice:
    site.start(Registry("registry", properties))
    site.clock.advance(SOON_S)
    return site.device("registry")


def registry_and_faker(site: Site, **properties: Any) -> tuple[RunningDevice, RunningDevice]:
    registry = registry_of(site, **properties)
    site.start(FakeData("faker-1"))
    return registry, site.device("faker-1")


# -- what OCS's registry does ------------------------------------------------------------------------


def test_an_agent_is_listed_with_its_class_and_codes(memory_site: Site) -> None:
    registry, _ = registry_and_faker(memory_site)

    entry = known(registry)[FAKER]

    assert (entry["agent_class"], entry["agent_address"]) == ("FakeData", FAKER)
    assert (entry["expired"], entry["time_expired"]) == (False, None)
    assert entry["op_codes"]["delay_task"] == OpCode.NONE.value


def test_a_change_of_an_operation_is_seen_at_the_next_heartbeat(memory_site: Site) -> None:
    registry, faker = registry_and_faker(memory_site)

    faker.start("delay_task", delay=60.0)

    assert known(registry)[FAKER]["op_codes"]["delay_task"] == OpCode.RUNNING.value


def test_an_agent_without_heartbeat_expires_and_keeps_the_moment(memory_site: Site) -> None:
    registry, faker = registry_and_faker(memory_site)
    known(registry)
    faker.run("set_heartbeat", heartbeat=False)

    registry.clock.advance(EXPIRES_S + 2.0)
    first = known(registry)[FAKER]
    second = known(registry)[FAKER]

    assert first["expired"]
    assert set(first["op_codes"].values()) == {OpCode.EXPIRED.value}
    assert first["time_expired"] == second["time_expired"]


def test_an_agent_that_comes_back_is_no_longer_expired(memory_site: Site) -> None:
    registry, faker = registry_and_faker(memory_site)
    faker.run("set_heartbeat", heartbeat=False)
    registry.clock.advance(EXPIRES_S + 2.0)

    faker.run("set_heartbeat", heartbeat=True)
    entry = known(registry)[FAKER]

    assert (entry["expired"], entry["time_expired"]) == (False, None)
    assert OpCode.EXPIRED.value not in entry["op_codes"].values()


def test_states_are_published_when_they_change_and_at_the_wait_time(memory_site: Site) -> None:
    registry, faker = registry_and_faker(memory_site, wait_time=10.0)
    known(registry)
    told = registry.messages("agent_operations")

    faker.run("set_heartbeat", heartbeat=True)
    registry.clock.advance(1.5)
    changed = len(told)
    registry.clock.advance(10.0)

    name = "observatory_faker_1_set_heartbeat"
    values = [message.message[name]["data"][name] for message in told if name in message.message]
    assert changed == 4
    assert values == [[OpCode.SUCCEEDED.value]] * 2


def test_in_test_mode_it_looks_once(agent_of: AgentOf) -> None:
    registry = agent_of(Registry, "registry")
    registry.end("main")

    assert registry.run("main", test_mode=True).success


def test_the_obsolete_task_does_nothing(agent_of: AgentOf) -> None:
    assert agent_of(Registry, "registry").run("register_agent").success


# -- how devices go ----------------------------------------------------------------------------------


def test_a_device_is_gone_as_soon_as_its_session_left(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.beat()

    oven.die()

    entry = listed(registry, "oven")
    assert (entry["presence"], entry["exported"], entry["expired"]) == ("gone", False, True)
    assert entry["op_codes"] == {"ramp": OpCode.EXPIRED.value}
    assert "session" not in entry


def test_the_operations_of_a_gone_device_are_published_as_expired_at_once(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.beat()
    told = registry.messages("agent_operations")

    oven.die()

    assert told[-1].message["observatory_oven_ramp"]["data"] == {"observatory_oven_ramp": [OpCode.EXPIRED.value]}


def test_a_device_that_said_goodbye_is_closed_not_gone(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.beat()

    oven.beat(closing=True)
    closed = listed(registry, "oven")["presence"]
    oven.die()

    assert (closed, listed(registry, "oven")["presence"]) == ("closed", "closed")


def test_a_frozen_device_is_lost_and_then_gone_when_its_session_leaves(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.beat()

    memory_site.clock.advance(SILENT_S)
    frozen = listed(registry, "oven")
    oven.die()

    assert (frozen["presence"], frozen["session"] > 0) == ("lost", True)
    assert listed(registry, "oven")["presence"] == "gone"


def test_a_device_that_died_while_the_registry_had_no_router_is_found_gone(
    memory_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.beat()
    monkeypatch.setattr(registry.object.table, "left", lambda _session, _now: [])  # nobody tells it
    oven.die()
    monkeypatch.undo()

    memory_site.clock.advance(SILENT_S)

    assert listed(registry, "oven")["presence"] == "gone"


def test_nobody_is_lost_while_the_router_is_away(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.beat()

    memory_site.router.stop()
    memory_site.clock.advance(60.0)
    memory_site.router.start()
    memory_site.clock.advance(2.0)
    oven.beat_for(7)

    assert listed(registry, "oven")["presence"] == "here"
    assert listed(registry, "oven")["since"] < registry.clock.wall() - 60.0
    oven.die()


def test_a_plain_agent_of_ocs_is_gone_at_once_too(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    plain = Puppet(memory_site, "plain")
    plain.told = {"agent_class": "FakeDataAgent", "session_id": f"{STARTED}.5", "session": None}
    plain.answers["get_api"] = {"agent_class": "FakeDataAgent", "instance_hostname": "lab1", "instance_pid": 812}
    plain.beat()
    memory_site.clock.advance(1.0)
    here = listed(registry, "plain")

    plain.die()

    assert (here["host"], here["pid"], here["started"]) == ("lab1", 812, STARTED + 0.5)
    assert listed(registry, "plain")["presence"] == "gone"


# -- who they are ------------------------------------------------------------------------------------


def test_a_device_is_asked_once_who_it_is(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.answers["describe"] = {"identity": {"class": "Oven", "version": "2.1", "host": "lab1", "pid": 812}}

    oven.beat_for(20)

    wanted = {"class": "Oven", "version": "2.1", "host": "lab1", "pid": 812, "agent": "Oven/oven", "started": STARTED}
    entry = listed(registry, "oven")
    assert oven.asked == ["describe"]
    assert {key: entry[key] for key in wanted} == wanted
    oven.die()


def test_a_device_that_was_started_anew_is_asked_again(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.answers["describe"] = {"identity": {"class": "Oven", "version": "2.1"}}
    oven.beat_for(2)
    oven.answers["describe"] = {"identity": {"class": "Oven", "version": "2.2"}}

    oven.told["epoch"] += 5 * 10**9
    oven.beat_for(2)

    assert oven.asked == ["describe", "describe"]
    assert listed(registry, "oven")["version"] == "2.2"
    oven.die()


def test_a_device_that_does_not_say_who_it_is_is_listed_all_the_same(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    oven.answers["describe"] = oven.answers["get_api"] = "nonsense"

    oven.beat_for(3)

    assert listed(registry, "oven")["presence"] == "here"
    assert "class" not in listed(registry, "oven")
    oven.die()


def test_two_names_that_differ_in_case_are_both_listed_and_named(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    small, large = Puppet(memory_site, "oven"), Puppet(memory_site, "Oven")

    small.beat()
    large.beat()
    memory_site.clock.advance(1.0)

    assert (listed(registry, "oven")["conflict"], listed(registry, "Oven")["conflict"]) == ("Oven", "oven")
    small.die()
    large.die()


def test_whatever_comes_as_a_heartbeat_or_as_the_end_of_a_session_does_no_harm(memory_site: Site) -> None:
    registry = registry_of(memory_site)
    oven = Puppet(memory_site, "oven")
    topic = uris.feed(ROOT, "oven", "heartbeat")
    for payload in (None, 7, [1, 2], [{"ramp": "x"}, {"session": "x", "epoch": -1}], [None, None]):
        oven.connection.publish(topic, payload)
    for args in ([], ["x"], [None]):
        registry.object.session_left("wamp.session.on_leave", args)

    oven.beat_for(2)

    assert listed(registry, "oven")["presence"] == "here"
    oven.die()


# -- how the site is ---------------------------------------------------------------------------------


def site_health(site: Site) -> dict[str, Any]:
    asked = site.client.call(uris.command(ROOT, "registry"), "site_health")
    health: dict[str, Any] = site.clock.result_of(asked)
    return health


def test_the_site_is_as_its_worst_device_which_says_why(memory_site: Site) -> None:
    registry_of(memory_site)
    well, hot = Puppet(memory_site, "well"), Puppet(memory_site, "hot", health="bad")
    cause = {"level": "bad", "source": "link", "since": 5.0, "sentence": "no link; check the cable"}
    hot.answers["health"] = {"level": "bad", "since": 5.0, "causes": [cause], "sentence": ""}
    well.beat()
    hot.beat()

    health = site_health(memory_site)

    assert (health["level"], health["causes"]) == ("bad", [{**cause, "source": "hot: link"}])
    assert "health" not in well.asked
    well.die()
    hot.die()


def test_an_unwell_device_that_does_not_answer_does_not_hide_the_others(memory_site: Site) -> None:
    registry_of(memory_site)
    hot, dead = Puppet(memory_site, "hot", health="bad"), Puppet(memory_site, "dead")
    hot.answers["health"] = {"level": "no such level"}
    hot.beat()
    dead.beat()
    dead.die()

    health = site_health(memory_site)

    assert health["level"] == "lost"
    assert health["agents"]["Oven/hot"]["level"] == "bad"
    hot.die()
