"""How channels look: a value by its printf format with its unit, long arrays as their size and range, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ocs.cli.printing import Word, clock, cut, emit, line_width, on_terminal, sentence, shown, table, took
from ocs.model.channel import ChannelInterface
from ocs.model.channel_config import ChannelConfig
from ocs.model.limits import quality_of
from ocs.model.quality import Quality

if TYPE_CHECKING:
    from ocs.client.readings import Reading

ELEMENTS_SHOWN = 6
BYTES_SHOWN = 16
WIDEST = 32
"""Characters of a value in a table on a terminal."""

TRUTH = {True: "yes", False: "no"}

Shown = tuple[str, ChannelInterface | None, "Reading"]
"""A channel's name, what is known of it (nothing of one that does not exist), and its reading."""


def printed(value: Any, form: str) -> str:
    """Return one element for people.

    Args:
        value: The element.
        form: The printf format of its channel; where it does not fit, or would make a number other than 0 look like
            0, six digits are shown.
    """
    if isinstance(value, (bool, np.bool_)):
        return TRUTH[bool(value)]
    if isinstance(value, bytes):
        more = f"... ({len(value)} bytes)" if len(value) > BYTES_SHOWN else ""
        return value[:BYTES_SHOWN].hex() + more
    if form == "%s" or not isinstance(value, (int, float, np.number)):
        return shown(value)
    try:
        text = str(form % value).strip()
    except (TypeError, ValueError, OverflowError):
        return shown(value)
    return shown(float(value)) if value and not set(text) - set("-+0.") else text


def value_text(value: Any, config: ChannelConfig) -> str:
    """Return a value with its unit for people: of a long array its shape, and the range of its numbers."""
    if value is None:
        return ""
    array = isinstance(value, (np.ndarray, list))
    text = _array(value, config.format) if array else printed(value, config.format)
    return f"{text} {config.unit}".rstrip() if config.unit else text


def _array(value: Any, form: str) -> str:
    if isinstance(value, list):
        items = [one for row in value for one in (row if isinstance(row, list) else [row])]
        more = f"[{len(items)}] " if len(items) > ELEMENTS_SHOWN else ""
        return more + ", ".join(str(one) for one in items[:ELEMENTS_SHOWN]) + (", ..." if more else "")
    if value.size <= ELEMENTS_SHOWN and value.ndim == 1:
        return f"[{', '.join(printed(one, form) for one in value.tolist())}]"
    shape = f"[{' x '.join(map(str, value.shape))}]"
    if value.dtype.kind == "b":
        return f"{shape} {int(value.sum())} yes"
    good = value[np.isfinite(value)] if value.dtype.kind == "f" else value
    bad = f" ({value.size - good.size} not finite)" if good.size < value.size else ""
    if not good.size:
        return f"{shape}{bad}"
    low, high = (printed(one.item(), form) for one in (good.min(), good.max()))
    return f"{shape} {low}..{high}{bad}"


def what_is_wrong(channel: ChannelInterface | None, reading: Reading) -> str:
    """Return why a reading is not simply good, in one sentence; empty when it is."""
    if reading.error is not None:
        return str(reading.error.message)
    if channel is None:
        return ""
    told = []
    if reading.quality in {Quality.ALARM, Quality.WARNING}:
        quality, why = quality_of(reading.value, reading.setpoint, None, channel.config, channel.type)
        told.append(why if quality is reading.quality else f"its quality is {reading.quality.value}")
    elif reading.quality is not Quality.VALID and reading.quality is not Quality.CHANGING:
        told.append(f"its quality is {reading.quality.value}")
    limit = channel.config.stale_after_s
    if limit is not None and reading.age_s > limit:
        told.append(f"it is {took(reading.age_s)} old, and should be at most {limit:g} s")
    if reading.settled is False:
        told.append("it has not settled at its set point yet")
    return "; ".join(told)


def show_readings(rows: Iterable[Shown]) -> None:
    """Print a table of readings, and below it what is wrong with them."""
    found = list(rows)
    setpoints = any(reading.setpoint is not None for _, _, reading in found)
    table(
        ("NAME", "VALUE", *(("SET POINT",) if setpoints else ()), "QUALITY", "AGE"),
        [_row(row, setpoints=setpoints) for row in found],
    )
    for name, channel, reading in found:
        if reading.error is None and (told := what_is_wrong(channel, reading)):
            sentence(f"{name}: {told}")
    _show_whole(found)


def show_history(rows: Iterable[Shown]) -> None:
    """Print a table of readings with their times, oldest first."""
    cells: list[list[str | Word]] = []
    for name, channel, reading in rows:
        wrong = what_is_wrong(channel, reading) if reading.error is not None else ""
        value, quality = cell(_value(channel, reading.value)), Word(reading.quality.value)
        cells.append([clock(reading.time), name, value, quality, wrong])
    table(("TIME (UTC)", "NAME", "VALUE", "QUALITY", ""), cells)


def reading_document(reading: Reading) -> dict[str, Any]:
    """Return a reading as JSON carries it; arrays are lists."""
    document: dict[str, Any] = {
        "value": reading.value, "setpoint": reading.setpoint, "unit": reading.unit, "quality": reading.quality.value,
        "time": reading.time, "age_s": reading.age_s, "clock": reading.clock.value, "settled": reading.settled,
    }  # fmt: skip
    if reading.error is not None:
        document["error"] = error_document(reading.error)
    return document


def error_document(error: Any) -> Mapping[str, Any]:
    """Return an error as JSON carries it."""
    from ocs.wire.replies import encode_error

    return encode_error(error)


def cell(text: str) -> str:
    """Return a value as a cell of a table, cut on a terminal."""
    return cut(" ".join(text.split()), WIDEST) if on_terminal() else text


def _row(row: Shown, *, setpoints: bool) -> list[str | Word]:
    name, channel, reading = row
    failed = reading.error is not None
    cells: list[str | Word] = [name, cell("no value" if failed else _value(channel, reading.value))]
    if setpoints:
        cells.append(cell(_value(channel, reading.setpoint)))
    return [*cells, Word(reading.quality.value), "" if failed else took(reading.age_s)]


def _value(channel: ChannelInterface | None, value: Any) -> str:
    return value_text(value, channel.config if channel is not None else ChannelConfig(""))


def _show_whole(found: list[Shown]) -> None:
    """Print the text or record of a channel that was read alone in full when its cell cuts it."""
    if len(found) != 1 or not on_terminal():
        return
    value = found[0][2].value
    if isinstance(value, str) and len(value) > WIDEST:
        emit()
        for line in value.splitlines():
            sentence(line, indent="  ")
    elif isinstance(value, dict):
        from ocs.cli.sessions import data_lines

        emit()
        for line in data_lines(value):
            emit(cut(f"  {line}", line_width()))
