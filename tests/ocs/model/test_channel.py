from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.channel import RESERVED, Access, ChannelInterface, Display, Memorized, check_channel_name, select
from ocs.model.channel_config import library_config
from ocs.model.errors import ConfigurationError, ParameterError
from ocs.model.valuetype import value_type

NAMES = ["temperature", "Temperature", "setpoint", "State", "heater_1", "heater_2"]


@pytest.mark.parametrize(
    ("access", "readable", "writable"),
    [("r", True, False), ("w", False, True), ("rw", True, True), ("rww", True, False)],
)
def test_access_tells_what_clients_may_do(access: str, readable: bool, writable: bool) -> None:  # noqa: FBT001
    assert (Access(access).readable, Access(access).writable) == (readable, writable)


def test_a_channel_says_nothing_special_unless_it_is_declared() -> None:
    kind = value_type(float)
    channel = ChannelInterface("temperature", kind, Access.READ, library_config("temperature", kind))

    assert (channel.level, channel.memorized, channel.polled) == (Display.OPERATOR, Memorized.NO, False)
    assert (channel.partner, channel.feed, channel.events) == ("", "", ())


@pytest.mark.parametrize("name", ["temperature", "State", "Status", "T2", "a" * 255])
def test_letters_digits_and_underscores_name_a_channel(name: str) -> None:
    assert check_channel_name(name) == name


@pytest.mark.parametrize("name", ["", "2T", "_t", "a-b", "a.b", "a b", "tempé", "a" * 256, "a\n", *sorted(RESERVED)])
def test_other_signs_and_what_a_clients_device_needs_name_no_channel(name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_channel_name(name)

    assert refused.value.given == name


@pytest.mark.parametrize(
    ("patterns", "picked"),
    [
        (None, NAMES),
        ("*", NAMES),
        ("", []),
        ([], []),
        ("setpoint", ["setpoint"]),
        ("SETPOINT", ["setpoint"]),
        ("state", ["State"]),
        ("temperature", ["temperature"]),
        ("Temperature", ["Temperature"]),
        ("TEMPERATURE", ["TEMPERATURE"]),
        ("heater_?", ["heater_1", "heater_2"]),
        ("HEATER*", ["heater_1", "heater_2"]),
        ("nothing*", []),
        ("pressure", ["pressure"]),
        ("heater_[12]", ["heater_[12]"]),
        ("setpoint, heater_2,pressure", ["setpoint", "heater_2", "pressure"]),
        (["setpoint", "set*", "heater_1"], ["setpoint", "heater_1"]),
    ],
)
def test_names_and_patterns_pick_channels(patterns: Any, picked: list[str]) -> None:
    assert select(NAMES, patterns) == picked


@given(st.lists(st.text(st.sampled_from("ab*?,"), max_size=4)))
def test_each_name_is_picked_once(patterns: list[str]) -> None:
    picked = select(["a", "b", "ab", "aab"], patterns)

    assert len(picked) == len(set(picked))


@pytest.mark.parametrize("wrong", [5, [5], {"a": 1}, b"a", [None]])
def test_patterns_are_texts(wrong: Any) -> None:
    with pytest.raises(ParameterError):
        select(NAMES, wrong)
