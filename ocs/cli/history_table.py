"""An answer of the archive as a table for people, with a line for each gap at its place in time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from ocs.cli.gaps import seconds_text, subject
from ocs.cli.printing import cut, emit, line_width, paint, sentence, took
from ocs.cli.readings import cell, printed, value_text
from ocs.model.channel_config import ChannelConfig
from ocs.model.gap import Gap
from ocs.model.time_span import NS_PER_S

if TYPE_CHECKING:
    from ocs.store.archive.reading.history import History

TIME_WIDTH = 23
WIDEST_LINE = 160
"""Where no terminal says how wide a line may be."""

TEXT = "%s"
"""The archive knows no printf format of a channel: numbers have six digits."""


def show_table(history: History) -> None:
    """Print an answer: a line for each time, one for each gap, and at last what the lines stand for.

    Where the columns do not fit on a line, each value has a line of its own.
    """
    arrays = history.to_numpy()
    times = arrays["time"].astype(np.int64).tolist()
    columns = [list(_cells(arrays, name)) for name in history.names]
    heads = [_head(name, history.units[name]) for name in history.names]
    widths = [max([len(head), *map(len, column)]) for head, column in zip(heads, columns, strict=True)]
    wide = TIME_WIDTH + sum(width + 2 for width in widths) > min(line_width(), WIDEST_LINE)
    if wide and len(columns) > 1:
        room = line_width() - TIME_WIDTH - 4
        values = max((len(text) for column in columns for text in column), default=0)
        width = min(max(map(len, heads)), max(room - values, room // 2))
        rows = _one_by_one(times, [cut(head, width) for head in heads], columns)
        heads, widths = ["NAME", "VALUE"], [width, 0]
    else:
        rows = zip(times, zip(*columns, strict=True), strict=True)
    _show_rows(rows, heads, widths, history.gaps)
    if any(":count" in name for name in arrays):
        _show_meaning(times)


def _one_by_one(
    times: list[int], heads: Sequence[str], columns: list[list[str]]
) -> Iterator[tuple[int, tuple[str, str]]]:
    for time, *row in zip(times, *columns, strict=True):
        yield from ((time, (head, text)) for head, text in zip(heads, row, strict=True) if text)


def _show_rows(
    rows: Iterable[tuple[int, Sequence[str]]], heads: Sequence[str], widths: Sequence[int], gaps: Sequence[Gap]
) -> None:
    emit(_line("TIME (UTC)", heads, widths))
    waiting = deque(gaps)
    for time, row in rows:
        while waiting and waiting[0].start < time:
            _show_gap(waiting.popleft())
        emit(_line(time_text(time), row, widths))
    for gap in waiting:
        _show_gap(gap)


def time_text(moment: int) -> str:
    """Return day and time of ns since 1970, UTC, to the millisecond."""
    seconds, rest = divmod(moment, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M:%S}.{rest // 1_000_000:03d}"


def _head(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _cells(arrays: dict[str, Any], name: str) -> list[str]:
    qualities = arrays.get(f"{name}:quality")
    values = list(_texts(arrays, name))
    if qualities is None:
        return values
    return [
        text if quality in {None, "VALID"} else f"{text} {quality}".strip()
        for text, quality in zip(values, qualities, strict=True)
    ]


def _texts(arrays: dict[str, Any], name: str) -> Iterator[str]:
    values = arrays[name]
    low, high = arrays.get(f"{name}:min"), arrays.get(f"{name}:max")
    for row, value in enumerate(values):
        text = _text(value)
        if text and low is not None and high is not None and low[row] != high[row]:
            text = f"{text} ({_text(low[row])}..{_text(high[row])})"
        yield text


def _text(value: Any) -> str:
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return ""
    if isinstance(value, (list, np.ndarray)):
        return cell(value_text(np.asarray(value), ChannelConfig("", format=TEXT)))
    return cell(" ".join(printed(value.item() if isinstance(value, np.generic) else value, TEXT).splitlines()))


def _line(time: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    texts = [each.ljust(width) for each, width in zip(cells, widths, strict=True)]
    return cut("  ".join([time.ljust(TIME_WIDTH), *texts]).rstrip(), line_width())


def _show_gap(gap: Gap) -> None:
    until = (
        "still lasts"
        if gap.end is None
        else f"until {seconds_text(gap.end)} ({took((gap.end - gap.start) / NS_PER_S)})"
    )
    rows = f", {gap.rows} rows" if gap.rows else ""
    sentence(paint(f"{time_text(gap.start)}  -- gap of {subject(gap)} {until}{rows}: {gap.sentence}", "degraded"))


def _show_meaning(times: list[int]) -> None:
    bucket = f" of {took(float(np.median(np.diff(times))) / NS_PER_S)}" if len(times) > 1 else ""
    sentence(f"each line is the mean{bucket} (lowest..highest); --all shows every row")
