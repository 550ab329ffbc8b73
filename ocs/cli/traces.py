"""What a plot shows of an answer of the archive: a trace for each channel, broken where nothing is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ocs.model.datatype import DataType
from ocs.model.errors import NotAllowedError
from ocs.model.gap import Gap
from ocs.model.series import CHANNELS_FEED, SeriesKey

if TYPE_CHECKING:
    from ocs.store.archive.reading.history import History

MOST_WORDS = 12
"""So many different texts have room on an axis."""

LONGEST_WORD = 60
"""A longer one is no label, but a record or a message."""

TRUTH = ("no", "yes")

NARROWEST = 0.002
"""A gap is at least so wide, as a part of the span, that it can be seen."""

SAYING_NOTHING = frozenset({"VALID", "CHANGING"})

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Trace:
    """One channel.

    Attributes:
        name: Its name, as short as it is unique.
        label: Name of its field.
        unit: Its unit; empty without one.
        series: Whose it is.
        times: datetime64[ns], UTC, in order.
        values: Numbers, as float64; of texts and truth values places in `words`.
        words: What the numbers stand for; empty for plain numbers.
        low: The lowest value of each bucket; None where every row is there.
        high: The highest one.
        quality: A word for each value; None where all are VALID.
    """

    name: str
    label: str
    unit: str
    series: SeriesKey
    times: Array
    values: Array
    words: tuple[str, ...] = ()
    low: Array | None = None
    high: Array | None = None
    quality: Array | None = None

    def concerns(self, gap: Gap) -> bool:
        """Whether a gap is one of this channel."""
        key = self.series
        return gap.device == key.device and gap.feed in {"", key.feed} and gap.block in {"", key.block}

    def flagged(self) -> dict[str, Array]:
        """Return, for each quality that says something, which values have it."""
        if self.quality is None:
            return {}
        words = [word for word in np.unique(self.quality.astype(str)) if word not in SAYING_NOTHING]
        return {word: (self.quality == word) & np.isfinite(self.values) for word in words}


@dataclass
class Panel:
    """Traces that share an axis.

    Attributes:
        unit: Their unit.
        traces: The traces.
        words: What the numbers of the axis stand for.
    """

    unit: str
    traces: list[Trace] = field(default_factory=list)
    words: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the axis shows: the unit, after the name of the field where all have the same."""
        labels = {trace.label for trace in self.traces}
        label = labels.pop().replace("_", " ") if len(labels) == 1 else ""
        return f"{label} [{self.unit}]".strip() if self.unit else label


def traces(history: History) -> tuple[list[Trace], list[NotAllowedError]]:
    """Return a trace for each channel of an answer that has rows, and why some have none.

    A channel of arrays cannot be drawn, nor one of long texts, or of more different ones than an axis has room for.
    """
    from ocs.store.archive.reading.conversion import to_numpy

    names = iter(history.names)
    found, left_out = [], []
    for part in history.parts:
        arrays = to_numpy(part.table)
        for label in part.fields:
            told = part.table.schema.field(label).metadata or {}
            name = next(names)
            if not len(arrays["time"]):
                continue
            try:
                found.append(_trace(name, label, history.units[name], part.series, arrays, told))
            except NotAllowedError as error:
                left_out.append(error)
    return found, left_out


def panels(shown: Sequence[Trace]) -> list[Panel]:
    """Return the axes: one for the numbers of each unit, and one for each channel of texts or truth values."""
    numbers: dict[str, Panel] = {}
    words = []
    for trace in shown:
        if trace.words:
            words.append(Panel("", [trace], trace.words))
        else:
            numbers.setdefault(trace.unit, Panel(trace.unit)).traces.append(trace)
    return [*numbers.values(), *words]


def shaded(gap: Gap, start: int, end: int) -> tuple[int, int] | None:
    """Return the part of a span (ns) that is shaded for a gap, wide enough to be seen; None where it lies outside."""
    first, last = max(gap.start, start), min(end if gap.end is None else gap.end, end)
    if first > last:
        return None
    least = int((end - start) * NARROWEST)
    first = min(first, end - least)
    return first, max(last, first + least)


def broken(trace: Trace, gaps: Sequence[Gap]) -> Trace:
    """Return the trace with a value that is none inside of each gap, so that no line leads across it."""
    starts = np.array([gap.start for gap in gaps if trace.concerns(gap)], dtype="datetime64[ns]")
    places = np.searchsorted(trace.times, starts, side="right")
    inner = (places > 0) & (places < len(trace.times))
    if not inner.any():
        return trace
    at, when = places[inner], starts[inner] + np.timedelta64(1, "ns")

    def holed(column: Array | None, value: Any) -> Array | None:
        return None if column is None else np.insert(column, at, value)

    return replace(
        trace, times=np.insert(trace.times, at, when), values=np.insert(trace.values, at, np.nan),
        low=holed(trace.low, np.nan), high=holed(trace.high, np.nan), quality=holed(trace.quality, "VALID"),
    )  # fmt: skip


def held(trace: Trace, gaps: Sequence[Gap], end: int) -> Trace:
    """Return the trace with its last value at an instant (ns), if it is one that is told only when it changes."""
    moment = np.datetime64(end, "ns")
    last = int(trace.times[-1].astype(np.int64))
    told_at_changes = trace.series.feed == CHANNELS_FEED and bool(trace.words)
    if not told_at_changes or any(trace.concerns(gap) and gap.start >= last for gap in gaps):
        return trace
    low, high = (None if each is None else np.append(each, each[-1]) for each in (trace.low, trace.high))
    times, values = np.append(trace.times, moment), np.append(trace.values, trace.values[-1])
    return replace(trace, times=times, values=values, low=low, high=high, quality=None)


def _trace(
    name: str, label: str, unit: str, series: SeriesKey, arrays: dict[str, Array], told: Mapping[bytes, bytes]
) -> Trace:
    """Return a channel's trace; `told` is the metadata of its column."""
    values, words = _numbers(name, arrays[label])
    if told.get(b"dtype") == DataType.BOOL.value.encode():  # decimated, it is the part of the time that it was true
        words = TRUTH
    elif words and b"labels" in told:
        values, words = _ordered(values, words, json.loads(told[b"labels"]))
    extremes = [arrays.get(f"{label}:{kind}") for kind in ("min", "max")]
    low, high = (None if each is None else _floats(each) for each in extremes)
    return Trace(name, label, unit, series, arrays["time"], values, words, low, high, arrays.get(f"{label}:quality"))


def _numbers(name: str, values: Array) -> tuple[Array, tuple[str, ...]]:
    known = [value for value in values if value is not None] if values.dtype == object else []
    if values.ndim > 1 or any(isinstance(value, (list, np.ndarray, bytes)) for value in known[:1]):
        raise NotAllowedError(f"{name} has no single numbers; `ocs export` writes what it has into a file", field=name)
    if values.dtype.kind in "iuf":
        return _floats(values), ()
    if values.dtype.kind == "b" or all(isinstance(value, (bool, np.bool_)) for value in known):
        return _floats(np.array([np.nan if value is None else float(value) for value in values])), TRUTH
    words = list(dict.fromkeys(str(value) for value in known))
    if max(map(len, words), default=0) > LONGEST_WORD:
        raise NotAllowedError(
            f"{name} has texts of more than {LONGEST_WORD} characters; `ocs history` shows them", field=name,
            limit=LONGEST_WORD,
        )  # fmt: skip
    if len(words) > MOST_WORDS:
        raise NotAllowedError(
            f"{name} has {len(words)} different texts; an axis has room for {MOST_WORDS}: `ocs history` lists them",
            field=name, limit=MOST_WORDS,
        )  # fmt: skip
    places = {word: place for place, word in enumerate(words)}
    return np.array([np.nan if value is None else places[str(value)] for value in values], float), tuple(words)


def _ordered(values: Array, words: tuple[str, ...], labels: Sequence[str]) -> tuple[Array, tuple[str, ...]]:
    """Return the places of words in the order of an enum's labels, and the words."""
    known = {label: place for place, label in enumerate(labels)}
    order = tuple(sorted(words, key=lambda word: known.get(word, len(known))))
    places = np.array([order.index(word) for word in words], float)
    there = np.isfinite(values)
    return np.where(there, places[np.where(there, values, 0).astype(int)], np.nan), order


def _floats(values: Array) -> Array:
    return values.astype(np.float64)
