"""Channels and charts in words."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.cli.channel_lines import channel_lines, chart_lines
from ocs.model.channel import Access, ChannelInterface, Display, Memorized
from ocs.model.channel_config import ChannelConfig
from ocs.model.datatype import DataType, Format
from ocs.model.event import EventKind
from ocs.model.interface import ChartInterface, TransitionInterface
from ocs.model.valuetype import ValueType

FLOAT = ValueType(DataType.FLOAT64)


def lines(kind: ValueType = FLOAT, access: Access = Access.READ, *, more: Any = None, **config: Any) -> list[str]:
    settings = ChannelConfig(**{"label": "x", **config})
    return channel_lines(ChannelInterface("x", kind, access, settings, **(more or {})))


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (lines(), "x: float64, read"),
        (
            lines(access=Access.READ_WRITE, min_value=0, max_value=30, unit="V"),
            "x: float64 V, read and write 0 to 30 V",
        ),
        (lines(access=Access.WRITE, min_value=1), "x: float64, write from 1"),
        (lines(access=Access.READ_WRITE, max_value=1), "x: float64, read and write up to 1"),
        (
            lines(access=Access.READ_WITH_WRITE, more={"partner": "setpoint"}),
            "x: float64, read, written through setpoint",
        ),
        (lines(ValueType(DataType.ENUM, labels=("A", "B"))), "x: A|B, read"),
        (lines(ValueType(DataType.UINT8, Format.SPECTRUM, 7)), "x: uint8[7], read"),
        (lines(ValueType(DataType.UINT8, Format.IMAGE, 7, 5)), "x: uint8[5 x 7], read"),
        (
            lines(poll_period_s=0.5, more={"polled": True, "feed": "thermal"}),
            "x: float64, read, every 0.5 s, in feed thermal",
        ),
        (
            lines(more={"memorized": Memorized.AT_INIT, "level": Display.EXPERT}),
            "x: float64, read, set point kept and written at Init, for experts",
        ),
    ],
)  # fmt: skip
def test_the_first_line_tells_type_access_and_polling(told: list[str], line: str) -> None:
    assert told == [line]


def test_help_limits_and_events_follow() -> None:
    told = lines(
        unit="K", label="Cold stage", description="Its temperature.", min_warning=1, max_warning=5, max_alarm=9,
        delta_val=1, delta_t_s=60, stale_after_s=3, settle_tolerance=0.1, settle_dwell_s=10,
        more={"events": (EventKind.CHANGE, EventKind.CONFIG, EventKind.ALARM)},
    )  # fmt: skip

    details = (
        "warning below 1 or above 5 K; alarm above 9 K; alarm 1 K off the set point after 60 s; stale after 3 s; "
        "settled within 0.1 K for 10 s; events change, alarm"
    )
    assert told[1:] == ["Cold stage: Its temperature.", details]


def test_a_chart_is_its_states_and_transitions() -> None:
    chart = ChartInterface(
        {"OFF": ("OFF", "Nothing flows."), "READY": ("ON", "")},
        {
            "switch_on": TransitionInterface("switch_on", (("OFF", "READY"),), "Switch on.\n\nAll of it."),
            "_trip": TransitionInterface("_trip", (("*", "OFF"),)),
        },
        "OFF",
    )

    assert chart_lines(chart) == [
        "states:",
        "  OFF (after set-up): Nothing flows.",
        "  READY [ON]",
        "transitions:",
        "  switch_on: OFF -> READY: Switch on.",
        "  _trip (the device's own): anywhere -> OFF",
    ]


def test_a_chart_without_transitions_is_one_line() -> None:
    assert chart_lines(ChartInterface({"ON": ("ON", ""), "FAULT": ("FAULT", "")}, {}, "ON")) == [
        "states ON, FAULT; no transitions"
    ]
