"""Channels as a client handles them, against an agent in memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ocs.client.channel_events import ChannelEvent
from ocs.model.errors import (
    ConfigurationError,
    DeadlineError,
    LinkLostError,
    NoDataError,
    NotAllowedError,
    NotFoundError,
    OutOfRangeError,
    ParameterError,
    UnknownParameterError,
)
from ocs.model.event import EventKind, Reason
from ocs.model.quality import Quality
from ocs.testing.memory_router import MemoryRouter
from ocs.testing.running import Site
from tests.ocs.client.oven import Gear, Oven

# -- value -----------------------------------------------------------------------------------------


def test_a_channel_gives_reading_value_and_unit(oven: Any) -> None:
    reading = oven.temperature.read()

    assert (reading.value, reading.quality, reading.unit) == (300.0, Quality.VALID, "K")
    assert (oven.temperature.get(), oven.temperature.unit) == (300.0, "K")


def test_an_array_comes_as_an_array(oven: Any) -> None:
    assert np.array_equal(oven.profile.get(), [1.0, 2.0, 3.0])


def test_a_reading_knows_its_age(oven: Any, memory_site: Site) -> None:
    oven.temperature.read(source="device")
    memory_site.clock.advance(0.25)

    assert oven.temperature.read(max_age_s=1.0).age_s == pytest.approx(0.25)


def test_a_channel_that_cannot_be_read_raises_its_own_error(oven: Any, hardware: Oven) -> None:
    hardware.actual = None

    with pytest.raises(LinkLostError, match=r"^oven\.temperature: the sensor does not answer"):
        oven.temperature.read(source="device")


def test_a_channel_without_value_has_none_to_get(oven: Any) -> None:
    with pytest.raises(NoDataError, match=r"^oven\.fan: .*no value yet"):
        oven.fan.get()


def test_a_write_gives_back_what_was_read_after_it(oven: Any, hardware: Oven) -> None:
    reading = oven.setpoint.put(310, readback=True)

    assert (reading.value, hardware.given) == (310.0, [310.0])
    assert oven.setpoint.put(311) is None


def test_a_member_of_an_enum_is_written_by_its_name(oven: Any, hardware: Oven) -> None:
    oven.fan.put(Gear.FAST)

    assert hardware.given == [Gear.FAST]
    assert oven.fan.get() == "FAST"


def test_a_write_that_is_only_checked_does_nothing(oven: Any, hardware: Oven) -> None:
    oven.setpoint.put(310, check=True)

    assert hardware.given == []


def test_a_write_beyond_the_limits_is_refused_with_them(oven: Any, hardware: Oven) -> None:
    with pytest.raises(OutOfRangeError, match=r"^oven\.setpoint: .*nearest allowed value is 400 K") as refused:
        oven.setpoint.put(500)

    assert refused.value.allowed == [0.0, 400.0]
    assert hardware.given == []


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float64("nan"), [1.0, math.nan], np.array([math.inf])])
def test_a_write_of_what_is_no_finite_number_is_refused(oven: Any, value: Any) -> None:
    with pytest.raises(OutOfRangeError, match="give a finite number"):
        oven.setpoint.put(value)


def test_a_write_of_the_wrong_type_is_refused(oven: Any) -> None:
    with pytest.raises(ParameterError, match=r"^oven\.setpoint: .*must be a number"):
        oven.setpoint.put("hot")


def test_a_write_of_what_can_only_be_read_is_refused(oven: Any) -> None:
    with pytest.raises(NotAllowedError, match=r"^oven\.temperature: .*read only"):
        oven.temperature.put(3.0)


def test_many_channels_are_read_and_written_each_with_its_own_error(oven: Any) -> None:
    readings = oven.read("temp*, pressure, nonsense")
    written = oven.write({"setpoint": 310, "fan": "STORM", "nonsense": 1, "count": math.nan})

    assert readings["temperature"].value == 300.0
    assert isinstance(readings["nonsense"].error, NotFoundError)
    assert written["setpoint"].setpoint == 310.0
    assert isinstance(written["fan"].error, OutOfRangeError)
    assert isinstance(written["nonsense"].error, NotFoundError)
    assert list(written) == ["setpoint", "fan", "nonsense", "count"]


def test_the_newest_readings_are_kept_with_the_failures_among_them(
    oven: Any, hardware: Oven, memory_site: Site
) -> None:
    hardware.actual = None
    memory_site.clock.advance(2.0)
    hardware.actual = 301.0
    memory_site.clock.advance(1.0)

    *_, failed, good = oven.temperature.recent(5)

    assert (failed.value, str(failed.error)) == (None, "oven.temperature: the sensor does not answer")
    assert good.value == 301.0


def test_a_channel_cannot_be_assigned_to(oven: Any) -> None:
    with pytest.raises(AttributeError, match=r"a channel is written by put\(value\)"):
        oven.setpoint = 310


# -- configuration -----------------------------------------------------------------------------------


def test_a_changed_configuration_holds_at_once(oven: Any) -> None:
    told = oven.temperature.configure(max_alarm=390, label="door")

    assert sorted(told["changed"]) == ["label", "max_alarm"]
    assert oven.temperature.interface.config.max_alarm == 390.0
    assert "at or above 390 K" in oven.temperature.__doc__
    assert oven.temperature.config()["sources"]["max_alarm"] == "device"


def test_a_change_is_taken_back(oven: Any) -> None:
    oven.temperature.configure(max_alarm=390, label="door")

    oven.temperature.reset("max_alarm")
    first = oven.temperature.config()["values"]
    oven.temperature.reset()

    assert (first["max_alarm"], first["label"]) == (380.0, "door")
    assert oven.temperature.config()["values"]["label"] == "temperature"


def test_a_configuration_that_makes_no_sense_is_refused(oven: Any) -> None:
    with pytest.raises(UnknownParameterError, match=r"^oven\.temperature: .*max_alarm"):
        oven.temperature.configure(max_alarn=390)
    with pytest.raises(ParameterError, match=r"^oven\.temperature: "):
        oven.temperature.configure(min_alarm=390)

    assert oven.temperature.config()["values"]["max_alarm"] == 380.0


# -- events ------------------------------------------------------------------------------------------


def test_a_subscriber_gets_the_present_value_first_then_each_change(
    oven: Any, hardware: Oven, memory_site: Site
) -> None:
    told: list[ChannelEvent] = []
    subscription = oven.temperature.subscribe(told.append)
    hardware.actual = 302.0
    memory_site.clock.advance(2.0)

    subscription.close()
    hardware.actual = 304.0
    memory_site.clock.advance(2.0)

    assert [(event.value, event.reason) for event in told] == [(300.0, Reason.SUBSCRIBED), (302.0, Reason.VALUE)]
    assert (told[1].kind, told[1].reading.unit, told[1].lost) == (EventKind.CHANGE, "K", 0)


def test_a_kind_without_source_says_what_to_configure(oven: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^oven\.pressure sends no change events: .*set poll_period_s"):
        oven.pressure.subscribe(print)
    with pytest.raises(ConfigurationError, match=r"^oven\.pressure sends no periodic events: .*set poll_period_s"):
        oven.pressure.follow("periodic")


def test_a_kind_gets_a_source_by_configuration(oven: Any, memory_site: Site) -> None:
    told: list[ChannelEvent] = []
    oven.pressure.configure(poll_period_s=1.0)

    oven.pressure.subscribe(told.append, kind="periodic")
    memory_site.clock.advance(2.5)

    assert [event.reason for event in told] == [Reason.SUBSCRIBED, Reason.PERIOD, Reason.PERIOD]


def test_an_unknown_kind_is_refused_with_those_that_there_are(oven: Any) -> None:
    with pytest.raises(ParameterError, match="there are no sudden events; a channel has change, periodic"):
        oven.temperature.subscribe(print, kind="sudden")


def test_a_subscriber_to_the_configuration_gets_it_first(oven: Any, memory_site: Site) -> None:
    told: list[ChannelEvent] = []
    oven.temperature.subscribe(told.append, kind="config")

    oven.temperature.configure(max_alarm=390)
    memory_site.clock.settle()

    assert [event.value["max_alarm"] for event in told] == [380.0, 390.0]


def test_what_code_pushes_comes_with_its_counter(oven: Any, hardware: Oven, memory_site: Site) -> None:
    told: list[ChannelEvent] = []
    oven.count.subscribe(told.append, kind="data_ready")

    hardware.count.push("data_ready", counter=3)
    memory_site.clock.settle()

    assert [(event.kind, event.value) for event in told] == [(EventKind.DATA_READY, 3)]


def test_a_channel_is_followed_from_its_present_value_on(oven: Any, hardware: Oven) -> None:
    values = []
    with oven.temperature.follow() as events:
        for event in events:
            values.append(event.value)
            if len(values) == 3:
                break
            hardware.actual = 300.0 + len(values)

    assert values == [300.0, 301.0, 302.0]


def test_who_follows_hears_what_happens_between_the_call_and_the_first_look(
    oven: Any, hardware: Oven, memory_site: Site
) -> None:
    events = oven.temperature.follow()
    for actual in (301.0, 302.0):
        hardware.actual = actual
        memory_site.clock.advance(1.0)

    assert [next(events).value for _ in range(3)] == [300.0, 301.0, 302.0]
    events.close()


def test_who_wants_the_latest_gets_it(oven: Any, hardware: Oven, memory_site: Site) -> None:
    events = oven.temperature.follow(keep="latest")
    for actual in (301.0, 302.0):
        hardware.actual = actual
        memory_site.clock.advance(1.0)

    assert [(event.value, event.lost) for event in (next(events), next(events))] == [(300.0, 0), (302.0, 0)]
    events.close()


def test_who_wants_one_event_in_a_while_gets_no_more(oven: Any, hardware: Oven, memory_site: Site) -> None:
    oven.temperature.configure(event_period_s=1.0)
    with oven.temperature.follow("periodic", keep=3.0) as events:
        next(events)
        times = []
        for _ in range(3):
            next(events)
            times.append(memory_site.clock.now)

    assert [later - earlier for earlier, later in pairwise(times)] == [3.0, 3.0]


def test_a_pause_that_is_too_long_ends_following(oven: Any) -> None:
    events = oven.temperature.follow(timeout_s=5.0)
    next(events)

    with pytest.raises(DeadlineError, match=r"nothing was published on .* within 5 s"):
        next(events)
    with pytest.raises(StopIteration):
        next(events)


def test_what_is_no_event_ends_nothing(oven: Any, hardware: Oven, memory_site: Site) -> None:
    with oven.temperature.follow() as events:
        next(events)
        memory_site.client.publish("observatory.oven.events.temperature.change", {"quality": "GOOD"})
        hardware.actual = 301.0

        assert next(events).value == 301.0


def test_what_was_missed_while_the_router_was_away_is_counted(
    oven: Any, hardware: Oven, memory_site: Site, memory_router: MemoryRouter
) -> None:
    with oven.temperature.follow("periodic") as events:
        next(events)
        before = next(events).seq
        memory_router.stop()
        memory_site.clock.advance(3.5)
        memory_router.start()
        event = next(events)

    assert event.lost == event.seq - before - 1 > 0
    assert not event.restarted


def test_an_agent_that_was_started_anew_is_told(oven: Any, memory_site: Site) -> None:
    with oven.temperature.follow("periodic") as events:
        next(events)
        next(events)
        memory_site.clock.result_of(memory_site.agents.pop().end())
        memory_site.clock.advance(1.0)
        memory_site.start(Oven("oven"))

        assert [next(events).restarted for _ in range(2)] == [True, False]


# -- waits -------------------------------------------------------------------------------------------


def later(memory_site: Site, seconds: float, function: Callable[[], object]) -> None:
    memory_site.clock.timing.later(seconds, function)


def test_a_wait_ends_with_the_reading_that_fulfils_its_condition(oven: Any, hardware: Oven, memory_site: Site) -> None:
    later(memory_site, 3.0, lambda: setattr(hardware, "actual", 320.0))

    reading = oven.temperature.wait_until(lambda reading: reading.value > 310, timeout_s=60)

    assert reading.value == 320.0
    assert memory_site.clock.now < 6.0


def test_a_condition_that_holds_already_is_no_wait(oven: Any, memory_site: Site) -> None:
    began = memory_site.clock.now

    oven.temperature.wait_until(lambda reading: reading.value == 300.0, timeout_s=60)

    assert memory_site.clock.now == began


def test_a_wait_that_is_too_long_tells_channel_last_value_and_time(oven: Any, memory_site: Site) -> None:
    began = memory_site.clock.now

    with pytest.raises(DeadlineError) as late:
        oven.temperature.wait_until(lambda reading: reading.value > 310, timeout_s=12)

    assert str(late.value) == "oven.temperature did not become what was waited for within 12 s; it is 300 K (VALID)"
    assert memory_site.clock.now - began == pytest.approx(12.0)


def test_a_condition_that_raises_ends_the_wait(oven: Any) -> None:
    def condition(reading: Any) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        oven.temperature.wait_until(condition, timeout_s=60)


def test_a_condition_may_stumble_over_a_reading_without_value(oven: Any, hardware: Oven, memory_site: Site) -> None:
    hardware.actual = None
    memory_site.clock.advance(2.0)
    later(memory_site, 3.0, lambda: setattr(hardware, "actual", 320.0))

    assert oven.temperature.wait_until(lambda reading: reading.value > 310, timeout_s=60).value == 320.0


def test_a_condition_may_wait_for_a_failure(oven: Any, hardware: Oven, memory_site: Site) -> None:
    later(memory_site, 3.0, lambda: setattr(hardware, "actual", None))

    assert oven.temperature.wait_until(lambda reading: reading.failed, timeout_s=60).quality is Quality.INVALID


def test_a_wait_finds_what_was_told_while_the_router_was_away(
    oven: Any, hardware: Oven, memory_site: Site, memory_router: MemoryRouter
) -> None:
    later(memory_site, 1.5, memory_router.stop)
    later(memory_site, 2.0, lambda: setattr(hardware, "actual", 320.0))
    later(memory_site, 7.0, memory_router.start)

    assert oven.temperature.wait_until(lambda reading: reading.value > 310, timeout_s=60).value == 320.0


def test_a_wait_for_a_device_that_is_gone_ends_at_the_next_look(oven: Any, memory_site: Site) -> None:
    later(memory_site, 1.0, memory_site.agents[0].end)

    with pytest.raises(NotFoundError, match="nobody answers"):
        oven.temperature.wait_until(lambda reading: reading.value > 310, timeout_s=600)
    assert memory_site.clock.now < 60.0


def test_a_wait_for_a_channel_that_nobody_tells_of_says_what_to_configure(oven: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"oven\.pressure sends no change events: .*set poll_period_s"):
        oven.pressure.wait_until(lambda reading: True, timeout_s=60)


def test_a_value_has_settled_when_it_stayed_near_its_set_point(oven: Any, hardware: Oven, memory_site: Site) -> None:
    oven.setpoint.put(310)
    later(memory_site, 3.0, lambda: setattr(hardware, "actual", 309.5))

    reading = oven.temperature.wait_settled(timeout_s=60)

    assert (reading.value, reading.setpoint, reading.settled) == (309.5, 310.0, True)
    assert 5.0 <= memory_site.clock.now < 12.0


def test_a_value_that_had_settled_has_not_at_a_new_set_point(oven: Any, hardware: Oven, memory_site: Site) -> None:
    oven.setpoint.put(300)
    oven.temperature.wait_settled(timeout_s=60)
    oven.setpoint.put(310)

    with pytest.raises(DeadlineError, match=r"oven\.temperature has not settled within 4 s; it is 300 K .*point 310 K"):
        oven.temperature.wait_settled(timeout_s=4)


def test_a_channel_without_set_point_or_rule_cannot_settle(oven: Any) -> None:
    with pytest.raises(NoDataError, match="has no set point yet"):
        oven.temperature.wait_settled(timeout_s=60)
    oven.setpoint.put(310)
    with pytest.raises(ConfigurationError, match="configure settle_tolerance"):
        oven.setpoint.wait_settled(timeout_s=60)
