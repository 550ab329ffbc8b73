from __future__ import annotations

from ocs.model.health import Cause, Health, HealthLevel
from ocs.services.registry.heartbeat import Heartbeat
from ocs.services.registry.presence import Entry, Presence
from ocs.services.registry.site_health import is_unwell, of_device, of_site

NOW = 1000.0


def entry_of(name: str, health: str = "ok", presence: Presence = Presence.HERE, agent: str = "Cryostat/cryo") -> Entry:
    beat = Heartbeat(f"observatory.{name}", "Cryostat", {}, 50.0, 7, agent, health, "ON")
    entry = Entry(beat, 900.0, 1.0, since=100.0)
    entry.become(presence, 950.0)
    return entry


def hot(level: HealthLevel = HealthLevel.BAD) -> Health:
    return Health(level, (Cause(level, "channel temperature", 500.0, "is 390 K; close the valve"),), 500.0)


def test_a_site_of_well_devices_is_well() -> None:
    site = of_site([entry_of("heater"), entry_of("thermo")], {}, NOW)

    assert (site["level"], site["causes"]) == ("ok", [])
    assert site["agents"]["Cryostat/cryo"]["devices"]["heater"]["level"] == "ok"


def test_the_worst_device_is_the_health_of_its_agent_and_of_the_site() -> None:
    entries = [entry_of("heater"), entry_of("thermo", "bad"), entry_of("oven", agent="Oven/oven")]

    site = of_site(entries, {"observatory.thermo": hot()}, NOW)

    levels = {agent: health["level"] for agent, health in site["agents"].items()}
    assert (site["level"], site["since"], levels) == ("bad", 500.0, {"Cryostat/cryo": "bad", "Oven/oven": "ok"})


def test_a_cause_names_its_device_and_says_what_to_do() -> None:
    site = of_site([entry_of("thermo", "bad")], {"observatory.thermo": hot()}, NOW)

    (cause,) = site["causes"]
    assert (cause["source"], cause["sentence"]) == ("thermo: channel temperature", "is 390 K; close the valve")


def test_who_is_gone_or_lost_counts_as_lost_and_says_what_to_do() -> None:
    entries = [entry_of("heater", presence=Presence.GONE), entry_of("thermo", presence=Presence.LOST)]

    site = of_site(entries, {}, NOW)

    assert (site["level"], site["since"]) == ("lost", 950.0)
    assert [cause["source"] for cause in site["causes"]] == ["heater: heartbeat", "thermo: heartbeat"]
    assert all("start agent Cryostat/cryo" in cause["sentence"] for cause in site["causes"])


def test_who_was_closed_in_good_order_does_not_count() -> None:
    site = of_site([entry_of("heater"), entry_of("thermo", "bad", Presence.CLOSED)], {}, NOW)

    assert (site["level"], site["closed"]) == ("ok", ["thermo"])


def test_one_that_is_unwell_and_does_not_say_why_keeps_its_level() -> None:
    health = of_device(entry_of("thermo", "degraded"), None)

    assert health.level is HealthLevel.DEGRADED
    assert "`ocs health thermo`" in health.causes[0].sentence


def test_what_a_device_says_when_asked_is_newer_than_its_heartbeat() -> None:
    assert of_device(entry_of("thermo", "bad"), hot(HealthLevel.DEGRADED)).level is HealthLevel.DEGRADED


def test_only_who_is_here_and_says_that_it_is_not_well_can_tell_why() -> None:
    entries = [
        entry_of("a", "bad"), entry_of("b"), entry_of("c", ""), entry_of("d", "unheard-of"),
        entry_of("e", "bad", Presence.GONE),
    ]  # fmt: skip

    assert [entry.name for entry in entries if is_unwell(entry)] == ["a"]


def test_a_site_without_devices_is_well() -> None:
    assert of_site([], {}, NOW)["level"] == "ok"
