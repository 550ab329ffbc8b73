"""What a channel is in a few lines, for `help()` and the notebooks' question mark."""

from __future__ import annotations

from collections.abc import Iterator

from ocs.client.readings import with_unit
from ocs.model.channel import Access, ChannelInterface, Display, Memorized
from ocs.model.datatype import Format

_ACCESS = {
    Access.READ: "read only",
    Access.WRITE: "write only",
    Access.READ_WRITE: "read and write",
    Access.READ_WITH_WRITE: "read with its set point",
}


def channel_doc(channel: ChannelInterface) -> str:
    """Return type, unit and access of a channel in a line, then its description, limits and periods."""
    unit = f" [{channel.config.unit}]" if channel.config.unit else ""
    head = f"{channel.name}: {_type(channel)}{unit}, {_ACCESS[channel.access]}"
    description = [channel.config.description] if channel.config.description else []
    rest = "\n".join(_lines(channel))
    return "\n\n".join([head, *description, *([rest] if rest else [])])


def _type(channel: ChannelInterface) -> str:
    kind = channel.type
    word = kind.dtype.value
    if kind.labels:
        word = f"{word} ({', '.join(channel.config.enum_labels or kind.labels)})"
    if kind.format is Format.SPECTRUM:
        return f"up to {kind.max_x} x {word}"
    if kind.format is Format.IMAGE:
        return f"up to {kind.max_x} x {kind.max_y} x {word}"
    return word


def _lines(channel: ChannelInterface) -> Iterator[str]:
    yield from _limit_lines(channel)
    config = channel.config
    if channel.partner:
        yield f"Set point: channel {channel.partner}."
    if config.poll_period_s is not None:
        yield f"Polled: every {config.poll_period_s:g} s."
    if channel.memorized is not Memorized.NO:
        again = ", and written again" if channel.memorized is Memorized.AT_INIT else ""
        yield f"Its set point is kept over restarts{again}."
    if channel.events:
        yield f"Events: {', '.join(kind.value for kind in channel.events)}."
    if channel.level is Display.EXPERT:
        yield "For experts."


def _limit_lines(channel: ChannelInterface) -> Iterator[str]:
    config = channel.config
    bounds = (config.min_value, config.max_value)
    if channel.access.writable and bounds != (None, None):
        yield f"Writes: {_between(*bounds, config.unit)}."
    for word, low, high in (
        ("Alarm", config.min_alarm, config.max_alarm),
        ("Warning", config.min_warning, config.max_warning),
    ):
        below = [] if low is None else [f"at or below {with_unit(low, config.unit)}"]
        above = [] if high is None else [f"at or above {with_unit(high, config.unit)}"]
        if below or above:
            yield f"{word}: {', '.join(below + above)}."


def _between(low: float | None, high: float | None, unit: str) -> str:
    if high is None:
        return f"at least {with_unit(low, unit)}"
    if low is None:
        return f"at most {with_unit(high, unit)}"
    return f"{with_unit(low, '')} to {with_unit(high, unit)}"
