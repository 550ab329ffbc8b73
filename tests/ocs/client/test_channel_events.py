"""Events of channels and devices, whoever published them."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.client.channel_events import decode_channel_event, decode_device_event
from ocs.client.mailbox import Letter
from ocs.model.event import DeviceEventKind, EventKind, Reason
from ocs.model.health import Health, HealthLevel
from ocs.model.quality import Quality
from ocs.wire.states import StateEvent

TOPIC = "observatory.oven.events.temperature.change"
TOLD = {"value": 4.2, "quality": "ALARM", "time": 5.0, "seq": 3, "epoch": 4, "reason": "value"}
EDGE = {
    "from": "OFF", "to": "ON", "state": "ON", "tango": "ON", "number": 0, "trigger": "switch_on", "time": 5.0,
    "status": "", "since": 5.0, "by": "me", "reason": "cooldown", "allowed": ["switch_off"], "seq": 2, "epoch": 4,
}  # fmt: skip


def letter(*args: Any, lost: int = 0, restarted: bool = False) -> Letter:
    return Letter(TOPIC, list(args), lost, restarted)


def test_an_event_has_its_reading_its_reason_and_its_number() -> None:
    event = decode_channel_event(letter(TOLD, lost=2, restarted=True), "oven", "temperature", EventKind.CHANGE, "K")

    assert event is not None
    assert (event.value, event.reading.quality, event.reading.unit) == (4.2, Quality.ALARM, "K")
    assert (event.reason, event.seq, event.epoch, event.lost, event.restarted) == (Reason.VALUE, 3, 4, 2, True)


def test_a_reason_of_a_later_version_is_none_and_kept_as_it_came() -> None:
    event = decode_channel_event(letter(TOLD | {"reason": "mood"}), "oven", "temperature", EventKind.CHANGE, "K")

    assert event is not None
    assert (event.reason, event.raw["reason"]) == (None, "mood")


def test_a_data_ready_event_has_its_counter_as_value() -> None:
    told = {"counter": 7, "time": 5.0, "seq": 1, "epoch": 4, "reason": "pushed"}

    event = decode_channel_event(letter(told), "oven", "count", EventKind.DATA_READY, "")

    assert event is not None
    assert event.value == 7


def test_a_configuration_event_has_the_configuration_as_value() -> None:
    told = {"values": {"max_alarm": 3.0}, "sources": {}, "seq": 1, "epoch": 4, "reason": "configured"}

    event = decode_channel_event(letter(told), "oven", "temperature", EventKind.CONFIG, "K")

    assert event is not None
    assert event.value == {"max_alarm": 3.0}


@pytest.mark.parametrize(
    "told", [None, 3, "text", [], {"quality": "GOOD"}, TOLD | {"time": "noon"}, TOLD | {"error": 1}]
)
@pytest.mark.parametrize("kind", [EventKind.CHANGE, EventKind.CONFIG])
def test_what_is_no_event_of_a_channel_is_passed_over(told: Any, kind: EventKind) -> None:
    assert decode_channel_event(letter(told), "oven", "temperature", kind, "K") is None


def test_what_has_no_payload_is_passed_over() -> None:
    assert decode_channel_event(letter(), "oven", "temperature", EventKind.CHANGE, "K") is None
    assert decode_device_event(letter(), "oven", DeviceEventKind.STATE) is None


def test_an_edge_tells_where_from_by_whom_and_the_state_since_then() -> None:
    event = decode_device_event(letter(EDGE), "oven", DeviceEventKind.STATE)

    assert event is not None
    assert isinstance(event.told, StateEvent)
    assert (event.told.source, event.told.trigger, event.told.report.state, event.seq) == ("OFF", "switch_on", "ON", 2)


def test_a_health_event_has_the_health() -> None:
    event = decode_device_event(letter({"level": "bad", "since": 1.0, "causes": []}), "oven", DeviceEventKind.HEALTH)

    assert event is not None
    assert isinstance(event.told, Health)
    assert event.told.level is HealthLevel.BAD


def test_an_interface_event_has_what_came_and_went() -> None:
    told = {"added": {"channels": ["new"]}, "removed": {}, "seq": 1, "epoch": 4}

    event = decode_device_event(letter(told), "oven", DeviceEventKind.INTERFACE)

    assert event is not None
    assert event.told == told


@pytest.mark.parametrize(
    ("kind", "told"), [(DeviceEventKind.HEALTH, {"level": "fine"}), (DeviceEventKind.STATE, EDGE | {"since": "noon"})]
)
def test_what_is_no_event_of_a_device_is_passed_over(kind: DeviceEventKind, told: Any) -> None:
    assert decode_device_event(letter(told), "oven", kind) is None
