"""What goes over the wire about channels, commands and state, played against scripted answers."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import pytest

from ocs.client.channel_requests import ChannelRequests
from ocs.client.requests import MARGIN_S
from ocs.model.errors import ConfigurationError, NotAllowedError, NotFoundError, NotSerialisableError, RouterLostError
from ocs.model.event import EventKind
from tests.ocs.client.test_requests import play, requests

READING = {"value": 1.0, "quality": "VALID", "time": 5.0, "age_s": 0.0}
REPORT = {"state": "ON", "tango": "ON", "since": 5.0, "epoch": 7}


class Gear(Enum):
    FAST = 20


def asked(wire: str = "1.0") -> ChannelRequests:
    return ChannelRequests(requests(wire))


def test_many_channels_are_read_in_one_call_with_arrays_as_bytes() -> None:
    _, calls = play(asked().read(("a", "b"), "cache", 0.5), [{"a": READING, "b": READING}])

    assert [(call.procedure, call.kwargs) for call in calls] == [
        ("observatory.oven-1.read", {"names": ["a", "b"], "source": "cache", "max_age_s": 0.5, "columns": True})
    ]


def test_arrays_come_as_arrays() -> None:
    column = {"dtype": "<i2", "shape": [2, 2], "data": np.arange(4, dtype="<i2").tobytes()}

    readings, _ = play(asked().read("a"), [{"a": READING | {"value": column, "dims": [2, 2]}}])

    assert readings["a"].value.tolist() == [[0, 1], [2, 3]]


def test_values_are_written_as_every_serialiser_carries_them() -> None:
    values = {"a": np.float32(1.5), "b": Gear.FAST, "c": np.array([1, 2]), "d": (Gear.FAST, 3), "e": b"\x01"}

    _, calls = play(asked().write(values, readback=True), [{name: {"setpoint": 0} for name in values}])

    assert calls[0].kwargs == {
        "values": {"a": 1.5, "b": "FAST", "c": [1, 2], "d": ["FAST", 3], "e": b"\x01"}, "readback": True
    }  # fmt: skip


def test_what_cannot_be_sent_hinders_no_other_write() -> None:
    written, calls = play(asked().write({"a": object(), "b": 1}), [{"b": {"setpoint": 1}}])

    assert isinstance(written["a"].error, NotSerialisableError)
    assert str(written["a"].error).startswith("oven-1.a: ")
    assert calls[0].kwargs == {"values": {"b": 1}}


def test_a_write_of_nothing_that_can_be_sent_asks_nobody() -> None:
    written, calls = play(asked().write({"a": float("inf")}), [])

    assert written["a"].error is not None
    assert calls == []


def test_a_change_of_configuration_names_channel_keys_and_scope() -> None:
    _, calls = play(asked().config("set", "a", {"abs_change": (1, 2)}, "class"), [{"a": {"values": {}}}])

    assert calls[0].kwargs == {
        "action": "set", "channel": "a", "values": {"abs_change": [1, 2]}, "scope": "class"
    }  # fmt: skip


def test_a_kind_without_source_is_told_with_those_that_have_one() -> None:
    events = {"change": "a has no threshold; set abs_change", "config": ""}

    with pytest.raises(ConfigurationError, match=r"oven-1\.a sends no change events: .*set abs_change") as refused:
        play(asked().check_source("a", EventKind.CHANGE), [{"a": {"events": events}}])
    assert refused.value.allowed == ["config"]
    assert play(asked().check_source("a", EventKind.CONFIG), [{"a": {"events": events}}])[0] is None


def test_a_kind_that_the_agent_does_not_know_has_no_source() -> None:
    with pytest.raises(ConfigurationError, match="does not know this kind"):
        play(asked().check_source("a", EventKind.ALARM), [{"a": {"events": {}}}])


def test_a_command_has_a_margin_above_its_own_limit() -> None:
    _, calls = play(asked().command("Init", {"force": True}, 60.0), ["done"])

    assert (calls[0].args, calls[0].timeout_s) == (("Init", {"force": True}), 60.0 + MARGIN_S)


def test_a_transition_is_asked_for_by_name_or_by_state_with_a_reason() -> None:
    by_name, by_state = asked().transition(trigger="go", reason="why"), asked().transition(to="ON")

    assert play(by_name, [REPORT])[1][0].kwargs == {"trigger": "go", "reason": "why"}
    assert play(by_state, [REPORT])[1][0].kwargs == {"to": "ON", "reason": ""}


def test_an_answer_of_a_later_agent_process_makes_the_device_be_looked_at_anew() -> None:
    about = asked()
    play(about.state(), [REPORT])

    assert about.requests.outdated


def test_an_unknown_channel_makes_the_device_be_looked_at_anew() -> None:
    about = asked()
    play(about.read("gone"), [{"gone": READING | {"error": {"code": "not_found", "message": "no channel gone"}}}])

    assert about.requests.outdated


def test_the_past_of_an_unknown_channel_is_an_error() -> None:
    error = {"code": "not_found", "message": "no channel gone"}

    with pytest.raises(NotFoundError, match=r"^oven-1\.gone: no channel gone"):
        play(asked().recent("gone", 3), [{"gone": [READING | {"error": error}]}])


def test_a_router_that_is_lost_is_told_as_it_is() -> None:
    with pytest.raises(RouterLostError, match=r"^the router went away"):
        play(asked().health(), [RouterLostError("the router went away")])


def test_an_agent_of_ocs_is_not_asked_for_what_it_does_not_know() -> None:
    for conversation in (asked("").read(), asked("").state(), asked("").health(), asked("").command("x")):
        with pytest.raises(NotAllowedError, match="oven-1 is an agent of OCS"):
            play(conversation, [])


def test_a_reading_of_any_channel_has_no_unit_when_the_device_told_none() -> None:
    readings: Any = play(asked().read("new"), [{"new": READING}])[0]

    assert readings["new"].unit == ""
