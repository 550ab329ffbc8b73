from __future__ import annotations

from typing import Any

from ocs.model.operation import OpCode
from ocs.services.demo.fake_data import FakeData
from ocs.services.registry import EXPIRES_S, Registry, codes_in
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice, Site

FAKER = "observatory.faker-1"


def known(registry: RunningDevice) -> dict[str, dict[str, Any]]:
    """Let a heartbeat and a look pass, and return what the registry tells."""
    registry.clock.advance(2.1)
    entries: dict[str, dict[str, Any]] = registry.status("main").data
    return entries


def registry_and_faker(site: Site, **properties: Any) -> tuple[RunningDevice, RunningDevice]:
    site.start(Registry("registry", properties))
    site.start(FakeData("faker-1"))
    return site.device("registry"), site.device("faker-1")


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


def test_a_heartbeat_that_is_no_map_tells_no_codes() -> None:
    assert codes_in(0) == {}


def test_codes_that_are_no_numbers_are_left_out() -> None:
    assert codes_in({"acq": 3, "bad": "x"}) == {"acq": 3}
