"""A set of whole numbers kept as spans: which rows of an epoch are stored."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class Spans:
    """Whole numbers, as spans of neighbours, both ends included.

    Args:
        spans: Spans to begin with, in any order; they may overlap.
    """

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in spans:
            self.add(first, last)

    def add(self, first: int, last: int) -> None:
        """Put the numbers `first` to `last` in."""
        if last < first:
            return
        low = bisect_left(self._lasts, first - 1)
        high = bisect_right(self._firsts, last + 1)
        if low < high:
            first = min(first, self._firsts[low])
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def missing(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the spans of `first` to `last` that are not in."""
        holes = []
        at = bisect_left(self._lasts, first)
        while first <= last and at < len(self._firsts) and self._firsts[at] <= last:
            if first < self._firsts[at]:
                holes.append((first, self._firsts[at] - 1))
            first = self._lasts[at] + 1
            at += 1
        if first <= last:
            holes.append((first, last))
        return holes

    def holes(self) -> list[tuple[int, int]]:
        """Return the spans between the first number and the last that are not in."""
        return [] if not self._firsts else self.missing(self._firsts[0], self._lasts[-1])

    def __contains__(self, number: int) -> bool:
        at = bisect_left(self._lasts, number)
        return at < len(self._firsts) and self._firsts[at] <= number

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._firsts, self._lasts, strict=True)))

    @property
    def count(self) -> int:
        """How many numbers are in."""
        return sum(last - first + 1 for first, last in self)
