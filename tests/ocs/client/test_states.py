"""A device's state as a client handles it, against an agent in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ocs.client.channel_events import DeviceEvent
from ocs.client.states import device_subject
from ocs.model.errors import DeadlineError, LinkLostError, NotAllowedError, NotFoundError, ParameterError
from ocs.model.event import DeviceEventKind
from ocs.model.health import HealthLevel
from ocs.model.tango_state import TangoState
from ocs.testing.running import Site
from ocs.wire.states import StateEvent
from tests.ocs.client.oven import Oven


def test_a_state_tells_what_it_is_and_what_may_be_asked_for(oven: Any) -> None:
    report = oven.state.read()

    assert (report.state, report.tango, report.allowed) == ("OFF", TangoState.OFF, ("switch_on",))
    assert str(oven.state) == "OFF"


def test_a_transition_is_a_method_and_leaves_author_and_reason(oven: Any) -> None:
    report = oven.state.switch_on(reason="cooldown")

    assert (report.state, report.reason) == ("ON", "cooldown")
    assert report.by


def test_a_state_is_reached_by_its_name(oven: Any) -> None:
    assert oven.state.to("ON").state == "ON"
    assert oven.state.trigger("switch_off").state == "OFF"


def test_a_transition_that_is_not_allowed_is_refused_with_those_that_are(oven: Any) -> None:
    with pytest.raises(NotAllowedError, match=r"^oven\.switch_off: .*switch_on"):
        oven.state.switch_off()
    with pytest.raises(NotFoundError, match=r"^oven\.state: "):
        oven.state.to("BURNING")

    assert oven.state.read().state == "OFF"


def test_a_transition_whose_work_fails_leaves_the_state(oven: Any, hardware: Oven) -> None:
    hardware.stuck = True

    with pytest.raises(LinkLostError, match=r"^oven\.switch_on: the contact does not answer"):
        oven.state.switch_on()

    assert oven.state.read().state == "OFF"


def test_only_what_clients_may_ask_for_is_a_method(oven: Any) -> None:
    assert {"switch_on", "switch_off"} <= set(dir(oven.state))
    assert "_trip" not in dir(oven.state)
    with pytest.raises(AttributeError, match="state of oven has no transition fly for clients; it has switch_on"):
        _ = oven.state.fly


def test_a_transition_explains_itself(oven: Any) -> None:
    assert oven.state.switch_on.__doc__ == "switch_on: OFF -> ON\n\nClose the main contact."
    assert repr(oven.state) == "<state of oven: switch_on, switch_off>"


def test_a_subscriber_gets_the_present_state_first_then_each_edge_once(oven: Any, memory_site: Site) -> None:
    told: list[DeviceEvent] = []
    subscription = oven.state.subscribe(told.append)

    oven.state.switch_on(reason="cooldown")
    memory_site.clock.settle()
    subscription.close()
    oven.state.switch_off()
    memory_site.clock.settle()

    edges = [(event.told.source, event.told.report.state, event.told.trigger) for event in told]  # type: ignore[union-attr]
    assert edges == [("", "OFF", ""), ("OFF", "ON", "switch_on")]


def test_an_edge_that_the_present_state_tells_already_is_not_told_again(oven: Any) -> None:
    subject = device_subject(oven._channel_requests, DeviceEventKind.STATE)
    report = oven.state.read()
    first = DeviceEvent("oven", DeviceEventKind.STATE, StateEvent("", "", 0.0, report), report.seq, report.epoch)

    assert not subject.newer(first, first)
    assert subject.newer(replace(first, seq=first.seq + 1), first)
    assert subject.newer(replace(first, seq=1, epoch=first.epoch + 1), first)


def test_the_state_is_followed(oven: Any) -> None:
    states = []
    with oven.state.follow() as events:
        for event in events:
            states.append(event.told.report.state)
            if len(states) == 3:
                break
            (oven.state.switch_on if states[-1] == "OFF" else oven.state.switch_off)()

    assert states == ["OFF", "ON", "OFF"]


def test_a_wait_ends_with_the_state_that_fulfils_its_condition(oven: Any, hardware: Oven, memory_site: Site) -> None:
    memory_site.clock.timing.later(3.0, lambda: hardware.state.to("FAULT", "it burns"))

    report = oven.state.wait_until(lambda report: report.state == "FAULT", timeout_s=60)

    assert (report.tango, report.reason) == (TangoState.FAULT, "it burns")
    assert memory_site.clock.now < 4.0


def test_a_wait_that_is_too_long_tells_the_state(oven: Any) -> None:
    with pytest.raises(DeadlineError, match=r"oven\.state did not become what was waited for within 12 s; it is OFF"):
        oven.state.wait_until(lambda report: report.state == "ON", timeout_s=12)


def test_health_is_asked_for_and_names_its_causes(oven: Any, hardware: Oven) -> None:
    good = oven.health
    hardware.state.to("FAULT", "it burns")

    bad = oven.health

    assert good.level is HealthLevel.OK
    assert (bad.level, bad.causes[0].source) == (HealthLevel.BAD, "state")


def test_health_is_subscribed_to(oven: Any, hardware: Oven, memory_site: Site) -> None:
    told: list[DeviceEvent] = []
    oven.subscribe(told.append, kind="health")

    hardware.state.to("FAULT", "it burns")
    memory_site.clock.advance(3.0)

    levels = [event.told.level for event in told]  # type: ignore[union-attr]
    assert (levels[0], levels[-1]) == (HealthLevel.OK, HealthLevel.BAD)


def test_what_a_device_gets_and_loses_is_followed(oven: Any, hardware: Oven) -> None:
    with oven.follow(DeviceEventKind.INTERFACE, timeout_s=5.0) as events:
        hardware.remove_channel("pressure")
        event = next(events)

    assert event.told["removed"]["channels"] == ["pressure"]


def test_an_unknown_kind_is_refused_with_those_that_there_are(oven: Any) -> None:
    with pytest.raises(ParameterError, match="there are no mood events of a device; there are state, health"):
        oven.subscribe(print, kind="mood")
