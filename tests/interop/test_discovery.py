"""Registries and scans of either implementation see the agents of both."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from ocs.client import Observatory
from ocs.model.address import is_admin
from tests.interop.house import OURS, THEIRS, UPSTREAM, House, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router")]

ENTRY_KEYS = {"expired", "time_expired", "last_updated", "op_codes", "agent_class", "agent_address"}
EVERYBODY = {**OURS, **THEIRS}


@pytest.mark.parametrize("registry", ["registry", "their-registry"])
def test_a_registry_knows_everybody(obs: Observatory, registry: str) -> None:
    def listed() -> dict[str, Any]:
        session = obs[registry].main.status()
        return dict(session.data or {}) if session is not None else {}

    expected = {f"observatory.{name}" for name in EVERYBODY if name != registry}
    until(lambda: set(listed()) >= expected, f"the list of {registry}", 15)

    for address, entry in listed().items():
        name = address.partition(".")[2]
        assert set(entry) >= ENTRY_KEYS
        assert entry["expired"] is False
        assert is_admin(name) or (entry["agent_class"] == EVERYBODY[name] and entry["op_codes"])


def test_our_client_lists_both_kinds(obs: Observatory) -> None:
    until(lambda: set(obs.devices()) >= set(EVERYBODY) - {"registry"}, "the list of devices", 15)


def client_command(house: House) -> list[str]:
    return [str(UPSTREAM / "ocs-client-cli"), "--site-file", str(house.site_file), "--site-host", "localhost"]


@pytest.mark.parametrize("options", [[], ["--use-registry"], ["--use-registry", "their-registry"]])
def test_their_scan_shows_our_agents(house: House, options: list[str]) -> None:
    command = [*client_command(house), "scan", "--details", *options]

    shown = subprocess.run(command, env=house.environ, capture_output=True, text=True, timeout=40, check=False)

    assert shown.returncode == 0, shown.stderr
    for word in ("faker-1", "delay_task", "host-1", "processes"):
        assert word in shown.stdout


def test_their_listen_prints_our_feeds(house: House) -> None:
    command = [*client_command(house), "listen", "--json", "observatory.faker-1.feeds.heartbeat"]

    with subprocess.Popen(command, env=house.environ, stdout=subprocess.PIPE, text=True) as listening:
        try:
            assert listening.stdout is not None
            line = next(line for line in listening.stdout if line.startswith("{"))
        finally:
            listening.terminate()

    assert "delay_task" in line
    assert "observatory.faker-1" in line
