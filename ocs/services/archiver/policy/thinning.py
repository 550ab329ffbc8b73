"""Which rows of one series stay: dead bands and periods, compared with the row that was kept last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, repeat
from typing import Any

import numpy as np

from ocs.model.archive_policy import Rule
from ocs.model.series import Batch, FieldType

NS = 1_000_000_000


class Thinner:
    """The rows of one series, in the order in which they come.

    Args:
        rules: The rule of each field that is archived.
        fields: Their types.
    """

    def __init__(self, rules: Mapping[str, Rule], fields: Mapping[str, FieldType]) -> None:
        self._all = any(not rule.thins for rule in rules.values())
        banded = {name: rule.dead_band for name, rule in rules.items() if rule.dead_band is not None}
        single = {name for name, kind in fields.items() if kind.dims == 0 and kind.dtype.numeric}
        self._bands = {name: band for name, band in banded.items() if name in single}
        self._watched = [name for name in banded if name not in single]
        self._names = list(rules)
        periods = [rule.period_s for rule in rules.values() if rule.period_s is not None]
        self._period = round(min(periods) * NS) if periods else None
        self._seen = (0, 0)
        self._time: int | None = None
        self._values: tuple[float, ...] = ()
        self._before: dict[str, Any] = {}

    def kept(self, batch: Batch) -> Any:
        """Return the places of the rows that stay, as an array of integers; None when all of them do."""
        if self._all:
            return None
        if batch.epoch == self._seen[0] and batch.seq <= self._seen[1]:
            self._time = None  # they were judged, but did not get to the disk: what was kept then is not there
        self._seen = (batch.epoch, batch.last)
        columns = [_floats(batch.columns[name]) for name in self._bands]
        forced = np.zeros(len(batch), dtype=bool)
        forced[0] = self._time is None
        for name, column in zip(self._bands, columns, strict=True):
            self._mark(forced, f"{name} is no number", np.isnan(column))
        for name in self._watched:
            self._mark(forced, name, batch.columns[name])
        for name in self._names:
            quality = batch.quality.get(name)
            self._mark(forced, f"quality of {name}", np.zeros(len(batch), np.uint8) if quality is None else quality)
        with np.errstate(invalid="ignore", over="ignore"):  # infinities among the values
            first = self._first(batch.times, forced, columns)
        places = [] if first is None else self._walk(batch.times, forced, columns, first)
        return None if len(places) == len(batch) else np.array(places, dtype=np.int64)

    def _mark(self, forced: Any, what: str, column: Any) -> None:
        """Mark the rows at which a column has another value than in the row before."""
        forced[1:] |= _changes(column)
        if what in self._before and not _same(self._before[what], column[0]):
            forced[0] = True
        self._before[what] = column[-1]

    def _first(self, times: Any, forced: Any, columns: Sequence[Any]) -> int | None:
        """Return the place of the first row that stays; a quiet series costs no more than this."""
        if forced[0]:
            return 0
        wanted = forced.copy()
        if self._period is not None and self._time is not None:
            wanted |= np.abs(times - self._time) >= self._period
        for column, value, band in zip(columns, self._values, self._bands.values(), strict=True):
            wanted |= np.abs(column - value) >= band
        return int(np.argmax(wanted)) if wanted.any() else None

    def _walk(self, times: Any, forced: Any, columns: Sequence[Any], first: int) -> list[int]:
        """Return the places of the rows that stay, from the first of them on."""
        bands = list(self._bands.values())
        period = np.inf if self._period is None else self._period
        rows = zip(times.tolist(), forced.tolist(), _rows(columns, len(times)), strict=True)
        places: list[int] = []
        kept_at, values = 0, self._values
        for place, (time, changed, row) in enumerate(rows):
            if place < first:
                continue
            if place == first or changed or abs(time - kept_at) >= period or _moved(row, values, bands):
                places.append(place)
                kept_at, values = time, row
        self._time, self._values = kept_at, values
        return places


def _rows(columns: Sequence[Any], count: int) -> Iterable[tuple[float, ...]]:
    return zip(*(column.tolist() for column in columns), strict=True) if columns else repeat((), count)


def _moved(row: tuple[float, ...], kept: tuple[float, ...], bands: Sequence[float]) -> bool:
    for value, before, band in zip(row, kept, bands, strict=True):  # noqa: SIM110 - any() costs more than the rest of it
        if abs(value - before) >= band:
            return True
    return False


def _floats(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return column.astype(np.float64)
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)


def _changes(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        different = column[1:] != column[:-1]
        return different.any(axis=tuple(range(1, different.ndim)))
    return np.array([left != right for left, right in pairwise(column)], dtype=bool)


def _same(left: Any, right: Any) -> bool:
    return bool(np.all(left == right)) if isinstance(left, np.ndarray) else bool(left == right)
