from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from ocs.model.operation import Status
from ocs.services.hosts import Hosts
from ocs.services.hosts.machine import field_name
from ocs.testing.plugin import AgentOf
from ocs.testing.running import ROOT, RunningDevice
from ocs.wire import uris


def test_figures_are_read_from_the_start(agent_of: AgentOf) -> None:
    host = agent_of(Hosts)

    host.clock.advance(1.5)
    session = host.status("acq")

    assert session.status is Status.RUNNING
    assert session.data["fields"]["memory"]["memory_total"] > 0
    assert session.data["units"]["memory"]["memory_total"] == "B"


def test_each_part_of_the_machine_is_a_block_of_the_feed(agent_of: AgentOf) -> None:
    host = agent_of(Hosts)
    told = host.messages("figures")

    host.clock.advance(3.0)

    blocks = {sample.block: set(sample.data) for message in told for sample in message.samples}
    assert {"processor", "memory", "disk_root"} <= set(blocks)
    assert blocks["memory"] == {"memory_used", "memory_available", "memory_total", "swap_used"}


def test_the_busiest_processes_are_returned_first(agent_of: AgentOf) -> None:
    session = agent_of(Hosts).run("processes", count=5)

    shares = [consumer["cpu"] for consumer in session.result]
    assert 1 <= len(shares) <= 5
    assert shares == sorted(shares, reverse=True)


def test_this_process_is_among_all_of_them(agent_of: AgentOf) -> None:
    session = agent_of(Hosts).run("processes", count=100)

    assert os.getpid() in {consumer["pid"] for consumer in session.result} or len(session.result) == 100


class Panel:
    """The host as a client on the wire has it."""

    def __init__(self, host: RunningDevice) -> None:
        self.host = host

    def readings(self) -> dict[str, Any]:
        return dict(self._call(uris.read))

    def config(self, name: str, **values: float) -> None:
        self._call(uris.config, "set", name, values)

    def health(self) -> dict[str, Any]:
        return dict(self._call(uris.management, "health"))

    def state(self) -> dict[str, Any]:
        return dict(self._call(uris.state))

    def init(self) -> None:
        self._call(uris.command, "Init", {"force": True})

    def _call(self, uri: Callable[[str, str], str], *args: Any) -> Any:
        asked = self.host.site.client.call(uri(ROOT, self.host.name), *args, timeout_s=60.0)
        return self.host.clock.result_of(asked, 60.0)


class Disks:
    """The disks that this machine seems to have: the one of the root, and as many more as a test plugs in."""

    def __init__(self) -> None:
        self.plugged: list[str] = []

    def __call__(self) -> list[Any]:
        mounts = ["/", *self.plugged]
        return [SimpleNamespace(device=f"/dev{mount}", mountpoint=mount, opts="rw") for mount in mounts]


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> Disks:
    found = Disks()
    monkeypatch.setattr(psutil, "disk_partitions", found)
    return found


def test_the_main_figures_are_channels_that_are_polled(agent_of: AgentOf) -> None:
    host = agent_of(Hosts)
    host.clock.advance(6.0)

    readings = Panel(host).readings()

    assert {"load", "memory_used", "uptime", "disk_free_root"} <= set(readings)
    assert all("error" not in reading for reading in readings.values())
    assert 0.0 < readings["memory_used"]["value"] < 100.0
    assert all(host.interface.channels[name].polled for name in ("load", "memory_used", "uptime", "disk_free_root"))


def test_a_disk_that_is_nearly_full_makes_the_host_unwell(agent_of: AgentOf) -> None:
    host = agent_of(Hosts)
    panel = Panel(host)

    panel.config("disk_free_root", min_alarm=100.0)
    host.clock.advance(6.0)

    assert panel.state()["tango"] == "ALARM"
    assert "at or below its min_alarm 100 %" in panel.state()["status"]
    causes = {cause["source"]: cause["level"] for cause in panel.health()["causes"]}
    assert causes["channel disk_free_root"] == "bad"


def test_a_disk_comes_and_goes_with_its_channel(agent_of: AgentOf, disks: Disks, tmp_path: Path) -> None:
    host = agent_of(Hosts)
    name = field_name("disk_free", str(tmp_path))
    assert name not in host.object.channels

    disks.plugged.append(str(tmp_path))
    host.clock.advance(11.0)
    assert 0.0 < Panel(host).readings()[name]["value"] <= 100.0

    disks.plugged.clear()
    host.clock.advance(6.0)
    assert name not in Panel(host).readings()


def test_a_disk_of_the_start_is_missed_until_init(agent_of: AgentOf, disks: Disks, tmp_path: Path) -> None:
    disks.plugged.append(str(tmp_path))
    host = agent_of(Hosts)
    panel, name = Panel(host), field_name("disk_free", str(tmp_path))

    disks.plugged.clear()
    host.clock.advance(6.0)

    assert f"nothing is mounted at {tmp_path} any more" in panel.readings()[name]["error"]["message"]
    panel.init()
    assert name not in panel.readings()


def test_the_processor_s_temperature_is_a_channel_where_the_machine_has_one(
    agent_of: AgentOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensors = {"coretemp": [SimpleNamespace(current=61.5, high=82.0, critical=100.0)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: sensors, raising=False)
    host = agent_of(Hosts)

    reading = Panel(host).readings()["cpu_temperature"]

    config = host.interface.channels["cpu_temperature"].config
    assert reading["value"] == 61.5
    assert (config.unit, config.max_warning, config.max_alarm) == ("degC", 82.0, 100.0)


def test_a_machine_without_sensors_has_no_such_channel(agent_of: AgentOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_temperatures", dict, raising=False)

    assert "cpu_temperature" not in agent_of(Hosts).interface.channels
