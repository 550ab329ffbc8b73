"""What is refused when a channel is declared, and what the declaration says."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

import numpy as np
import pytest

from ocs.agent import Channel, Device, Limits, State, StateChart, TangoState, Unit, transition
from ocs.agent.author.channel import ChannelDeclaration
from ocs.model.channel import Access, Display, Memorized
from ocs.model.datatype import DataType, Format
from ocs.model.errors import ConfigurationError
from ocs.model.event import EventKind

Kelvin = Annotated[float, Unit("K"), Limits(0, 400)]


class Colour(Enum):
    RED = 1
    BLUE = 2


class Chart(StateChart):
    OFF = State(initial=True)
    ON = State()
    go = transition(OFF, ON)


class Oven(Device):
    """An oven."""

    chart = Chart

    plain = Channel(Kelvin, period_s=0.5, abs_change=0.1, doc="in the middle", level="expert", feed="thermal")
    written = Channel(Kelvin)
    only = Channel(float, access="w", memorized=True)
    follower = Channel(Kelvin, access="rww", partner="written")
    kept = Channel(Colour, access="rw", memorized="init", initial="RED")
    image = Channel(np.uint16, max_x=3, max_y=2)
    state_of = Channel(TangoState)
    pushed = Channel(str, pushes=("user", "data_ready"), detect=False, depth=0)
    limited = Channel(float, when=Chart.ON, write_when=(Chart.ON, Chart.OFF))

    @plain.read
    def read_plain(self) -> float:
        return 1.0

    @written.write
    def write_written(self, value: float) -> None: ...

    @plain.allowed
    def may(self, *, write: bool) -> bool:
        return not write


def declared(name: str, device_class: type[Device] = Oven) -> ChannelDeclaration:
    return device_class.declared_channels[name]


def test_a_declaration_says_type_unit_limits_and_options() -> None:
    plain = declared("plain")

    assert (plain.type.dtype, plain.access, plain.level, plain.feed) == (
        DataType.FLOAT64, Access.READ, Display.EXPERT, "thermal",
    )  # fmt: skip
    assert plain.code == {
        "unit": "K", "min_value": 0, "max_value": 400, "poll_period_s": 0.5, "abs_change": 0.1,
        "description": "in the middle",
    }  # fmt: skip
    assert plain.allower is not None
    assert not plain.fed_by_code


def test_a_writer_makes_a_channel_be_written() -> None:
    assert declared("written").access is Access.READ_WRITE
    assert declared("written").fed_by_code


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("only", "memorized", Memorized.SET_POINT),
        ("kept", "memorized", Memorized.AT_INIT),
        ("kept", "initial", "RED"),
        ("follower", "partner", "written"),
        ("follower", "access", Access.READ_WITH_WRITE),
        ("pushed", "pushes", frozenset({EventKind.USER, EventKind.DATA_READY})),
        ("pushed", "depth", 1),
        ("limited", "when", (Chart.ON,)),
        ("limited", "write_when", (Chart.ON, Chart.OFF)),
    ],
)
def test_each_option_is_in_the_declaration(name: str, attribute: str, value: Any) -> None:
    assert getattr(declared(name), attribute) == value


def test_an_image_has_rows_and_columns() -> None:
    kind = declared("image").type

    assert (kind.dtype, kind.format, kind.max_x, kind.max_y) == (DataType.UINT16, Format.IMAGE, 3, 2)


def test_a_channel_of_the_class_is_its_declaration() -> None:
    assert isinstance(Oven.plain, Channel)
    assert Oven.plain.__doc__ == "in the middle"


def make(channel: Callable[[], Channel], name: str = "wrong") -> type[Device]:
    return type("Wrong", (Device,), {name: channel(), "__doc__": "Wrong."})


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        (lambda: Channel(float, partner="other"), "has a partner"),
        (lambda: Channel(float, access="rww"), "name the channel of its set point"),
        (lambda: Channel(float, max_x=3, access="rw", memorized=True), "only single values are memorized"),
        (lambda: Channel(float, max_x=3, feed="f"), "feeds of channels hold single values"),
        (lambda: Channel(dict, feed="f"), "feeds of channels hold single values"),
        (lambda: Channel(bytes, access="rw", memorized=True), "bytes"),
        (lambda: Channel(bytes, feed="f"), "bytes"),
        (lambda: Channel(TangoState, access="rw", memorized=True), "state"),
        (lambda: Channel(float, memorized=True), "cannot be written"),
        (lambda: Channel(float, memorized="always"), "it is True, False or"),
        (lambda: Channel(float, pushes=("periodic",)), "code pushes"),
        (lambda: Channel(float, pushes=("shout",)), "code pushes"),
        (lambda: Channel(float, min_alarm=3, max_alarm=2), "min_alarm"),
        (lambda: Channel(Annotated[float, Limits(3, 3)]), "min_value"),
        (lambda: Channel(float, nonsense=3), "nonsense"),
        (lambda: Channel(str, max_alarm=3), "max_alarm"),
        (lambda: Channel(float, initial="warm"), "warm"),
        (lambda: Channel(float, period_s=0.001), "5 ms"),
        (lambda: Channel(object), "a channel cannot have the type"),
        (lambda: Channel(float, max_y=3), "without max_x"),
    ],
)
def test_what_makes_no_sense_is_refused_when_the_class_is_defined(channel: Callable[[], Channel], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        make(channel)


@pytest.mark.parametrize("access", ["x", "read"])
def test_an_unknown_access_is_refused(access: str) -> None:
    with pytest.raises(ValueError, match=access):
        Channel(float, access=access)


@pytest.mark.parametrize("name", ["state", "read", "config", "name"])
def test_a_name_that_clients_need_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' cannot name a channel"):
        make(lambda: Channel(float), name)


@pytest.mark.parametrize("name", ["now", "seconds", "setup", "add_channel", "log", "alarming", "device_link"])
def test_a_name_that_a_device_has_itself_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}: every device has that"):
        make(lambda: Channel(float), name)


def test_a_sub_class_may_read_otherwise_without_declaring_the_channel_again() -> None:
    class Hot(Oven):
        """A hot one."""

        def read_plain(self) -> float:
            return 2.0

    hot, base = declared("plain", Hot), declared("plain")

    assert hot.reader is not None
    assert base.reader is not None
    assert (hot.reader(Hot("a")), base.reader(Oven("a"))) == (2.0, 1.0)


def test_the_channels_of_a_base_are_channels_of_its_sub_class() -> None:
    class More(Oven):
        """More."""

        extra = Channel(int)

    assert set(More.declared_channels) == {*Oven.declared_channels, "extra"}
    assert "extra" not in Oven.declared_channels
