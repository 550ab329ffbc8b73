"""Which devices and channels the words mean."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ocs.cli.targets import channel_of, exit_code_of, selected, targets
from ocs.model.channel import Access
from ocs.model.errors import DeviceError, ExitCode, NotFoundError, OutOfRangeError


def device(**channels: Access) -> Any:
    made = {
        name: SimpleNamespace(name=name, interface=SimpleNamespace(access=access)) for name, access in channels.items()
    }
    return SimpleNamespace(name="psu-1", channels=made)


SUPPLY = device(voltage_1=Access.READ, voltage_2=Access.READ, trigger=Access.WRITE)


@pytest.mark.parametrize(
    ("name", "words", "asked"),
    [
        ("psu-1", (), {"psu-1": []}),
        ("psu-1", ("a", "b*"), {"psu-1": ["a", "b*"]}),
        ("psu-1.a", (), {"psu-1": ["a"]}),
        ("psu-1.a", ("b", "cryo/thermo/1.c"), {"psu-1": ["a", "b"], "cryo/thermo/1": ["c"]}),
        ("//observatory/psu-1.a", (), {"//observatory/psu-1": ["a"]}),
    ],
)
def test_a_dot_stands_between_device_and_channel(
    name: str, words: tuple[str, ...], asked: dict[str, list[str]]
) -> None:
    assert targets(name, words) == asked


def test_all_that_can_be_read_is_meant_without_names() -> None:
    assert selected(SUPPLY, []) == ["voltage_1", "voltage_2"]


def test_patterns_and_names_in_another_case_are_found() -> None:
    assert selected(SUPPLY, ["*_2", "VOLTAGE_1"]) == ["voltage_2", "voltage_1"]


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("voltage_3", "psu-1 has no channel voltage_3; did you mean voltage_"),
        ("xyz*", r"psu-1 has no channel xyz\*; it has voltage_1, voltage_2, trigger"),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(word: str, sentence: str) -> None:
    with pytest.raises(NotFoundError, match=sentence):
        selected(SUPPLY, [word])


def test_an_agent_of_ocs_has_no_channels() -> None:
    with pytest.raises(NotFoundError, match="psu-1 has no channels"):
        selected(device(), [])


def test_one_channel_is_found_by_its_name_only() -> None:
    assert channel_of(SUPPLY, "Trigger").name == "trigger"
    with pytest.raises(NotFoundError, match="no channel volt"):
        channel_of(SUPPLY, "volt*")


def test_the_exit_code_is_that_of_the_errors_when_they_agree() -> None:
    refused, broken = OutOfRangeError("too much"), DeviceError("nonsense")

    assert exit_code_of([]) is ExitCode.OK
    assert exit_code_of([refused, refused]) is ExitCode.REFUSED
    assert exit_code_of([refused, broken]) is ExitCode.FAILED
