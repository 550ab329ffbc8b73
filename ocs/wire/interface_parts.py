"""Channels and state charts in `describe`: what differs from the defaults only, so that it stays small."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ocs.model.channel import Access, ChannelInterface, Display, Memorized
from ocs.model.channel_config import ChannelConfig, plain_setting
from ocs.model.datatype import DataType, Format
from ocs.model.event import EventKind
from ocs.model.interface import ChartInterface, TransitionInterface
from ocs.model.valuetype import ValueType

_KINDS = {kind.value: kind for kind in EventKind}


def encode_channel(channel: ChannelInterface) -> dict[str, Any]:
    """Return the description of a channel."""
    kind = channel.type
    encoded: dict[str, Any] = {"dtype": kind.dtype.value, "access": channel.access.value}
    optional: dict[str, Any] = {
        "format": None if kind.format is Format.SCALAR else kind.format.value,
        "max_x": None if kind.format in {Format.SCALAR, Format.RECORD} else kind.max_x,
        "max_y": kind.max_y or None,
        "labels": list(kind.labels) or None,
        "schema": kind.schema,
        "level": None if channel.level is Display.OPERATOR else channel.level.value,
        "memorized": None if channel.memorized is Memorized.NO else channel.memorized.value,
        "partner": channel.partner or None,
        "feed": channel.feed or None,
        "polled": channel.polled or None,
        "events": [event.value for event in channel.events] or None,
        "config": encode_config(channel.config) or None,
    }
    return encoded | {key: value for key, value in optional.items() if value is not None}


def decode_channel(name: str, told: Mapping[str, Any]) -> ChannelInterface:
    """Return a channel's interface from its description."""
    labels = tuple(told.get("labels", ()))
    kind = ValueType(
        DataType(told["dtype"]), Format(told.get("format", Format.SCALAR.value)), told.get("max_x", 1),
        told.get("max_y", 0), labels, told.get("schema"),
    )  # fmt: skip
    return ChannelInterface(
        name=name, type=kind, access=Access(told["access"]), config=decode_config(name, told.get("config", {})),
        level=Display(told.get("level", Display.OPERATOR.value)),
        memorized=Memorized(told.get("memorized", Memorized.NO.value)), partner=told.get("partner", ""),
        feed=told.get("feed", ""), polled=bool(told.get("polled")),
        events=tuple(_KINDS[word] for word in told.get("events", ()) if word in _KINDS),
    )  # fmt: skip


def encode_config(config: ChannelConfig) -> dict[str, Any]:
    """Return the configuration of a channel: the keys that say something."""
    encoded: dict[str, Any] = {}
    for entry in fields(config):
        value = getattr(config, entry.name)
        if value not in {None, "", ()}:
            encoded[entry.name] = plain_setting(value)
    return encoded


def decode_config(name: str, told: Mapping[str, Any]) -> ChannelConfig:
    """Return a channel's configuration from its description; keys of later versions are passed over."""
    known: dict[str, Any] = {entry.name: None for entry in fields(ChannelConfig)}
    texts = {"label": name, "description": "", "unit": "", "standard_unit": "", "display_unit": "", "format": "%s"}
    known |= texts | {"event_period_s": 1.0, "settle_dwell_s": 0.0, "enum_labels": ()}
    for key, value in told.items():
        if key in known:
            known[key] = tuple(map(_bound, value)) if isinstance(value, (list, tuple)) else value
    return ChannelConfig(**known)


def _bound(part: Any) -> Any:
    """Return one part of a pair; a side that never counts is null on the wire."""
    return math.inf if part is None else part


def encode_chart(chart: ChartInterface) -> dict[str, Any]:
    """Return the description of a state chart."""
    return {
        "initial": chart.initial,
        "states": {name: {"tango": tango, "doc": doc} for name, (tango, doc) in chart.states.items()},
        "transitions": {
            name: {"paths": [list(path) for path in transition.paths], "doc": transition.doc}
            for name, transition in chart.transitions.items()
        },
        "graph": chart.graph,
    }


def decode_chart(told: Mapping[str, Any]) -> ChartInterface:
    """Return a state chart from its description."""
    return ChartInterface(
        states={name: (state["tango"], state.get("doc", "")) for name, state in told["states"].items()},
        transitions={
            name: TransitionInterface(
                name, tuple((source, target) for source, target in entry["paths"]), entry.get("doc", "")
            )
            for name, entry in told["transitions"].items()
        },
        initial=told["initial"],
        graph=told.get("graph", ""),
    )
