"""The site's health: as the registry rolls it up; without such a registry, from each device that is here."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ocs.cli.realm import devices_here
from ocs.model.errors import NotFoundError, OcsError
from ocs.model.health import Cause, Health, HealthLevel, rolled_up

if TYPE_CHECKING:
    from ocs.client import Observatory

COMMAND = "site_health"


def site_health(observatory: Observatory) -> dict[str, Any]:
    """Return the health of the site: level and causes, below `agents` those of each agent and device, `closed`."""
    try:
        registry = observatory[observatory.realm.registry]
    except NotFoundError:
        registry = None
    if registry is not None and COMMAND in registry.commands:
        told: dict[str, Any] = registry.commands[COMMAND]()
        return told
    return _asked(observatory)


def _asked(observatory: Observatory) -> dict[str, Any]:
    agents: dict[str, dict[str, Health]] = defaultdict(dict)
    for name, entry in sorted(devices_here(observatory).items()):
        agent = entry.get("agent") or f"{entry.get('agent_class', '')}/{name}"
        agents[agent][name] = _health_of(observatory, name, entry)
    return rolled_up_site(agents, time.time())


def _health_of(observatory: Observatory, name: str, entry: Mapping[str, Any]) -> Health:
    now = time.time()
    since = float(entry.get("time_expired") or now)
    if entry.get("expired"):
        return _lost(since, "it sends no heartbeat; look at its process, and start its agent again")
    try:
        device = observatory[name]
        return device.health if device.interface.identity.wire else Health(HealthLevel.OK, (), now)
    except OcsError as error:
        return _lost(now, f"it does not answer: {error.message}")


def _lost(since: float, sentence: str) -> Health:
    return Health(HealthLevel.LOST, (Cause(HealthLevel.LOST, "heartbeat", since, sentence),), since)


def rolled_up_site(agents: Mapping[str, Mapping[str, Health]], now: float) -> dict[str, Any]:
    """Return the same map as the registry's command.

    Args:
        agents: Health of each device, by agent and name.
        now: POSIX s, UTC.
    """
    from ocs.wire.health import encode_health

    everybody = {name: health for devices in agents.values() for name, health in devices.items()}
    told = {
        agent: {
            **encode_health(rolled_up(devices, now)),
            "devices": {name: encode_health(health) for name, health in devices.items()},
        }
        for agent, devices in agents.items()
    }
    return {**encode_health(rolled_up(everybody, now)), "agents": told, "closed": []}
