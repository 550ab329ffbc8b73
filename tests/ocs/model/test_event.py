from __future__ import annotations

from enum import Enum

import pytest

from ocs.model.event import DeviceEventKind, EventKind, Reason


def test_a_channel_has_the_five_kinds_of_tango_with_a_value_or_counter_its_configuration_and_alarms() -> None:
    assert {kind.value for kind in EventKind} == {
        "change", "periodic", "archive", "user", "data_ready", "config", "alarm",
    }  # fmt: skip


@pytest.mark.parametrize("words", [EventKind, DeviceEventKind, Reason])
def test_each_word_can_be_a_component_of_a_topic(words: type[Enum]) -> None:
    assert all(word.value.replace("_", "").isalpha() and word.value.islower() for word in words)


def test_no_kind_of_a_device_is_also_one_of_a_channel() -> None:
    assert not {kind.value for kind in EventKind} & {kind.value for kind in DeviceEventKind}
