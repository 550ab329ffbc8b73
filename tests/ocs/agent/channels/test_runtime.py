"""A channel at work: readings and what they are worth, set points, settling, what code pushes and forbids."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import numpy as np
import pytest

from ocs.agent import Channel, Device, Limits, Quality, Sample, State, StateChart, Unit, transition
from ocs.model.errors import NotAllowedError, OcsError, ParameterError
from ocs.model.event import EventKind
from ocs.testing.running import Site
from ocs.wire import uris
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]
Kelvin = Annotated[float, Unit("K"), Limits(0, 400)]


class Speed(Enum):
    SLOW = 0
    FAST = 1


class OvenChart(StateChart):
    OFF = State(tango="OFF", initial=True)
    ON = State(tango="ON")
    switch_on, switch_off = transition(OFF, ON), transition(ON, OFF)


class Oven(Device):
    """An oven with a channel of each sort."""

    chart = OvenChart
    kelvin = 300.0
    open_door: Any = False
    got: tuple[Any, ...] = ()

    temperature = Channel(Kelvin, period_s=1.0, max_warning=350, max_alarm=380, abs_change=1, depth=3)
    setpoint = Channel(Kelvin)
    followed = Channel(Kelvin, access="rww", partner="setpoint", settle=(1.0, 2.0), delta_val=5, delta_t_s=3)
    steady = Channel(Kelvin, access="rw", settle=(1.0, 0.0))
    speed = Channel(Speed)
    limit = Channel(float, unit="K", access="rw", max_alarm=50)
    note = Channel(str, pushes=("user", "data_ready"))
    door = Channel(bool)
    guarded = Channel(float, unit="1", when=OvenChart.ON, write_when=(OvenChart.ON,))
    trace = Channel(float, unit="V", max_x=4)

    @temperature.read
    def read_temperature(self) -> float:
        return self.kelvin

    @setpoint.write
    def write_setpoint(self, value: float) -> None:
        self.got = (*self.got, value)

    @followed.read
    def read_followed(self) -> float:
        return self.kelvin

    @steady.read
    def read_steady(self) -> float:
        return self.kelvin

    @speed.write
    def write_speed(self, value: Speed) -> None:
        self.got = (*self.got, value)

    @door.allowed
    def may_use_door(self, *, write: bool) -> Any:
        if isinstance(self.open_door, Exception):
            raise self.open_door
        return self.open_door

    @guarded.write
    def write_guarded(self, value: float) -> None:
        self.got = (*self.got, value)


@pytest.fixture
def oven(panel_of: PanelOf) -> Panel:
    return panel_of(Oven, "oven")


def test_the_ring_keeps_the_newest_readings_errors_among_them(oven: Panel) -> None:
    for kelvin in (301.0, None, 303.0, 304.0):
        oven.device.kelvin = kelvin
        oven.clock.advance(1.0)

    history = oven.read("temperature", history=100)["temperature"]

    assert [told["value"] for told in history] == [None, 303.0, 304.0]
    assert "gave no value" in history[0]["error"]["message"]


def test_a_reading_has_value_quality_time_set_point_and_age(oven: Panel) -> None:
    oven.write({"setpoint": 310.0})
    oven.clock.advance(1.25)

    told = oven.reading("temperature")

    assert told == {"value": 300.0, "quality": "VALID", "time": pytest.approx(oven.clock.wall() - 0.25), "age_s": 0.25}
    assert oven.reading("setpoint")["setpoint"] == 310.0


@pytest.mark.parametrize(
    ("kelvin", "quality", "state"),
    [(349.9, "VALID", "OFF"), (350.0, "WARNING", "OFF"), (380.0, "ALARM", "OFF"), (float("nan"), "VALID", "OFF")],
)
def test_limits_are_inclusive_and_only_on_and_alarm_are_overlaid(
    oven: Panel, kelvin: float, quality: str, state: str
) -> None:
    oven.device.kelvin = kelvin
    oven.clock.advance(1.0)

    assert oven.reading("temperature")["quality"] == quality
    assert oven.state()["tango"] == state


def test_a_quality_that_code_chose_is_never_overridden(oven: Panel) -> None:
    oven.state(trigger="switch_on")
    oven.device.kelvin = Sample(390.0, quality=Quality.CHANGING)
    oven.clock.advance(1.0)

    assert oven.reading("temperature")["quality"] == "CHANGING"
    assert oven.state()["tango"] == "ON"


def test_code_that_says_alarm_makes_the_device_be_in_alarm_with_a_line_of_its_own(oven: Panel) -> None:
    oven.state(trigger="switch_on")
    oven.device.note.set("smoke", quality=Quality.ALARM)

    assert oven.state()["tango"] == "ALARM"
    assert oven.state()["status"].splitlines()[1] == "note is in ALARM"


def test_an_invalid_value_is_none(oven: Panel) -> None:
    oven.device.limit.set(4.0, quality=Quality.INVALID)

    told = oven.reading("limit")

    assert (told["value"], told["quality"], "error" in told) == (None, "INVALID", False)


# -- code --------------------------------------------------------------------------------------------


def test_code_gives_a_channel_its_value(oven: Panel) -> None:
    oven.device.limit.set(7, time=1_600_000_000.0)

    told = oven.reading("limit")

    assert (told["value"], told["time"]) == (7.0, 1_600_000_000.0)
    assert oven.device.limit.value == 7.0
    assert oven.device.limit.get() == 7.0


def test_code_that_gives_the_wrong_type_gets_the_error_and_the_old_value_stays(oven: Panel) -> None:
    oven.device.limit.set(7.0)

    with pytest.raises(ParameterError, match="limit is 'warm'"):
        oven.device.limit.set("warm")

    assert oven.value("limit") == 7.0


def test_code_says_that_there_is_no_value_and_why(oven: Panel) -> None:
    oven.device.limit.set(7.0)
    oven.device.limit.fail("the sensor is unplugged; plug it in")

    told = oven.reading("limit")

    assert told["error"]["message"] == "the sensor is unplugged; plug it in"
    assert oven.device.limit.value is None
    with pytest.raises(OcsError, match="unplugged"):
        oven.device.limit.get()


def test_code_pushes_only_what_the_declaration_names(oven: Panel) -> None:
    user, ready = oven.events("note", EventKind.USER), oven.events("note", EventKind.DATA_READY)
    oven.device.note.set("hot")

    oven.device.note.push("user")
    oven.device.note.push("data_ready", counter=7)
    with pytest.raises(NotAllowedError, match='declare pushes=\\("archive",\\)'):
        oven.device.note.push("archive")
    with pytest.raises(NotAllowedError, match="nonsense"):
        oven.device.note.push("nonsense")
    oven.clock.settle()

    assert [event["value"] for event in user] == ["hot"]
    assert [event["counter"] for event in ready] == [7]


# -- set points --------------------------------------------------------------------------------------


def test_a_channel_read_with_write_has_the_set_point_of_its_partner(oven: Panel) -> None:
    oven.write({"setpoint": 310.0})

    assert oven.reading("followed")["setpoint"] == 310.0
    refused = oven.write({"followed": 1.0})["followed"]["error"]
    assert "cannot be written" in refused["message"]


def test_a_channel_read_with_write_is_in_alarm_when_it_does_not_follow_its_partner(oven: Panel) -> None:
    oven.write({"setpoint": 310.0})
    early = oven.reading("followed")["quality"]
    oven.clock.advance(3.0)

    assert (early, oven.reading("followed")["quality"]) == ("VALID", "ALARM")


def test_a_value_has_settled_when_it_stayed_near_its_set_point_long_enough(oven: Panel) -> None:
    told = []
    oven.write({"setpoint": 310.0})
    for kelvin in (300.0, 309.5, 310.0, 310.5, 320.0):
        oven.device.kelvin = kelvin
        told.append(oven.reading("followed")["settled"])
        oven.clock.advance(1.0)

    assert told == [False, False, False, True, False]


def test_the_reading_of_before_a_write_does_not_pass_for_the_one_after(oven: Panel) -> None:
    oven.config("set", "steady", {"poll_period_s": 100.0})
    oven.write({"steady": 300.0})
    oven.clock.advance(100.0)
    before = oven.reading("steady")
    oven.write({"steady": 320.0})

    cached = oven.reading("steady")

    assert (before["setpoint"], before["settled"]) == (300.0, True)
    assert (cached["setpoint"], cached["settled"]) == (320.0, False)


def test_that_a_value_has_settled_is_told_once_for_each_write(oven: Panel) -> None:
    oven.config("set", "steady", {"poll_period_s": 1.0, "abs_change": 1000.0})
    events = oven.events("steady")
    for kelvin in (300.0, 302.0, 302.0):
        oven.device.kelvin = kelvin
        oven.write({"steady": kelvin})
        oven.clock.advance(3.0)

    settled = [event["value"] for event in events if event["reason"] == "settled"]

    assert settled == [300.0, 302.0, 302.0]


def test_writing_gives_the_author_his_own_enum(oven: Panel) -> None:
    for given in ("FAST", 0, Speed.FAST.name):
        oven.write({"speed": given})

    assert oven.device.got == (Speed.FAST, Speed.SLOW, Speed.FAST)
    assert oven.reading("speed")["value"] == "FAST"


@pytest.mark.parametrize(
    ("channel", "value", "code"),
    [
        ("setpoint", 400.0, None),
        ("setpoint", 0, None),
        ("setpoint", 400.001, "out_of_range"),
        ("setpoint", -1e-9, "out_of_range"),
        ("setpoint", "warm", "wrong_type"),
        ("setpoint", None, "wrong_type"),
        ("setpoint", True, "wrong_type"),
        ("setpoint", [1.0], "wrong_type"),
        ("speed", "FASTER", "out_of_range"),
        ("speed", 2, "out_of_range"),
        ("temperature", 3.0, "not_allowed"),
        ("temperature", "warm", "not_allowed"),
        ("State", "ON", "not_allowed"),
    ],
)
def test_a_write_is_checked(oven: Panel, channel: str, value: Any, code: str | None) -> None:
    told = oven.write({channel: value})[channel]

    assert (told["error"]["code"] if "error" in told else None) == code


def test_nan_is_never_written(oven: Panel) -> None:
    told = oven.write({"setpoint": float("nan")})["setpoint"]

    assert told["error"]["code"] == "out_of_range"
    assert oven.device.got == ()


def test_a_refusal_names_limit_and_nearest_allowed_value(oven: Panel) -> None:
    error = oven.write({"setpoint": 500.0})["setpoint"]["error"]

    assert (error["given"], error["limit"], error["allowed"]) == (500.0, 400.0, [0.0, 400.0])
    assert "the nearest allowed value is 400 K" in error["message"]


# -- who may -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (True, None),
        (np.True_, None),
        (None, None),
        (False, "the device does not allow it now"),
        (np.False_, "the device does not allow it now"),
        ("the door is open; close it", "the door is open; close it"),
        (ZeroDivisionError("by zero"), "by zero"),
    ],
)
def test_the_devices_own_check_refuses_by_false_or_a_sentence(oven: Panel, answer: Any, refusal: str | None) -> None:
    oven.device.open_door = True
    oven.device.door.set(True)
    oven.device.open_door = answer

    read = oven.read(["door", "State"])
    written = oven.write({"door": True})["door"]

    told = read["door"].get("error", {}).get("message")
    assert (told is None) if refusal is None else (refusal in told)
    assert read["State"]["value"] == "OFF"
    assert "cannot be written: it is read only" in written["error"]["message"]


def test_a_state_forbids_reading_and_writing_and_the_refusal_names_it(oven: Panel) -> None:
    read, written = oven.reading("guarded"), oven.write({"guarded": 1.0})["guarded"]
    oven.state(trigger="switch_on")
    allowed = oven.write({"guarded": 2.0})["guarded"]

    assert "channel guarded cannot be read while oven is in OFF; it can in ON" in read["error"]["message"]
    assert "channel guarded cannot be written while oven is in OFF; it can in ON" in written["error"]["message"]
    assert (written["error"]["given"], written["error"]["allowed"]) == ("OFF", ["ON"])
    assert allowed["setpoint"] == 2.0
    assert oven.device.got == (2.0,)


# -- configuration -----------------------------------------------------------------------------------


def test_new_limits_hold_at_once_for_a_channel_that_is_not_polled(oven: Panel) -> None:
    oven.state(trigger="switch_on")
    oven.device.limit.set(40.0)

    oven.config("set", "limit", {"max_alarm": 40.0})
    alarm = oven.state()["tango"]
    oven.config("reset", "limit", ["max_alarm"])

    assert alarm == "ALARM"
    assert oven.reading("limit")["quality"] == "VALID"
    assert oven.state()["tango"] == "ON"


def test_what_a_channel_has_from_the_start_may_be_beyond_its_limits(panel_of: PanelOf) -> None:
    class Warm(Device):
        """Begins beyond its limits."""

        limit = Channel(float, unit="K", initial=60.0, max_alarm=50)

    warm = panel_of(Warm)

    assert warm.reading("limit")["quality"] == "ALARM"
    assert warm.state()["tango"] == "ALARM"


def test_new_labels_hold_for_reading_and_writing(oven: Panel) -> None:
    oven.config("set", "speed", {"enum_labels": ["crawl", "rush"]})

    written = oven.write({"speed": "rush"}, readback=True)["speed"]
    old = oven.write({"speed": "FAST"})["speed"]

    assert written["reading"]["value"] == "rush"
    assert oven.device.got == (Speed.FAST,)
    assert old["error"]["allowed"] == ["crawl", "rush"]


def test_a_spectrum_has_dimensions_and_a_limit_of_them(oven: Panel) -> None:
    oven.device.trace.set([1.0, 2.0, 3.0])
    told = oven.reading("trace")
    columns = oven.reading("trace", columns=True)

    with pytest.raises(ParameterError, match="it holds at most 4"):
        oven.device.trace.set([0.0] * 5)

    assert (told["value"], told["dims"]) == ([1.0, 2.0, 3.0], [3, 0])
    assert columns["value"] == {"dtype": "<f8", "shape": [3], "data": np.array([1.0, 2.0, 3.0]).tobytes()}


def test_an_empty_spectrum_is_legal(oven: Panel) -> None:
    oven.device.trace.set([])

    assert (oven.value("trace"), oven.reading("trace")["dims"]) == ([], [0, 0])


def test_two_requests_at_once_see_one_value(memory_site: Site) -> None:
    memory_site.start(Oven("oven"))
    oven = Panel(memory_site, memory_site.agents[0].members[0].device)
    asked = [oven.asked(uris.write(*oven.where), {"setpoint": 310.0}), oven.asked(uris.read(*oven.where), "setpoint")]
    oven.clock.run_until(lambda: all(asked))

    assert asked[1][0]["setpoint"]["setpoint"] == 310.0
