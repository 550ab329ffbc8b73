"""The admin device: the agent itself, its figures, its devices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ocs.agent import Channel, Device, Session, task
from ocs.agent.program.admin import admin_name
from ocs.model.errors import BusyError, DuplicateError, NotFoundError, OcsError
from ocs.testing.running import Site
from ocs.wire import uris
from tests.ocs.agent.panel import Hang, Panel

PanelOf = Callable[..., Panel]


class Heater(Device):
    """A heater."""

    hang: Hang
    breaks = False
    inits = 0

    power = Channel(float, unit="W", period_s=1.0)

    def setup(self) -> None:
        self.inits += 1
        if self.breaks:
            raise OSError("no heater")

    @power.read
    def read_power(self) -> float:
        self.hang.pause()
        return 1.0

    @task
    def heat(self, session: Session) -> None:
        """Heat."""
        session.sleep(100.0)


class Rack:
    """An agent with two devices and its admin device."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.heaters = [Heater("heater/1"), Heater("heater/2")]
        self.agent = site.start(*self.heaters, instance="rack")
        self.admin = Panel(site, self.agent.admin)


@pytest.fixture
def rack(memory_site: Site, hang: Hang) -> Rack:
    Heater.hang = hang
    return Rack(memory_site)


def test_its_name_tells_class_and_instance_of_the_agent(rack: Rack) -> None:
    assert rack.agent.admin.name == admin_name("Heater", "rack") == "dserver/Heater/rack"
    assert rack.admin.query("describe")["identity"]["class"] == "AdminDevice"


def test_each_agent_has_exactly_one(rack: Rack) -> None:
    classes = [type(member.device).__name__ for member in rack.agent.members]

    assert classes == ["Heater", "Heater", "AdminDevice"]


def test_it_tells_the_devices_and_how_they_are(rack: Rack) -> None:
    rack.site.device("heater/1").start("heat")
    rack.site.clock.advance(1.0)

    told = {device["name"]: device for device in rack.admin.command("devices")}

    assert list(told) == ["heater/1", "heater/2", "dserver/Heater/rack"]
    assert (told["heater/1"]["class"], told["heater/1"]["running"]) == ("Heater", ["heat"])
    assert (told["heater/2"]["state"], told["heater/2"]["health"]) == ("ON", "ok")


def test_its_figures_are_ordinary_channels(rack: Rack) -> None:
    rack.site.clock.advance(5.5)
    readings = rack.admin.read()

    assert readings["uptime"]["value"] == pytest.approx(5.0, abs=0.6)
    for name in ("loop_lag", "memory", "cpu", "threads", "queue_depth", "feed_drops", "poll_overruns"):
        assert "error" not in readings[name], readings[name]
        assert readings[name]["age_s"] <= 1.0
    assert readings["memory"]["value"] > 10.0
    assert readings["threads"]["value"] >= 1


def test_requests_that_wait_and_polls_that_are_left_out_are_counted(rack: Rack, hang: Hang) -> None:
    hang.armed = True
    rack.site.clock.advance(2.0)
    for _ in range(3):
        Panel(rack.site, rack.heaters[0]).asked(uris.read("observatory", "heater/1"), "power", source="device")
    rack.site.clock.advance(3.0)

    readings = rack.admin.read(["queue_depth", "poll_overruns"])

    assert readings["queue_depth"]["value"] == 5
    assert readings["poll_overruns"]["value"] >= 4


def test_a_loop_that_lags_is_seen_in_figure_and_health(rack: Rack) -> None:
    rack.site.clock.advance(1.5)
    rack.agent.admin.latest_lag = 7.0
    rack.site.clock.advance(1.0)

    causes = {cause["source"]: cause for cause in rack.admin.query("health")["causes"]}

    assert causes["process loop_lag"]["level"] == "bad"
    assert "a handler in the event loop blocks" in causes["process loop_lag"]["sentence"]


def test_it_sets_one_device_up_anew(rack: Rack) -> None:
    status = rack.admin.command("restart_device", "heater/1")

    assert status == "The device is in ON state."
    assert [heater.inits for heater in rack.heaters] == [2, 1]


def test_it_is_refused_while_the_device_works_unless_forced(rack: Rack) -> None:
    rack.site.device("heater/1").start("heat")
    with pytest.raises(BusyError):
        rack.admin.command("restart_device", "heater/1")

    rack.admin.command("restart_device", {"device": "heater/1", "force": True})

    assert rack.heaters[0].inits == 2


def test_a_device_that_cannot_be_set_up_tells_why(rack: Rack) -> None:
    rack.heaters[0].breaks = True

    with pytest.raises(OcsError, match="OSError: no heater"):
        rack.admin.command("restart_device", "heater/1")


@pytest.mark.parametrize("command", ["restart_device", "polling_status"])
def test_a_device_of_another_agent_is_not_found(rack: Rack, command: str) -> None:
    with pytest.raises(NotFoundError, match="this agent has no device oven; it has heater/1, heater/2"):
        rack.admin.command(command, "oven")


def test_it_tells_the_polling_of_a_device(rack: Rack) -> None:
    rack.site.clock.advance(2.5)

    told = rack.admin.command("polling_status", "heater/1")

    assert [(each["period_s"], each["channels"], each["count"]) for each in told] == [(1.0, ["power"], 3)]


def test_it_may_be_initialised_itself(rack: Rack) -> None:
    for _ in range(2):
        rack.admin.command("Init")
    rack.site.clock.advance(2.0)

    assert rack.admin.reading("uptime")["age_s"] <= 1.0


@pytest.mark.parametrize("names", [("oven", "oven"), ("oven", "Oven")])
def test_two_devices_of_one_name_in_any_case_are_refused(memory_site: Site, hang: Hang, names: tuple[str, str]) -> None:
    Heater.hang = hang

    with pytest.raises(DuplicateError, match="two devices"):
        memory_site.start(*(Heater(name) for name in names), instance="rack")
