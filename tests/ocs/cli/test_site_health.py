"""The site's health where no registry rolls it up."""

from __future__ import annotations

from typing import Any

from ocs.cli.site_health import rolled_up_site, site_health
from ocs.model.errors import AgentLostError, NotFoundError
from ocs.model.health import Cause, Health, HealthLevel

OK = Health(HealthLevel.OK, (), 10.0)
BAD = Health(HealthLevel.BAD, (Cause(HealthLevel.BAD, "link", 5.0, "no link"),), 5.0)


class Part:
    """Anything with attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Observatory:
    """A realm with a registry of OCS, a device that is bad, an agent of OCS, and one that does not answer."""

    realm = Part(registry="registry")

    def __getitem__(self, name: str) -> Any:
        if name == "mute-1":
            raise AgentLostError("the agent ended")
        wire = "1.0" if name == "psu-1" else ""
        interface = Part(identity=Part(wire=wire))
        return Part(name=name, commands={}, interface=interface, health=BAD)

    def devices(self) -> dict[str, dict[str, Any]]:
        entries: dict[str, dict[str, Any]] = {
            "psu-1": {"agent": "Psu/psu-1"}, "old-1": {"agent_class": "Old"}, "mute-1": {}, "registry": {},
            "gone-1": {"expired": True, "time_expired": 7.0},
        }  # fmt: skip
        return entries


class Empty(Observatory):
    """A realm whose registry is of ours."""

    def __getitem__(self, name: str) -> Any:
        return Part(commands={"site_health": lambda: {"level": "ok", "since": 1.0, "causes": [], "agents": {}}})


def test_the_registry_is_asked_where_it_knows() -> None:
    assert site_health(Empty())["since"] == 1.0  # type: ignore[arg-type]


def test_without_such_a_registry_each_device_is_asked() -> None:
    told = site_health(Observatory())  # type: ignore[arg-type]

    levels = {name: device["level"] for agent in told["agents"].values() for name, device in agent["devices"].items()}
    assert levels == {"psu-1": "bad", "old-1": "ok", "mute-1": "lost", "registry": "ok", "gone-1": "lost"}
    assert told["level"] == "lost"
    assert told["agents"]["Psu/psu-1"]["devices"]["psu-1"]["causes"][0]["sentence"] == "no link"
    assert told["agents"]["/gone-1"]["since"] == 7.0


def test_without_any_registry_those_who_are_heard_are_asked() -> None:
    class Unregistered(Observatory):
        def __getitem__(self, name: str) -> Any:
            if name == "registry":
                raise NotFoundError("there is no device registry")
            return super().__getitem__(name)

    assert site_health(Unregistered())["level"] == "lost"  # type: ignore[arg-type]


def test_an_agent_is_as_bad_as_its_worst_device_and_the_site_as_its_worst_agent() -> None:
    told = rolled_up_site({"A/a": {"one": OK, "two": BAD}, "B/b": {"three": OK}}, 20.0)

    assert (told["level"], told["agents"]["A/a"]["level"], told["agents"]["B/b"]["level"]) == ("bad", "bad", "ok")
    assert told["causes"][0]["source"] == "two: link"
