"""A device's state at work: transitions of clients and of the device, alarms over it, and its edges as events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocs.agent import (
    Channel,
    Device,
    NotAllowedError,
    Session,
    State,
    StateChart,
    TangoState,
    action,
    command,
    guard,
    recall,
    task,
    transition,
)
from ocs.model.errors import BusyError, DeadlineError, ErrorCode, NotFoundError, OcsError, ParameterError
from ocs.model.event import DeviceEventKind
from ocs.wire import uris
from tests.ocs.agent.panel import Hang, Panel

PanelOf = Callable[..., Panel]


class ValveChart(StateChart):
    CLOSED = State(tango="CLOSE", initial=True)
    OPEN = State(tango="OPEN")
    MOVING = State(tango="MOVING", doc="on its way")
    ON = State(tango="ON")
    LOCAL = State(tango="STANDBY")
    REMOTE = State(tango="ON")

    open = transition(CLOSED, OPEN, during=MOVING)
    close = transition(OPEN, CLOSED, during=MOVING)
    power = transition((CLOSED, OPEN), ON)
    press = transition(CLOSED, ON)
    shut = transition(ON, CLOSED)
    hand = transition(ON, LOCAL)
    reset = transition(StateChart.FAULT, CLOSED)
    _trip = transition("*", StateChart.FAULT)


class Valve(Device):
    """A valve."""

    chart = ValveChart
    hang: Hang
    may: Any = True
    goes_wrong: BaseException | None = None
    trips = False
    seen: tuple[str, ...] = ()

    pressure = Channel(float, unit="Pa", period_s=1.0, max_alarm=5, max_warning=3)
    flow = Channel(float, unit="1", max_alarm=5)
    unpolled = Channel(float, unit="1", max_alarm=5)
    reads = 0

    def setup(self) -> None:
        """Begin well."""
        self.pascal = 1.0

    @pressure.read
    def read_pressure(self) -> float:
        return self.pascal

    @unpolled.read
    def read_unpolled(self) -> float:
        self.reads += 1
        return 9.0

    @guard(ValveChart.open)
    def may_open(self) -> Any:
        self.seen = (*self.seen, "guard")
        if self.trips:
            self.state.fire("_trip", "over-pressure")
        return self.may

    @action(ValveChart.open)
    def do_open(self) -> None:
        self.seen = (*self.seen, f"action in {self.state.current.name}")
        self.hang.pause()
        if self.goes_wrong is not None:
            raise self.goes_wrong

    @action(ValveChart.close)
    async def do_close(self) -> None:
        await asyncio.sleep(0.5)
        self.seen = (*self.seen, f"close in {self.state.current.name}")
        if self.goes_wrong is not None:
            raise self.goes_wrong

    @command
    def go(self, state: str, reason: str = "") -> None:
        """Enter a state as the device.

        Args:
            state: Its name.
            reason: Why.
        """
        self.state.to(state, reason)

    @command
    def hop(self) -> None:
        """Enter two states, one right after the other, from a thread."""
        self.state.to(ValveChart.ON, "first")
        self.state.to(ValveChart.CLOSED, "second")

    @task
    def trip(self, session: Session) -> None:
        """Trip."""
        self.state.fire("_trip", "over-pressure")


@pytest.fixture
def valve(panel_of: PanelOf, hang: Hang) -> Panel:
    Valve.hang = hang
    return panel_of(Valve, "valve")


# -- what clients ask for ----------------------------------------------------------------------------


def test_a_state_tells_since_when_by_whom_why_and_what_is_allowed(valve: Panel) -> None:
    valve.clock.advance(5.0)
    before = valve.state()
    after = valve.state(trigger="power", reason="work begins")

    assert (before["state"], before["tango"], before["number"], before["by"]) == ("CLOSED", "CLOSE", 2, "agent")
    assert before["allowed"] == ["open", "power", "press"]
    assert (after["state"], after["reason"], after["allowed"]) == ("ON", "work begins", ["shut", "hand"])
    assert after["by"] not in {"", "agent"}
    assert after["since"] == pytest.approx(valve.clock.wall())
    assert (after["seq"], after["epoch"]) == (before["seq"] + 1, before["epoch"])


def test_guard_and_action_run_in_order_and_the_state_between_is_seen(valve: Panel) -> None:
    edges = valve.told(DeviceEventKind.STATE)

    report = valve.state(trigger="open")

    assert valve.device.seen == ("guard", "action in MOVING")
    assert report["state"] == "OPEN"
    assert [(edge["from"], edge["to"], edge["trigger"]) for edge in edges] == [
        ("CLOSED", "MOVING", "open"), ("MOVING", "OPEN", "open"),
    ]  # fmt: skip


def test_an_edge_tells_what_is_allowed_from_then_on(valve: Panel) -> None:
    edges = valve.told(DeviceEventKind.STATE)

    valve.state(trigger="open")

    assert [edge["allowed"] for edge in edges] == [[], ["close", "power"]]
    assert [edge["tango"] for edge in edges] == ["MOVING", "OPEN"]
    assert edges[1]["seq"] == edges[0]["seq"] + 1


@pytest.mark.parametrize(("answer", "words"), [(False, "does not allow it now"), ("air is off; open it", "air is off")])
def test_a_guard_refuses_and_nothing_changes(valve: Panel, answer: Any, words: str) -> None:
    valve.device.may = answer
    edges = valve.told(DeviceEventKind.STATE)

    with pytest.raises(NotAllowedError) as caught:
        valve.state(trigger="open")

    assert words in caught.value.message
    assert "open is refused" in caught.value.message
    assert caught.value.allowed == ["open", "power", "press"]
    assert valve.device.seen == ("guard",)
    assert (valve.state()["state"], edges) == ("CLOSED", [])


@pytest.mark.parametrize("trigger", ["open", "close"])
def test_an_action_that_fails_leaves_the_state_and_tells_why(valve: Panel, trigger: str) -> None:
    if trigger == "close":
        valve.state(trigger="open")
    before = valve.state()["state"]
    valve.device.goes_wrong = OSError("stuck at 3 %")
    edges = valve.told(DeviceEventKind.STATE)

    with pytest.raises(OcsError, match=f"{trigger} failed with OSError: stuck at 3 % in do_{trigger}") as caught:
        valve.state(trigger=trigger)

    assert caught.value.code is ErrorCode.FAILED
    assert valve.state()["state"] == before
    assert [edge["to"] for edge in edges] == ["MOVING", before]
    assert f"{trigger} failed" in edges[1]["reason"]
    assert trigger in edges[1]["allowed"]


def test_two_clients_at_once_get_one_transition_and_one_refusal(valve: Panel, hang: Hang) -> None:
    hang.armed = True
    first = valve.asked(uris.state(*valve.where), trigger="open")
    meanwhile = valve.state()
    with pytest.raises(BusyError, match="valve is in the middle of open; wait until it is done"):
        valve.state(trigger="power")
    hang.release()
    valve.clock.run_until(lambda: first)

    assert (meanwhile["state"], meanwhile["allowed"]) == ("MOVING", [])
    assert first[0]["state"] == "OPEN"


def test_a_long_action_goes_on_after_its_caller_was_answered(valve: Panel, hang: Hang) -> None:
    hang.armed = True

    with pytest.raises(DeadlineError) as caught:
        valve.state(trigger="open")
    during = valve.state()
    valve.clock.advance(60.0)
    with pytest.raises(BusyError):
        valve.state(trigger="open")
    hang.release()
    valve.clock.advance(1.0)

    assert "open has not ended within 8 s, it goes on" in caught.value.message
    assert during["state"] == "MOVING"
    assert valve.state()["state"] == "OPEN"


def test_to_takes_the_only_way_there(valve: Panel) -> None:
    report = valve.state(to="open")

    assert report["state"] == "OPEN"


def test_to_where_the_device_is_already_does_nothing(valve: Panel) -> None:
    edges = valve.told(DeviceEventKind.STATE)

    report = valve.state(to="CLOSED")

    assert (report["state"], edges) == ("CLOSED", [])


def test_to_with_several_ways_names_them(valve: Panel) -> None:
    with pytest.raises(NotAllowedError, match="2 transitions lead to ON") as caught:
        valve.state(to="ON")

    assert caught.value.allowed == ["power", "press"]
    assert valve.state()["state"] == "CLOSED"


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"trigger": "close"}, NotAllowedError, "allowed in state CLOSED: open, power, press"),
        ({"trigger": "_trip"}, NotAllowedError, "the device's own"),
        ({"trigger": "opne"}, NotFoundError, "did you mean open"),
        ({"trigger": 7}, NotFoundError, "there is no transition 7"),
        ({"to": "LOCAL"}, NotAllowedError, "allowed in state CLOSED: open, power, press"),
        ({"to": "NOWHERE"}, NotFoundError, "there is no state NOWHERE"),
        ({"to": 7}, NotFoundError, "there is no state 7"),
        ({"trigger": "open", "to": "OPEN"}, ParameterError, "not both"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_changes_nothing(
    valve: Panel, asked: dict[str, Any], error: type[OcsError], words: str
) -> None:
    with pytest.raises(error) as caught:
        valve.state(**asked)

    assert words in caught.value.message
    assert valve.state()["state"] == "CLOSED"
    assert valve.device.seen == ()


# -- what the device does ----------------------------------------------------------------------------


def test_the_device_fires_its_own_triggers(valve: Panel) -> None:
    edges = valve.told(DeviceEventKind.STATE)

    valve.site.device("valve").run("trip")

    assert (edges[0]["from"], edges[0]["to"], edges[0]["trigger"]) == ("CLOSED", "FAULT", "_trip")
    assert (edges[0]["by"], edges[0]["reason"]) == ("agent", "over-pressure")
    assert valve.state()["allowed"] == ["reset"]


@pytest.mark.parametrize("name", ["FAULT", "ALARM", "UNKNOWN", "INIT"])
def test_the_device_reaches_four_states_from_anywhere(valve: Panel, name: str) -> None:
    valve.command("go", [name, "because"])

    report = valve.state()
    assert (report["state"], report["by"], report["reason"]) == (name, "agent", "because")


def test_the_device_cannot_go_where_its_chart_has_no_way(valve: Panel) -> None:
    with pytest.raises(NotAllowedError, match="the chart has no way from CLOSED to LOCAL"):
        valve.command("go", ["LOCAL"])

    assert valve.state()["state"] == "CLOSED"


def test_the_device_cannot_go_to_a_state_that_does_not_exist(valve: Panel) -> None:
    with pytest.raises(NotFoundError, match="there is no state BROKEN"):
        valve.command("go", ["BROKEN"])


def test_two_edges_from_a_thread_are_told_each_as_it_was(valve: Panel) -> None:
    edges = valve.told(DeviceEventKind.STATE)

    valve.command("hop")

    assert [(edge["from"], edge["to"], edge["reason"], edge["state"]) for edge in edges] == [
        ("CLOSED", "ON", "first", "ON"), ("ON", "CLOSED", "second", "CLOSED"),
    ]  # fmt: skip
    assert [edge["allowed"] for edge in edges] == [["shut", "hand"], ["open", "power", "press"]]


def test_a_device_that_trips_during_the_guard_does_not_act(valve: Panel) -> None:
    valve.device.trips = True

    with pytest.raises(NotAllowedError, match="valve went to FAULT meanwhile"):
        valve.state(trigger="open")

    assert valve.device.seen == ("guard",)
    assert valve.state()["state"] == "FAULT"


def test_a_device_that_trips_during_the_action_stays_in_fault(valve: Panel, hang: Hang) -> None:
    hang.armed = True
    asked = valve.asked(uris.state(*valve.where), trigger="open")
    valve.device.state.fire("_trip", "over-pressure")
    hang.release()
    valve.clock.run_until(lambda: asked)

    assert asked[0]["state"] == "FAULT"
    assert valve.state()["reason"] == "over-pressure"


# -- alarms ------------------------------------------------------------------------------------------


def powered(valve: Panel) -> None:
    valve.state(trigger="power")


def test_a_channel_beyond_its_limits_makes_on_be_alarm_with_a_line_each(valve: Panel) -> None:
    powered(valve)
    edges = valve.told(DeviceEventKind.STATE)
    valve.device.pascal = 5.0
    valve.clock.advance(1.0)
    one = valve.state()
    valve.device.flow.set(6.0)
    two = valve.state()

    assert (one["state"], one["tango"], one["number"]) == ("ON", "ALARM", 11)
    assert one["status"] == "The device is in ALARM state.\npressure is 5 Pa, at or above its max_alarm 5 Pa"
    assert two["status"].splitlines()[1:] == [
        "pressure is 5 Pa, at or above its max_alarm 5 Pa", "flow is 6 1, at or above its max_alarm 5 1",
    ]  # fmt: skip
    assert [(edge["from"], edge["to"], edge["tango"], edge["reason"]) for edge in edges] == [
        ("ON", "ON", "ALARM", "pressure is 5 Pa, at or above its max_alarm 5 Pa"), ("ON", "ON", "ALARM", "status"),
    ]  # fmt: skip


def test_the_alarm_goes_with_its_last_cause(valve: Panel) -> None:
    powered(valve)
    edges = valve.told(DeviceEventKind.STATE)
    valve.device.flow.set(6.0)
    valve.device.pascal = 4.0
    valve.clock.advance(1.0)
    valve.device.flow.set(1.0)
    still = valve.state()["tango"]
    valve.device.pascal = 1.0
    valve.clock.advance(1.0)

    assert still == "ALARM"
    assert valve.state()["tango"] == "ON"
    assert valve.state()["status"] == "The device is in ON state."
    assert [edge["tango"] for edge in edges] == ["ALARM", "ALARM", "ALARM", "ON"]  # each other culprit is told


def test_an_alarm_that_code_set_stays_when_no_channel_is_at_fault(valve: Panel) -> None:
    valve.device.state.to(StateChart.ALARM, "smoke")
    valve.device.flow.set(6.0)
    valve.device.flow.set(1.0)

    assert valve.state()["tango"] == "ALARM"


def test_a_class_says_which_states_an_alarm_covers(panel_of: PanelOf) -> None:
    class Strict(Valve):
        """Alarms cover CLOSE too."""

        alarm_over = frozenset({TangoState.CLOSE})

    strict = panel_of(Strict)
    strict.device.flow.set(6.0)

    assert strict.state()["tango"] == "ALARM"


def test_asking_for_the_state_never_touches_the_hardware(valve: Panel) -> None:
    powered(valve)
    valve.read(["State", "Status"], source="device")
    valve.command("State")
    valve.state()

    assert valve.device.reads == 0
    assert valve.state()["tango"] == "ON"


def test_a_class_may_have_its_channels_read_for_the_state(panel_of: PanelOf, hang: Hang) -> None:
    class Asking(Valve):
        """Asks as Tango does."""

        state_asks_hardware = True

    Asking.hang = hang
    asking = panel_of(Asking)
    powered(asking)

    word = asking.command("State")
    value = asking.value("State")

    assert (word, value) == ("ALARM", "ALARM")
    assert asking.device.reads == 2


# -- status ------------------------------------------------------------------------------------------


def test_a_status_in_the_authors_words_lasts_until_the_state_changes(valve: Panel) -> None:
    told = valve.told(DeviceEventKind.STATE)
    valve.device.set_status("warming up")
    valve.device.set_status("warming up")
    said = (valve.state()["status"], valve.value("Status"), valve.command("Status"))
    valve.command("go", ["CLOSED"])
    same = valve.state()["status"]
    powered(valve)

    assert said == ("warming up",) * 3
    assert same == "warming up"
    assert valve.state()["status"] == "The device is in ON state."
    assert [event["status"] for event in told] == ["warming up", "The device is in ON state."]


def test_state_and_status_are_told_by_state_events_alone(valve: Panel) -> None:
    words, lines = valve.events("State"), valve.events("Status")
    told = valve.told(DeviceEventKind.STATE)

    powered(valve)
    valve.device.flow.set(6.0)
    valve.clock.settle()

    assert [event["tango"] for event in told] == ["ON", "ALARM"]
    assert told[-1]["status"].splitlines()[1] == "flow is 6 1, at or above its max_alarm 5 1"
    assert words == lines == []
    assert "state events" in valve.config("get", "State")["State"]["events"]["change"]


def test_the_history_of_state_has_the_number_of_each(valve: Panel) -> None:
    powered(valve)
    valve.state(trigger="shut")

    history = valve.read("State", history=3)["State"]

    assert [(told["value"], told["number"]) for told in history] == [("CLOSE", 2), ("ON", 0), ("CLOSE", 2)]
    now = valve.reading("State")
    assert (now["number"], now["chart"]) == (2, "CLOSED")


class NestedChart(StateChart):
    OFF = State(tango="OFF", initial=True)
    AUTO = State(tango="RUNNING")
    IDLE = State(parent=AUTO, initial=True)
    WORK = State(parent=AUTO)

    start = transition(OFF, AUTO)
    work = transition(IDLE, WORK)
    stop = transition(AUTO, OFF)
    resume = transition(OFF, recall(AUTO))


class Nested(Device):
    """A device with a state in a state."""

    chart = NestedChart


def test_a_transition_may_come_back_to_the_child_that_was_left(panel_of: PanelOf) -> None:
    nested = panel_of(Nested)
    for trigger in ("start", "work", "stop"):
        nested.state(trigger=trigger)

    report = nested.state(trigger="resume")

    assert (report["state"], report["tango"]) == ("WORK", "RUNNING")
    assert nested.state(to="AUTO")["state"] == "WORK"
