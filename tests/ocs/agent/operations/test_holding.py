"""The state that a device is in while an operation runs."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from ocs.agent import AsyncSession, Device, Session, State, StateChart, process, task, transition
from ocs.model.errors import NotAllowedError
from ocs.model.event import DeviceEventKind
from ocs.model.operation import Outcome
from ocs.testing.running import RunningDevice
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class StageChart(StateChart):
    OFF = State(tango="OFF", initial=True)
    ON = State(tango="ON")
    READY = State(tango="STANDBY")
    MOVING = State(tango="MOVING")

    switch_on = transition(OFF, ON)
    _trip = transition("*", StateChart.FAULT)


class Stage(Device):
    """A stage."""

    chart = StageChart
    blocked: bool | str = True

    @task(when=StageChart.ON, during=StageChart.MOVING, then=StageChart.READY)
    def move(self, session: Session, fails: bool = False, trips: bool = False) -> None:  # noqa: FBT001, FBT002 - by name
        """Move.

        Args:
            fails: Whether it fails.
            trips: Whether the device trips meanwhile.
        """
        session.sleep(5.0)
        if trips:
            self.state.fire("_trip", "limit switch")
        if fails:
            raise RuntimeError("stalled")

    @task(when=(StageChart.ON, StageChart.READY), during=StageChart.MOVING)
    async def jog(self, session: AsyncSession) -> None:
        """Jog."""
        await session.sleep(1.0)

    @process(during=StageChart.MOVING)
    def track(self, session: Session) -> None:
        """Track."""
        for _ in session.ticks(1.0):
            pass

    @task
    def plain(self, session: Session) -> None:
        """Change no state."""

    @plain.allowed
    def may_run_plain(self) -> bool | str:
        return self.blocked


class Rig:
    """A stage at work, on the wire and as a client sees it."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.running: RunningDevice = panel.site.device(panel.device.name)
        self.edges = panel.told(DeviceEventKind.STATE)

    def walked(self) -> list[tuple[str, str]]:
        return [(edge["from"], edge["to"]) for edge in self.edges]


@pytest.fixture
def stage(panel_of: PanelOf) -> Rig:
    rig = Rig(panel_of(Stage, "stage"))
    rig.panel.state(trigger="switch_on")
    rig.edges.clear()
    return rig


def test_the_device_is_in_the_state_of_the_run_and_then_in_the_one_after(stage: Rig) -> None:
    session = stage.running.start("move")
    during = stage.panel.state()
    stage.running.wait("move")

    assert (during["state"], during["tango"], during["reason"]) == ("MOVING", "MOVING", "move runs")
    assert during["by"] == session.author["name"]
    assert stage.walked() == [("ON", "MOVING"), ("MOVING", "READY")]
    assert stage.edges[1]["reason"] == "move succeeded"


def test_a_run_without_state_after_it_returns_to_the_one_before(stage: Rig) -> None:
    stage.running.run("jog")

    assert stage.walked() == [("ON", "MOVING"), ("MOVING", "ON")]


def test_a_run_that_fails_returns_to_the_state_before(stage: Rig) -> None:
    session = stage.running.run("move", fails=True)

    assert session.outcome is Outcome.FAILED
    assert stage.walked() == [("ON", "MOVING"), ("MOVING", "ON")]
    assert stage.edges[1]["reason"] == "move failed"


@pytest.mark.parametrize("op", ["move", "jog", "track"])
def test_a_run_that_is_ended_returns_to_the_state_before(stage: Rig, op: str) -> None:
    stage.running.start(op)
    stage.running.end(op)

    assert stage.walked() == [("ON", "MOVING"), ("MOVING", "ON")]


def test_whoever_brought_the_device_elsewhere_meanwhile_has_the_last_word(stage: Rig) -> None:
    session = stage.running.run("move", trips=True)

    assert session.success
    assert stage.walked() == [("ON", "MOVING"), ("MOVING", "FAULT")]
    assert stage.panel.state()["reason"] == "limit switch"


def test_a_start_in_another_state_is_refused_and_names_it_and_the_allowed_ones(stage: Rig) -> None:
    stage.running.run("move")

    with pytest.raises(NotAllowedError) as caught:
        stage.running.start("move")

    assert "move cannot be started while stage is in READY; it can in ON" in caught.value.message
    assert (caught.value.given, caught.value.allowed) == ("READY", ["ON"])
    assert len(stage.running.history("move")) == 1


def test_a_start_while_another_run_holds_the_state_is_refused(stage: Rig) -> None:
    stage.running.start("move")

    with pytest.raises(NotAllowedError, match="jog cannot be started while stage is in MOVING; it can in ON or READY"):
        stage.running.start("jog")

    assert stage.panel.state()["state"] == "MOVING"


def test_the_devices_own_check_may_refuse_a_start(stage: Rig) -> None:
    stage.panel.device.blocked = "the door is open; close it"

    with pytest.raises(NotAllowedError, match="plain cannot be started: the door is open; close it"):
        stage.running.start("plain")

    assert stage.walked() == []


def test_two_runs_that_hold_one_state_leave_it_with_the_last(stage: Rig) -> None:
    stage.running.start("move")
    stage.running.start("track")
    stage.running.wait("move")
    meanwhile = stage.panel.state()["state"]
    stage.running.end("track")

    assert meanwhile == "MOVING"
    assert stage.panel.state()["state"] == "READY"


class Late(Stage):
    """Starts by itself, before it is set up."""

    go = threading.Event()

    def setup(self) -> None:
        self.state.to(StageChart.FAULT, "not ready yet")

    @task(startup=True, when=StageChart.ON, during=StageChart.MOVING)
    def begin(self, session: Session) -> None:
        """Begin."""


def test_what_starts_by_itself_in_a_state_that_forbids_it_is_refused(panel_of: PanelOf) -> None:
    late = panel_of(Late, "late")

    assert late.site.device("late").history("begin") == []
    assert late.state()["state"] == "FAULT"
