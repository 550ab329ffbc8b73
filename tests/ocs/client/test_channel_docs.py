"""What `help()` says of a channel."""

from __future__ import annotations

from dataclasses import replace

from ocs.client.channel_docs import channel_doc
from ocs.model.channel import Access, ChannelInterface, Display, Memorized
from ocs.model.channel_config import ChannelConfig
from ocs.model.datatype import DataType, Format
from ocs.model.event import EventKind
from ocs.model.valuetype import ValueType

BARE = ChannelInterface("x", ValueType(DataType.FLOAT64), Access.READ, ChannelConfig("x"))


def test_a_bare_channel_is_told_in_one_line() -> None:
    assert channel_doc(BARE) == "x: float64, read only"


def test_unit_description_limits_and_alarms_are_told() -> None:
    config = ChannelConfig(
        "x", description="At the door.", unit="K", min_value=0, max_value=400, max_alarm=380, min_warning=3,
        max_warning=350, poll_period_s=0.5,
    )  # fmt: skip
    channel = replace(
        BARE, access=Access.READ_WRITE, config=config, events=(EventKind.CHANGE, EventKind.ALARM),
        memorized=Memorized.AT_INIT, level=Display.EXPERT,
    )  # fmt: skip

    assert channel_doc(channel).splitlines() == [
        "x: float64 [K], read and write",
        "",
        "At the door.",
        "",
        "Writes: 0 to 400 K.",
        "Alarm: at or above 380 K.",
        "Warning: at or below 3 K, at or above 350 K.",
        "Polled: every 0.5 s.",
        "Its set point is kept over restarts, and written again.",
        "Events: change, alarm.",
        "For experts.",
    ]


def test_one_sided_limits_are_told() -> None:
    writable = replace(BARE, access=Access.WRITE)

    assert "Writes: at least 2 K." in channel_doc(replace(writable, config=ChannelConfig("x", unit="K", min_value=2)))
    assert "Writes: at most 2 K." in channel_doc(replace(writable, config=ChannelConfig("x", unit="K", max_value=2)))


def test_sizes_labels_and_the_partner_are_told() -> None:
    spectrum = replace(BARE, type=ValueType(DataType.INT16, Format.SPECTRUM, max_x=10))
    image = replace(BARE, type=ValueType(DataType.INT16, Format.IMAGE, max_x=10, max_y=4))
    enum = replace(BARE, type=ValueType(DataType.ENUM, labels=("SLOW", "FAST")))
    partner = replace(BARE, access=Access.READ_WITH_WRITE, partner="setpoint")

    assert channel_doc(spectrum) == "x: up to 10 x int16, read only"
    assert channel_doc(image) == "x: up to 10 x 4 x int16, read only"
    assert channel_doc(enum) == "x: enum (SLOW, FAST), read only"
    assert channel_doc(partner) == "x: float64, read with its set point\n\nSet point: channel setpoint."
