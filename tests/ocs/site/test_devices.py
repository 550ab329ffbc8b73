"""Devices with the values of their properties."""

from typing import Any

import pytest

from ocs.model.errors import ConfigurationError
from ocs.site.devices import DeviceSettings, device_settings
from ocs.site.schema import Instance


def instance(*devices: dict[str, Any]) -> Instance:
    return Instance.model_validate({"agent-class": "A", "instance-id": "a", "devices": list(devices)})


TWO = instance(
    {"name": "cryo/oven/1", "class": "Oven", "properties": {"port": "sim", "gain": 2}}, {"name": "cryo/oven/2"}
)


def test_an_agent_without_devices_is_one_device_of_its_name() -> None:
    bare = Instance.model_validate({"agent-class": "A", "instance-id": "a"})

    assert device_settings("a", bare, [], []) == (DeviceSettings("a"),)
    assert device_settings("a", None, [], []) == (DeviceSettings("a"),)


def test_declared_devices_keep_class_and_properties() -> None:
    assert device_settings("a", TWO, [], []) == (
        DeviceSettings("cryo/oven/1", "Oven", {"port": "sim", "gain": 2}),
        DeviceSettings("cryo/oven/2"),
    )


def test_an_agent_may_declare_that_it_has_no_device() -> None:
    assert device_settings("a", instance(), [], []) == ()


def test_values_of_the_command_line_are_kept_apart_from_those_of_the_file() -> None:
    devices = device_settings("a", TWO, ["cryo/oven/1:gain=3"], ["CRYO/oven/1:port=/dev/x", "cryo/oven/2:port=a:b=c"])

    assert devices == (
        DeviceSettings("cryo/oven/1", "Oven", {"port": "sim", "gain": "3"}, {"port": "/dev/x"}),
        DeviceSettings("cryo/oven/2", None, {}, {"port": "a:b=c"}),
    )


def test_the_only_device_need_not_be_named() -> None:
    assert device_settings("a", None, [], ["port=sim", "gain="])[0].overrides == {"port": "sim", "gain": ""}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (
            "port=x",
            (
                "--device-property port=... names no device; the agent has cryo/oven/1, cryo/oven/2; "
                "write DEVICE:port=VALUE"
            ),
        ),
        (
            "cryo/oven/3:port=x",
            "--device-property names the device 'cryo/oven/3', which this agent does not have; did you mean",
        ),
        ("cryo/oven/1:port", "--device-property cryo/oven/1:port has no value; write cryo/oven/1:port=VALUE"),
        ("=x", "--device-property: '' cannot be a property"),
        ("a-b=x", "--device-property: 'a-b' cannot be a property; start with a letter, then letters, digits and _"),
    ],
)
def test_a_word_that_reaches_no_property_is_refused(word: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        device_settings("a", TWO, [], [word])

    assert caught.value.message.startswith(sentence)
