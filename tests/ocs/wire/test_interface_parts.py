"""Channels and charts in `describe`: small, and back as they were."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import BaseModel

from ocs.model.channel import Access, ChannelInterface, Display, Memorized
from ocs.model.channel_config import ChannelConfig
from ocs.model.event import EventKind
from ocs.model.interface import ChartInterface, TransitionInterface
from ocs.model.layered_config import LayeredConfig
from ocs.model.units import Limits, Unit
from ocs.model.valuetype import value_type
from ocs.wire.interface_parts import (
    decode_channel,
    decode_chart,
    decode_config,
    encode_channel,
    encode_chart,
    encode_config,
)


class Curve(BaseModel):
    """A curve."""

    name: str
    points: list[float]


def channel(annotation: Any = float, code: dict[str, Any] | None = None, **options: Any) -> ChannelInterface:
    """Return a channel's interface as the agent makes it."""
    sizes = {key: options.pop(key) for key in ("max_x", "max_y", "labels") if key in options}
    kind = value_type(annotation, **sizes)
    return ChannelInterface("level", kind, config=LayeredConfig("level", kind, code or {}).effective, **options)


CHANNELS = [
    channel(access=Access.READ),
    channel(
        Annotated[float, Unit("K"), Limits(0, 400)],
        {"unit": "K", "min_value": 0, "max_value": 400, "max_alarm": 380.0, "abs_change": 0.1, "poll_period_s": 0.5},
        access=Access.READ_WRITE, level=Display.EXPERT, memorized=Memorized.AT_INIT, feed="thermal", polled=True,
        events=(EventKind.CHANGE, EventKind.CONFIG),
    ),
    channel(np.uint16, access=Access.READ, max_x=640, max_y=480),
    channel(np.float32, access=Access.WRITE, max_x=8),
    channel(str, access=Access.READ_WRITE, labels=("slow", "fast")),
    channel(access=Access.READ_WITH_WRITE, partner="setpoint"),
    channel(Curve, access=Access.READ),
    channel(dict, access=Access.READ),
    channel(code={"abs_change": (math.inf, 1.0), "rel_change": (2.0, math.inf)}, access=Access.READ),
]  # fmt: skip


@pytest.mark.parametrize("told", CHANNELS, ids=lambda each: f"{each.type.dtype.value}-{each.access.value}")
def test_a_channel_comes_back_from_json_as_it_was(told: ChannelInterface) -> None:
    encoded = json.loads(json.dumps(encode_channel(told), allow_nan=False))

    assert decode_channel("level", encoded) == told


def test_a_plain_channel_says_no_more_than_it_must() -> None:
    assert encode_channel(channel(access=Access.READ)) == {
        "dtype": "float64", "access": "r",
        "config": {"label": "level", "format": "%6.2f", "event_period_s": 1.0, "settle_dwell_s": 0.0},
    }  # fmt: skip


def test_a_threshold_that_never_counts_is_null() -> None:
    encoded = encode_config(ChannelConfig("level", abs_change=(math.inf, 1.0)))

    assert encoded["abs_change"] == [None, 1.0]
    assert decode_config("level", encoded).abs_change == (math.inf, 1.0)


def test_keys_and_kinds_of_a_later_version_are_passed_over() -> None:
    encoded = encode_channel(channel(access=Access.READ))
    encoded |= {"events": ["change", "tide"], "colour": "red", "config": {**encoded["config"], "mood": 3}}

    told = decode_channel("level", encoded)

    assert told.events == (EventKind.CHANGE,)
    assert told.config == channel(access=Access.READ).config


def test_a_channel_of_which_only_type_and_access_are_told_has_defaults() -> None:
    told = decode_channel("level", {"dtype": "float64", "access": "r"})

    assert (told.config.label, told.config.event_period_s, told.config.poll_period_s) == ("level", 1.0, None)


CHART = ChartInterface(
    states={"OFF": ("OFF", "no voltage"), "ON": ("ON", "")},
    transitions={
        "go": TransitionInterface("go", (("OFF", "ON"),), "begin"),
        "_trip": TransitionInterface("_trip", (("*", "FAULT"),)),
    },
    initial="OFF",
    graph="stateDiagram-v2",
)


def test_a_chart_comes_back_from_json_as_it_was() -> None:
    assert decode_chart(json.loads(json.dumps(encode_chart(CHART)))) == CHART


def test_a_chart_without_diagram_is_one() -> None:
    encoded = encode_chart(CHART)
    del encoded["graph"]

    assert decode_chart(encoded) == replace(CHART, graph="")
