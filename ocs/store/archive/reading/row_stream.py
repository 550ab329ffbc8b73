"""The rows of one series in the order of their time, each once, while others seal, merge and delete files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import pyarrow as pa

from ocs.store.archive.blocks.ordering import in_order, joined, numbers_of
from ocs.store.archive.reading.holdings import BadBlockError, Holdings, Source
from ocs.store.archive.reading.selection import NUMBERS, Selection
from ocs.store.archive.reading.unsealed import VanishedError


class RowStream:
    """Reads the rows of a span; a file that went is looked for again, one that is damaged is left out and told.

    Args:
        holdings: What the archive has.
        selection: What is asked of the series.
        first: Start of the span, ns since 1970 UTC.
        last: Its end, ns, included.
    """

    def __init__(self, holdings: Holdings, selection: Selection, first: int, last: int) -> None:
        self._holdings = holdings
        self._selection = selection
        self._last = last
        self._at = first
        self._done = 0

    def tables(self) -> Iterator[pa.Table]:
        """Yield rows with the columns of the answer and their qualities as numbers; few of them are in memory."""
        while True:
            start, skip = self._at, self._done
            sources = self._holdings.of(self._selection, start, self._last).sources
            try:
                for table in _rows(sources, start, self._last):
                    again = min(skip, _count_until(table, start))
                    skip = skip - again if again == table.num_rows else 0
                    if again < table.num_rows:
                        new = table.slice(again)
                        self._remember(new)
                        yield new
            except (VanishedError, BadBlockError) as error:
                self._holdings.settle(self._selection, error, self._at)
            else:
                return

    def _remember(self, table: pa.Table) -> None:
        """Remember up to where rows were given: the time of the last, and how many of that time."""
        times = numbers_of(table, "time")
        latest = int(times[-1])
        same = len(times) - int(times.searchsorted(latest))
        self._done = same + (self._done if latest == self._at else 0)
        self._at = latest


class _Stream:
    """The tables of one source, of which the next rows are held."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._tables = tables
        self.held: pa.Table | None = None
        self.more = True
        self.fill()

    @property
    def last(self) -> int:
        """Time of the last row that is held."""
        return 0 if self.held is None else int(numbers_of(self.held.slice(self.held.num_rows - 1), "time")[0])

    def fill(self) -> None:
        """Hold the next rows, too."""
        table = next((table for table in self._tables if table.num_rows), None)
        if table is None:
            self.more = False
        else:
            self.held = table if self.held is None else joined([self.held, table])

    def before(self, bound: int | None) -> pa.Table | None:
        """Return the held rows before an instant, all without one, and hold the others."""
        if self.held is None:
            return None
        cut = self.held.num_rows if bound is None else _count_until(self.held, bound - 1)
        ready, rest = self.held.slice(0, cut), self.held.slice(cut)
        self.held = rest if rest.num_rows else None
        return ready if cut else None


def _rows(sources: Sequence[Source], first: int, last: int) -> Iterator[pa.Table]:
    for group in _overlapping(sources):
        if len(group) == 1:
            yield from group[0].tables(first, last)
        else:
            yield from _merged(group, first, last)


def _overlapping(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Yield those together that have rows of the same time; they come by their first times."""
    group: list[Source] = []
    reach = 0
    for source in sources:
        if group and source.first > reach:
            yield group
            group = []
        reach = max(reach, source.last) if group else source.last
        group.append(source)
    if group:
        yield group


def _merged(sources: Sequence[Source], first: int, last: int) -> Iterator[pa.Table]:
    waiting, active = deque(sources), list[_Stream]()
    while waiting or active:
        bound = min((stream.last for stream in active if stream.more), default=None)
        if waiting and (bound is None or waiting[0].first <= bound):
            active.append(_Stream(waiting.popleft().tables(first, last, numbers=True)))
            continue
        ready = [table for stream in active if (table := stream.before(bound)) is not None]
        if ready:
            table = in_order(joined(ready)) if len(ready) > 1 else ready[0]
            yield table.drop_columns(list(NUMBERS))
        for stream in active:
            if stream.more and (stream.held is None or stream.last == bound):
                stream.fill()
        active = [stream for stream in active if stream.more or stream.held is not None]


def _count_until(table: pa.Table, instant: int) -> int:
    """Return how many rows are not later than an instant, ns."""
    return int(numbers_of(table, "time").searchsorted(instant, side="right"))
