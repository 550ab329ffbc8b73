"""Health: computed from what the agent knows, told when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from ocs.agent import AsyncSession, Channel, Device, Session, process, task
from ocs.model.chart import StateChart
from ocs.model.event import DeviceEventKind
from ocs.model.health import Cause, HealthLevel
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Pump(Device):
    """A pump."""

    hertz: Any = 50.0
    own: Any = None

    speed = Channel(float, unit="Hz", period_s=1.0, stale_after_s=3.0, max_warning=60, max_alarm=80)
    told = Channel(float, unit="V", stale_after_s=5.0)

    @speed.read
    def read_speed(self) -> float:
        return self.hertz  # type: ignore[no-any-return] # whatever the test says

    @task
    def fail(self, session: Session) -> None:
        """Fail."""
        raise RuntimeError("the rotor is stuck; free it")

    @task
    def good(self, session: Session) -> None:
        """Do."""

    @process
    def degraded(self, session: Session) -> None:
        """Go on badly."""
        session.degraded = True
        session.add_message("one of two channels works")
        for _ in session.ticks(1.0):
            pass

    @task
    async def deaf(self, session: AsyncSession) -> None:
        """Do not listen."""
        while True:
            try:
                await session.sleep(1000.0)
            except BaseException:
                if getattr(self, "enough", False):
                    raise
                continue

    def own_causes(self, now: float) -> Iterable[Cause | None]:
        if isinstance(self.own, Exception):
            raise self.own
        return [self.own]


@pytest.fixture
def pump(panel_of: PanelOf) -> Panel:
    pump = panel_of(Pump, "pump")
    pump.clock.advance(1.5)
    return pump


def causes(pump: Panel) -> dict[str, Any]:
    return {cause["source"]: cause for cause in pump.query("health")["causes"]}


def test_a_device_that_is_well_has_no_cause(pump: Panel) -> None:
    health = pump.query("health")

    assert (health["level"], health["causes"], health["sentence"]) == ("ok", [], "ok")


@pytest.mark.parametrize(("hertz", "level"), [(60.0, "degraded"), (80.0, "bad")])
def test_a_channel_beyond_its_limits(pump: Panel, hertz: float, level: str) -> None:
    pump.device.hertz = hertz
    pump.clock.advance(1.0)
    since = pump.clock.wall() - 0.5
    pump.clock.advance(3.0)

    cause = causes(pump)["channel speed"]

    assert (cause["level"], cause["since"]) == (level, pytest.approx(since))
    assert "speed is" in cause["sentence"]
    assert "bring it back within its limits" in cause["sentence"]
    state = causes(pump)["state"]
    assert (state["level"], state["since"]) == ("degraded", pytest.approx(since))


def test_a_channel_that_cannot_be_read(pump: Panel) -> None:
    pump.device.hertz = None
    pump.clock.advance(1.0)

    cause = causes(pump)["channel speed"]

    assert cause["level"] == "bad"
    assert "cannot be read: speed gave no value (None)" in cause["sentence"]


def test_a_reading_that_is_stale_since_when_it_is(pump: Panel) -> None:
    pump.device.polling.stop()
    pump.clock.advance(5.5)

    cause = causes(pump)["channel speed"]

    assert cause["level"] == "degraded"
    assert "the last good reading is 6.0 s old, it should be at most 3 s" in cause["sentence"]
    assert cause["since"] == pytest.approx(pump.clock.wall() - 3.0)


def test_a_channel_that_code_feeds_gets_stale_too(pump: Panel) -> None:
    pump.device.told.set(1.0)
    pump.clock.advance(5.1)

    assert "channel told" in causes(pump)


def test_a_channel_that_never_had_a_value_is_not_stale(pump: Panel) -> None:
    pump.clock.advance(50.0)

    assert causes(pump) == {}


def test_failures_since_the_last_look_do_not_hide_how_old_the_last_good_reading_is(pump: Panel) -> None:
    pump.clock.advance(0.4)
    pump.device.hertz = None
    pump.clock.advance(10.0)

    sentences = [cause["sentence"] for cause in pump.query("health")["causes"]]

    assert any("the last good reading is" in sentence for sentence in sentences)
    assert any("cannot be read" in sentence for sentence in sentences)


def test_fault_tells_what_status_says(pump: Panel) -> None:
    pump.device.state.to(StateChart.FAULT, "trip")
    pump.device.set_status("over-temperature")
    since = pump.clock.wall()
    pump.clock.advance(5.0)

    cause = causes(pump)["state"]

    assert (cause["level"], cause["since"]) == ("bad", pytest.approx(since))
    assert "the device is in FAULT (over-temperature); repair what it names, then ask for Init" in cause["sentence"]


def test_a_run_that_failed_until_the_next_good_one(pump: Panel) -> None:
    running = pump.site.device("pump")
    running.run("fail")
    bad = causes(pump)
    running.run("good")
    still = causes(pump)

    assert bad["session fail"]["level"] == "degraded"
    assert "the rotor is stuck; free it" in bad["session fail"]["sentence"]
    assert "session fail" in still
    assert "session good" not in still


def test_a_run_that_says_that_it_is_degraded(pump: Panel) -> None:
    running = pump.site.device("pump")
    running.start("degraded")
    pump.clock.advance(1.0)
    bad = causes(pump)["session degraded"]
    running.end("degraded")

    assert (bad["level"], "one of two channels works" in bad["sentence"]) == ("degraded", True)
    assert causes(pump) == {}


def test_a_run_that_does_not_end(pump: Panel) -> None:
    running = pump.site.device("pump")
    running.start("deaf")
    running.abort("deaf")
    pump.clock.advance(15.0)

    cause = causes(pump)["session deaf"]
    pump.device.enough = True
    task: Any = pump.site.agents[0].members[0].operations["deaf"]
    task._task._task.cancel()
    pump.clock.settle()

    assert cause["level"] == "bad"
    assert "it is stuck in" in cause["sentence"]


def test_a_driver_may_add_causes_of_its_own(pump: Panel) -> None:
    pump.device.own = Cause(HealthLevel.DEGRADED, "oil", 1000.0, "the oil is old; change it")

    assert causes(pump)["oil"]["sentence"] == "the oil is old; change it"


def test_a_driver_whose_own_causes_fail_is_told_as_one(pump: Panel) -> None:
    pump.device.own = KeyError("oil")

    assert "Pump.own_causes failed: 'oil'; tell the author of the driver" in causes(pump)["driver"]["sentence"]


def test_a_change_of_health_is_an_event_and_only_a_change(pump: Panel) -> None:
    events = pump.told(DeviceEventKind.HEALTH)
    pump.clock.advance(5.0)
    quiet = list(events)
    pump.device.hertz = 90.0
    pump.clock.advance(5.0)
    pump.device.hertz = 50.0
    pump.clock.advance(5.0)

    assert quiet == []
    assert [event["level"] for event in events] == ["bad", "ok"]
    assert events[1]["seq"] == events[0]["seq"] + 1
    assert events[0]["epoch"] == pump.site.agents[0].epoch


def test_health_goes_with_the_heartbeat(pump: Panel) -> None:
    messages = pump.site.device("pump").messages("heartbeat")
    pump.clock.advance(1.0)
    pump.device.hertz = 90.0
    pump.clock.advance(2.0)

    first, last = messages[0].info, messages[-1].info
    assert (first["health"], first["state"]) == ("ok", "ON")
    assert (last["health"], last["state"]) == ("bad", "ALARM")
