"""How the site is: devices rolled up to agents, agents to the site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ocs.model.health import Cause, Health, HealthLevel, rolled_up
from ocs.services.registry.presence import Entry, Presence
from ocs.wire.health import encode_health

_WORDS = {level.value: level for level in HealthLevel}


def is_unwell(entry: Entry) -> bool:
    """Whether a device that is here says in its heartbeats that it is not well, so that it can be asked why."""
    return entry.presence is Presence.HERE and _level(entry) is not HealthLevel.OK


def of_device(entry: Entry, told: Health | None) -> Health:
    """Return the health of a device that should be here.

    Args:
        entry: What the registry knows of it.
        told: What it said when it was asked; None when it did not.
    """
    if entry.expired:
        cause = Cause(HealthLevel.LOST, "heartbeat", entry.since, entry.sentence)
        return Health(HealthLevel.LOST, (cause,), entry.since)
    level = _level(entry)
    if level is HealthLevel.OK:
        return Health(level, (), entry.since)
    if told is not None:
        return told
    sentence = f"its heartbeat says {level.value}, and it does not tell why; see `ocs health {entry.name}`"
    return Health(level, (Cause(level, "heartbeat", entry.last_updated, sentence),), entry.last_updated)


def of_site(entries: Iterable[Entry], told: Mapping[str, Health], now: float) -> dict[str, Any]:
    """Return the health of the site as a map: its level and causes, and below `agents` those of each agent and device.

    Devices that were closed in good order do not count; they are listed under `closed`.

    Args:
        entries: All devices.
        told: What the devices that are not well said when they were asked, by address.
        now: POSIX s, UTC.
    """
    devices: dict[str, dict[str, Health]] = defaultdict(dict)
    closed = []
    for entry in entries:
        if entry.presence is Presence.CLOSED:
            closed.append(entry.name)
        else:
            devices[entry.agent][entry.name] = of_device(entry, told.get(entry.address))
    agents = {agent: rolled_up(healths, now) for agent, healths in sorted(devices.items())}
    # A device's name says more than its agent's: the site has the causes of the devices, once.
    everybody = {name: health for healths in devices.values() for name, health in healths.items()}
    return {
        **encode_health(rolled_up(everybody, now)),
        "agents": {
            agent: {
                **encode_health(health),
                "devices": {name: encode_health(each) for name, each in sorted(devices[agent].items())},
            }
            for agent, health in agents.items()
        },
        "closed": sorted(closed),
    }


def _level(entry: Entry) -> HealthLevel:
    return _WORDS.get(entry.beat.health, HealthLevel.OK)
