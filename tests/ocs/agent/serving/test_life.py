"""Set-up, Init, and the end of a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import (
    Channel,
    Device,
    OcsError,
    Property,
    Session,
    State,
    StateChart,
    command,
    process,
    task,
    transition,
)
from ocs.model.errors import BusyError, ConfigurationError, DeadlineError, ErrorCode
from ocs.model.event import DeviceEventKind
from ocs.wire import uris
from tests.ocs.agent.panel import Hang, Panel

PanelOf = Callable[..., Panel]


class PumpChart(StateChart):
    OFF = State(tango="OFF", initial=True)
    ON = State(tango="ON")

    switch_on = transition(OFF, ON)


class Pump(Device):
    """A pump."""

    chart = PumpChart
    port = Property("COM1", doc="where it is")
    hang: Hang
    breaks: BaseException | None = None
    shutdown_breaks = False
    goes_to: State | None = None
    calls: tuple[str, ...] = ()

    speed = Channel(float, unit="Hz", period_s=1.0, abs_change=0.1)
    hertz = 50.0

    def setup(self) -> None:
        """Set up."""
        self.calls = (*self.calls, "setup")
        self.hang.pause()
        if self.breaks is not None:
            raise self.breaks
        if self.goes_to is not None:
            self.state.to(self.goes_to, "chosen")
        self.set_status("pumping")

    def shutdown(self) -> None:
        """Shut down."""
        self.calls = (*self.calls, "shutdown")
        if self.shutdown_breaks:
            raise OSError("no answer")

    @speed.read
    def read_speed(self) -> float:
        return self.hertz

    @task
    def vent(self, session: Session) -> None:
        """Vent."""
        session.sleep(100.0)

    @process(startup=True)
    def watch(self, session: Session) -> None:
        """Watch."""
        for _ in session.ticks(1.0):
            pass

    @command
    def ping(self) -> str:
        """Answer."""
        return "pong"


@pytest.fixture
def pump_class(hang: Hang) -> type[Pump]:
    return type("Pump", (Pump,), {"hang": hang, "__doc__": "A pump."})


@pytest.fixture
def pump(panel_of: PanelOf, pump_class: type[Pump]) -> Panel:
    return panel_of(pump_class, "pump")


FAILURE = ConfigurationError("port COM9 does not exist", field="port", given="COM9")


def test_a_device_begins_in_init_and_goes_to_the_initial_state(panel_of: PanelOf, pump_class: type[Pump]) -> None:
    class Slow(pump_class):  # type: ignore[misc, valid-type] # a class of the fixture
        """Slow to set up."""

    Slow.hang.armed = True
    slow = panel_of(Slow, "pump")
    before = slow.state()
    Slow.hang.release()
    slow.clock.settle()
    after = slow.state()

    assert (before["state"], before["tango"], before["allowed"]) == ("INIT", "INIT", [])
    assert (after["state"], after["reason"], after["status"]) == ("OFF", "set up", "pumping")


def test_a_set_up_may_choose_another_state(panel_of: PanelOf, pump_class: type[Pump]) -> None:
    pump_class.goes_to = StateChart.ALARM

    assert panel_of(pump_class, "pump").state()["state"] == "ALARM"


def test_a_set_up_that_fails_leaves_the_device_reachable_in_fault_with_the_reason(
    panel_of: PanelOf, pump_class: type[Pump]
) -> None:
    pump_class.breaks = FAILURE
    pump = panel_of(pump_class, "pump")

    report, health = pump.state(), pump.query("health")

    assert (report["state"], report["tango"]) == ("FAULT", "FAULT")
    for words in ("ConfigurationError: port COM9 does not exist", "property port is 'COM9'", "ask for Init"):
        assert words in report["status"]
    assert pump.value("Status") == pump.command("Status") == report["status"]
    assert pump.command("ping") == "pong"
    assert health["level"] == "bad"
    assert "port COM9 does not exist" in health["causes"][0]["sentence"]


def test_an_init_that_fails_tells_the_caller_the_same(pump: Panel) -> None:
    pump.device.breaks = FAILURE

    with pytest.raises(OcsError) as caught:
        pump.command("Init", {"force": True})

    assert caught.value.code is ErrorCode.FAILED
    for words in ("ConfigurationError: port COM9 does not exist", "property port is 'COM9'"):
        assert words in caught.value.message
    assert pump.state()["state"] == "FAULT"


def test_an_exception_of_any_kind_is_told_by_type_and_text(pump: Panel) -> None:
    pump.device.breaks = ZeroDivisionError("by zero")

    with pytest.raises(OcsError, match="ZeroDivisionError: by zero"):
        pump.command("Init", [True])


def test_another_init_repairs_it(pump: Panel) -> None:
    pump.device.breaks = FAILURE
    with pytest.raises(OcsError):
        pump.command("Init", {"force": True})
    pump.device.breaks = None

    status = pump.command("Init")

    assert status == "pumping"
    assert pump.state()["state"] == "OFF"
    assert pump.site.device("pump").status("watch").outcome is None


def test_a_set_up_that_failed_is_tried_again_where_the_class_wants_that(
    panel_of: PanelOf, pump_class: type[Pump]
) -> None:
    pump_class.setup_again_s, pump_class.breaks = 60.0, OSError("no space left")
    pump = panel_of(pump_class, "pump")
    pump.clock.advance(61.0)
    assert "no space left. Mend it, then ask for Init; it is tried again in 60 s" in pump.state()["status"]
    assert pump.device.calls.count("setup") == 2

    pump.device.breaks = None
    pump.clock.advance(60.0)

    assert pump.state()["state"] == "OFF"
    assert pump.site.device("pump").status("watch").outcome is None
    pump.clock.advance(600.0)
    assert pump.device.calls.count("setup") == 3


def test_a_wrong_configuration_does_not_mend_itself(panel_of: PanelOf, pump_class: type[Pump]) -> None:
    pump_class.setup_again_s, pump_class.breaks = 60.0, FAILURE
    pump = panel_of(pump_class, "pump")

    pump.clock.advance(600.0)

    assert pump.device.calls.count("setup") == 1
    assert "tried again" not in pump.state()["status"]


def test_init_shuts_down_then_sets_up_and_starts_what_starts_by_itself(pump: Panel) -> None:
    pump.device.calls = ()

    pump.command("Init", {"force": True})

    assert pump.device.calls == ("shutdown", "setup")
    assert len(pump.site.device("pump").history("watch")) == 2
    assert pump.site.device("pump").status("watch").outcome is None


def test_init_is_refused_while_operations_run_unless_forced(pump: Panel) -> None:
    running = pump.site.device("pump")
    running.start("vent")
    with pytest.raises(BusyError, match="pump cannot be initialised while vent, watch runs; end it, or say force"):
        pump.command("Init")
    before = pump.device.calls

    pump.command("Init", {"force": True})

    assert before == ("setup",)
    assert running.status("vent").outcome is not None
    assert not running.status("vent").success


def test_subscriptions_and_numbers_of_events_survive_init(pump: Panel) -> None:
    events, edges = pump.events("speed"), pump.told(DeviceEventKind.STATE)
    pump.device.hertz = 51.0
    pump.clock.advance(1.0)
    pump.command("Init", {"force": True})
    pump.device.hertz = 52.0
    pump.clock.advance(1.0)

    assert [event["value"] for event in events] == [51.0, 52.0]
    assert events[1]["seq"] == events[0]["seq"] + 1
    assert [(edge["to"], edge["reason"]) for edge in edges] == [("INIT", "Init"), ("INIT", "status"), ("OFF", "set up")]


def test_polling_goes_on_after_init_on_its_grid_and_without_overrun(pump: Panel) -> None:
    pump.clock.advance(2.5)
    pump.command("Init", {"force": True})
    pump.clock.advance(3.0)

    figures = pump.config("get", "speed")["speed"]["polling"]
    assert figures["overruns"] == 0
    assert pump.reading("speed")["age_s"] <= 1.0


def test_a_shutdown_that_fails_does_not_keep_init_from_setting_up(pump: Panel) -> None:
    pump.device.shutdown_breaks = True

    assert pump.command("Init", {"force": True}) == "pumping"


def test_two_inits_at_once_are_one_and_a_refusal(pump: Panel, hang: Hang) -> None:
    hang.armed = True
    first = pump.asked(uris.command(*pump.where), "Init", {"force": True})
    meanwhile = pump.state()["state"]
    with pytest.raises(BusyError, match="is being set up already"):
        pump.command("Init")
    hang.release()
    pump.clock.run_until(lambda: first)

    assert meanwhile == "INIT"
    assert first == ["pumping"]


def test_an_init_that_hangs_is_answered_and_ends_when_it_can(pump: Panel, hang: Hang) -> None:
    hang.armed = True
    with pytest.raises(DeadlineError, match="Init has not answered within 60 s"):
        pump.command("Init", {"force": True})
    with pytest.raises(BusyError, match="is being set up already"):
        pump.command("Init")
    hang.release()
    pump.clock.advance(1.0)
    state = pump.state()["state"]

    assert state == "OFF"
    assert pump.site.device("pump").status("watch").outcome is None
    assert pump.command("Init", {"force": True}) == "pumping"


class Growing(Device):
    """Adds parts when it is set up."""

    inputs = 2
    gain = 1.0

    def setup(self) -> None:
        """Add a channel for each input."""
        for number in range(1, self.inputs + 1):
            self.add_channel(f"input_{number}", Channel(float, unit="V", period_s=1.0), read=lambda: self.gain)
        self.add_command("calibrate", self.calibrate)

    def calibrate(self, value: float) -> float:
        """Calibrate.

        Args:
            value: To what.
        """
        self.gain = value
        return value


def test_a_set_up_that_adds_parts_may_run_again(panel_of: PanelOf) -> None:
    growing = panel_of(Growing, "growing")
    growing.clock.advance(1.5)
    events = growing.events("input_1")
    told = growing.told(DeviceEventKind.INTERFACE)
    growing.config("set", "input_1", {"abs_change": 0.5})
    growing.command("calibrate", 2.0)
    growing.clock.advance(1.0)
    growing.device.inputs = 3

    growing.command("Init")
    growing.command("calibrate", 3.0)
    growing.clock.advance(2.0)

    assert growing.state()["state"] == "ON"
    assert set(growing.read()) == {"State", "Status", "input_1", "input_2", "input_3"}
    assert growing.config("get", "input_1")["input_1"]["sources"]["abs_change"] == "device"
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert [event["value"] for event in events] == [2.0, 2.0, 3.0]
    assert {"channels": ["input_3"], "operations": [], "commands": []} in [event["added"] for event in told]


def test_an_end_shuts_down_once_and_polls_no_more(pump: Panel) -> None:
    pump.clock.advance(2.0)
    count = pump.config("get", "speed")["speed"]["polling"]["count"]
    pump.device.calls = ()

    agent = pump.site.agents.pop()
    pump.clock.result_of(agent.end())
    pump.clock.advance(5.0)

    rounds: Any = pump.device.polling.rounds
    assert pump.device.calls == ("shutdown",)
    assert rounds[1.0].count == count
