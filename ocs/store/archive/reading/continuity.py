"""Whether rows are missing: the numbers that the archive has of each series and epoch in a span of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ocs.model.series import SeriesKey
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.reading.holdings import BadBlockError, Holdings
from ocs.store.archive.reading.selection import NUMBERS, Selection
from ocs.store.archive.reading.unsealed import VanishedError

MOST_TRIES = 20


@dataclass(frozen=True, slots=True)
class Continuity:
    """The rows of one series and epoch in a span of time.

    Attributes:
        series: The series.
        epoch: Start of the agent's process, ns.
        rows: How many different rows there are.
        first: Number of the first.
        last: Number of the last.
        duplicated: How many are there once more.
    """

    series: SeriesKey
    epoch: int
    rows: int
    first: int
    last: int
    duplicated: int

    @property
    def missing(self) -> int:
        """How many numbers between the first and the last are not there: lost, or left out by the policy."""
        return self.last - self.first + 1 - self.rows


def continuity(holdings: Holdings, selections: Sequence[Selection], start: int, end: int) -> list[Continuity]:
    """Return how complete series are.

    Args:
        holdings: What the archive has.
        selections: The series.
        start: Start of the span, ns since 1970 UTC.
        end: Its end, ns, no part of it.
    """
    found = []
    for selection in selections:
        epochs, numbers = _numbers(holdings, selection, start, end - 1)
        for epoch in np.unique(epochs).tolist():
            own = numbers[epochs == epoch]
            unique = np.unique(own)
            first, last = int(unique[0]), int(unique[-1])
            found.append(Continuity(selection.series, epoch, len(unique), first, last, len(own) - len(unique)))
    return found


def _numbers(holdings: Holdings, selection: Selection, first: int, last: int) -> tuple[Any, Any]:
    """Return epoch and number of each row that lies in a file, each as often as it is there."""
    tries = 0
    while True:
        epochs, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        try:
            for source in holdings.of(selection, first, last).sources:
                for table in source.tables(first, last, (), numbers=True):
                    epochs.append(numbers_of(table, NUMBERS[0]))
                    numbers.append(numbers_of(table, NUMBERS[1]))
        except (VanishedError, BadBlockError) as error:
            tries += 1
            if tries == MOST_TRIES:
                raise
            holdings.settle(selection, error, first)
        else:
            return np.concatenate(epochs), np.concatenate(numbers)
