"""Channels, commands and state charts in words, as a device describes them."""

from __future__ import annotations

from collections.abc import Iterator

from ocs.model.channel import Access, ChannelInterface, Display, Memorized
from ocs.model.channel_config import ChannelConfig
from ocs.model.datatype import DataType, Format
from ocs.model.interface import ChartInterface

OF_EVERY_DEVICE = ("State", "Status", "Init")
"""Channels and commands that say nothing about a device, because each one has them."""

_ACCESS = {
    Access.READ: "read",
    Access.WRITE: "write",
    Access.READ_WRITE: "read and write",
    Access.READ_WITH_WRITE: "read, written through",
}
_MEMORIZED = {Memorized.SET_POINT: "set point kept", Memorized.AT_INIT: "set point kept and written at Init"}


def channel_lines(channel: ChannelInterface) -> list[str]:
    """Return a channel in words: type, access, polling; then its help; then its limits and events."""
    config = channel.config
    parts = [_kind(channel), _access(channel)]
    if channel.polled and config.poll_period_s is not None:
        parts.append(f"every {config.poll_period_s:g} s")
    if channel.feed:
        parts.append(f"in feed {channel.feed}")
    if channel.memorized is not Memorized.NO:
        parts.append(_MEMORIZED[channel.memorized])
    if channel.level is Display.EXPERT:
        parts.append("for experts")
    kinds = [kind.value for kind in channel.events if kind.value != "config"]
    details = [*_limits(config), *([f"events {', '.join(kinds)}"] if kinds else [])]
    label = config.label if config.label != channel.name else ""
    help_of = ": ".join(text for text in (label, config.description) if text)
    return [text for text in (f"{channel.name}: {', '.join(parts)}", help_of, "; ".join(details)) if text]


def chart_lines(chart: ChartInterface) -> list[str]:
    """Return a state chart in words: each state with its Tango state, each transition with its ways."""
    if not chart.transitions:
        return [f"states {', '.join(chart.states)}; no transitions"]
    lines = ["states:"]
    for name, (tango, doc) in chart.states.items():
        first = " (after set-up)" if name == chart.initial else ""
        word = f" [{tango}]" if tango != name else ""
        lines.append(f"  {name}{word}{first}{': ' + _first_sentence(doc) if doc else ''}")
    lines.append("transitions:")
    for name, transition in chart.transitions.items():
        ways = ", ".join(
            f"{'anywhere' if source == '*' else source} -> {target}" for source, target in transition.paths
        )
        own = " (the device's own)" if name.startswith("_") else ""
        doc = f": {_first_sentence(transition.doc)}" if transition.doc else ""
        lines.append(f"  {name}{own}: {ways}{doc}")
    return lines


def _kind(channel: ChannelInterface) -> str:
    kind, config = channel.type, channel.config
    shape = {Format.SPECTRUM: f"[{kind.max_x}]", Format.IMAGE: f"[{kind.max_y} x {kind.max_x}]"}.get(kind.format, "")
    labels = config.enum_labels or kind.labels
    word = "|".join(labels) if kind.dtype is DataType.ENUM and labels else kind.dtype.value
    return f"{word}{shape}{' ' + config.unit if config.unit else ''}"


def _access(channel: ChannelInterface) -> str:
    word, config = _ACCESS[channel.access], channel.config
    if channel.partner:
        word += f" {channel.partner}"
    low, high, unit = config.min_value, config.max_value, f" {config.unit}" if config.unit else ""
    if low is not None and high is not None:
        return f"{word} {low:g} to {high:g}{unit}"
    if low is not None:
        return f"{word} from {low:g}{unit}"
    return f"{word} up to {high:g}{unit}" if high is not None else word


def _limits(config: ChannelConfig) -> Iterator[str]:
    unit = f" {config.unit}" if config.unit else ""
    for word in ("warning", "alarm"):
        low, high = getattr(config, f"min_{word}"), getattr(config, f"max_{word}")
        bounds = [f"{side} {limit:g}" for side, limit in (("below", low), ("above", high)) if limit is not None]
        if bounds:
            yield f"{word} {' or '.join(bounds)}{unit}"
    if config.delta_val is not None and config.delta_t_s is not None:
        yield f"alarm {config.delta_val:g}{unit} off the set point after {config.delta_t_s:g} s"
    if config.stale_after_s is not None:
        yield f"stale after {config.stale_after_s:g} s"
    if config.settle_tolerance is not None:
        yield f"settled within {config.settle_tolerance:g}{unit} for {config.settle_dwell_s:g} s"


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())
