"""How answers look: tables that fit a terminal, ages, JSON for programs; colours on a terminal only."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from ocs.model.operation import OpCode

WIDTH = 80
LARGE = 1e6
TIMES = frozenset({"timestamp", "since", "last_update", "last_updated", "time_expired"})
"""Keys in the data of sessions under which POSIX times stand."""

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_COLOURS = {
    "running": "green",
    "here": "green",
    "succeeded": "green",
    "starting": "cyan",
    "stopping": "cyan",
    "pausing": "yellow",
    "degraded": "yellow",
    "interrupted": "yellow",
    "aborted": "yellow",
    "lost": "red",
    "failed": "red",
    "timed out": "red",
    "stuck": "red",
    "gone": "red",
    "ok": "green",
    "bad": "red",
    "VALID": "green",
    "CHANGING": "cyan",
    "WARNING": "yellow",
    "ALARM": "red",
    "INVALID": "red",
    "FAULT": "red",
    "UNKNOWN": "yellow",
    "INIT": "cyan",
    "MOVING": "cyan",
}
OP_WORDS: dict[int, str] = {
    OpCode.NONE.value: "never ran",
    OpCode.STARTING.value: "starting",
    OpCode.RUNNING.value: "running",
    OpCode.STOPPING.value: "stopping",
    OpCode.SUCCEEDED.value: "succeeded",
    OpCode.FAILED.value: "failed",
    OpCode.EXPIRED.value: "lost",
    OpCode.DEGRADED.value: "degraded",
}
"""The number of an operation's state in a heartbeat, as a word."""


@dataclass(frozen=True, slots=True)
class Word:
    """A state in a table; its colour follows from the word."""

    text: str


def emit(text: str = "") -> None:
    """Print a line at once."""
    click.echo(text)


def emit_json(document: Any, *, one_line: bool = False) -> None:
    """Print a JSON document, or a line of a stream of them."""
    click.echo(json.dumps(document, indent=None if one_line else 2, default=_plain, ensure_ascii=False))


def on_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout.isatty()


def paint(text: str, word: str) -> str:
    """Return `text` in the colour of the state `word`; as it is where there are no colours."""
    colour = _COLOURS.get(word)
    if colour is None or os.environ.get("NO_COLOR") or not on_terminal():
        return text
    return click.style(text, fg=colour)


def table(headers: Sequence[str], rows: Iterable[Sequence[str | Word]], *, indent: str = "") -> None:
    """Print rows in columns; on a terminal the last column is cut at its edge."""
    all_rows = [[cell if isinstance(cell, Word) else cell.replace("\n", " ") for cell in row] for row in rows]
    texts = [[_text(cell) for cell in row] for row in all_rows]
    widths = [max(len(header), *(len(row[place]) for row in texts), 0) for place, header in enumerate(headers)]
    if any(headers):
        emit(indent + "  ".join(header.ljust(width) for header, width in zip(headers, widths, strict=True)).rstrip())
    for row in all_rows:
        left, parts = line_width() - len(indent), []
        for cell, width in zip(row, widths, strict=True):
            text = _text(cell).ljust(width)
            text = cut(text, max(left, 8))
            left -= len(text) + 2
            parts.append(paint(text, cell.text) if isinstance(cell, Word) else text)
        emit((indent + "  ".join(parts)).rstrip())


def _text(cell: str | Word) -> str:
    return cell.text if isinstance(cell, Word) else cell


def line_width() -> int:
    """Return the characters of a line; without end when no terminal shows it."""
    return shutil.get_terminal_size((WIDTH, 24)).columns if on_terminal() else 100_000


def cut(text: str, width: int) -> str:
    """Return `text` in at most `width` characters."""
    return text if len(text.rstrip()) <= width else f"{text[: width - 3]}..."


def sentence(text: str, *, indent: str = "") -> None:
    """Print a sentence in lines that fit the terminal; on one line where no terminal is."""
    first, width = text.split("\n", maxsplit=1)[0], line_width()
    if not on_terminal() or len(indent + first) <= width:
        emit(indent + first)
    else:
        for line in textwrap.wrap(first, width, initial_indent=indent, subsequent_indent=f"{indent}  "):
            emit(line)
    for line in text.split("\n")[1:]:
        sentence(line, indent=indent)


def tell_error(message: str) -> None:
    """Print, to stderr, that a part of what was asked for failed."""
    click.echo(f"error: {message}", err=True)


def age(seconds: float) -> str:
    """Return a time span in words of one unit: `12 s`, `5 min`, `3 h`, `2 d`."""
    if seconds < 2 * _MINUTE:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.0f} h"
    return f"{seconds / _DAY:.0f} d"


def took(seconds: float) -> str:
    """Return how long something took: to a tenth of a second where that matters."""
    return f"{seconds:.1f} s" if seconds < _MINUTE else age(seconds)


def clock(moment: float) -> str:
    """Return the time of the day, UTC, to a tenth of a second."""
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%H:%M:%S.%f")[:-5]


def date(moment: float) -> str:
    """Return day and time, UTC, to the second."""
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")


def shown(value: Any) -> str:
    """Return a value for people: numbers short, maps and lists on one line."""
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) >= LARGE else f"{value:.6g}"
    if isinstance(value, dict):
        return " ".join(f"{key}={named(str(key), one)}" for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(shown(one) for one in value)}]"
    return str(value)


def named(key: str, value: Any) -> str:
    """Return a value for people, times as times of the day where their name says that they are."""
    return f"{clock(value)} UTC" if key in TIMES and isinstance(value, float) else shown(value)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return value.hex() if isinstance(value, bytes) else str(value)
