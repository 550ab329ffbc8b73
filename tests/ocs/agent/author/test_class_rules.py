"""What is refused when a device class is defined."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import pytest

from ocs.agent import Channel, Device, Session, State, StateChart, command, process, task, transition


class Chart(StateChart):
    OFF = State(initial=True)
    ON = State()
    go = transition(OFF, ON)


class OtherChart(StateChart):
    WARM = State(initial=True)


def run(self: Any, session: Session) -> None:
    """Run."""


def call(self: Any) -> None:
    """Call."""


def named(name: str, function: Any) -> Any:
    """Return a function of its own under a name."""
    own = FunctionType(function.__code__, function.__globals__, name)
    own.__doc__, own.__annotations__ = function.__doc__, function.__annotations__
    return own


def make(**members: Any) -> type[Device]:
    return type("Wrong", (Device,), {"chart": Chart, "__doc__": "Wrong.", **members})


def test_a_class_that_makes_sense_is_made() -> None:
    made = make(level=Channel(float, when=Chart.ON), move=task(when=Chart.OFF, during=Chart.ON)(run))

    assert set(made.declared_channels) == {"level"}


@pytest.mark.parametrize("name", ["state", "channels", "commands", "thread", "polling", "host", "acquisition"])
def test_an_attribute_in_which_the_framework_has_its_parts_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"Wrong.{name}: the framework has the device's {name} there"):
        make(**{name: 3})


@pytest.mark.parametrize(
    "members",
    [
        lambda: {"level": Channel(float), "Level": Channel(float)},
        lambda: {"level": Channel(float), "other": command(named("LEVEL", call))},
        lambda: {"level": Channel(float), "other": task(named("Level", run))},
        lambda: {"a": task(named("move", run)), "b": process(named("Move", run))},
    ],
)
def test_two_names_that_differ_in_case_only_are_refused(members: Any) -> None:
    with pytest.raises(TypeError, match="share a name"):
        make(**members())


@pytest.mark.parametrize("name", ["State", "Status", "status", "init"])
def test_a_command_that_every_device_has_cannot_be_declared_again(name: str) -> None:
    with pytest.raises(TypeError, match="every device has"):
        make(thing=command(named(name, call)))


def test_an_operation_may_be_called_init_as_in_ocs() -> None:
    assert set(make(init=task(named("init", run))).declared_operations) == {"init"}


@pytest.mark.parametrize("name", ["State", "Status", "status"])
def test_a_channel_that_every_device_has_cannot_be_declared_again(name: str) -> None:
    with pytest.raises(TypeError, match="every device has"):
        make(**{name: Channel(float)})


@pytest.mark.parametrize(
    "member",
    [
        lambda: Channel(float, when=OtherChart.WARM),
        lambda: Channel(float, write_when=OtherChart.WARM),
        lambda: task(when=OtherChart.WARM)(run),
        lambda: task(during=OtherChart.WARM)(run),
        lambda: task(during=Chart.ON, then=OtherChart.WARM)(run),
        lambda: command(when=OtherChart.WARM)(call),
    ],
)
def test_a_state_of_another_chart_is_refused(member: Any) -> None:
    with pytest.raises(TypeError, match=r"Wrong.*WARM"):
        make(thing=member())


def test_a_partner_that_is_no_channel_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Wrong.level names its partner other, which is no channel"):
        make(level=Channel(float, access="rww", partner="other"))


def test_channels_of_one_feed_have_one_period() -> None:
    with pytest.raises(TypeError, match="the channels of feed thermal are polled each 1 s, 2 s"):
        make(a=Channel(float, feed="thermal", period_s=1.0), b=Channel(float, feed="thermal", period_s=2.0))
