"""Reads an archive: no service is needed, no writer waits, and what is sealed or merged meanwhile is seen once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa

from ocs.model.errors import ConfigurationError, NotFoundError, OperationFailedError, OutOfRangeError
from ocs.model.gap import Gap
from ocs.model.name_pattern import Pattern
from ocs.model.series import Fields, SeriesKey
from ocs.model.time_span import Moment, read_span, read_time
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.catalogue.file import damaged
from ocs.store.archive.layout import Layout
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.continuity import Continuity, continuity
from ocs.store.archive.reading.finding import Finder
from ocs.store.archive.reading.history import History
from ocs.store.archive.reading.holdings import Holdings
from ocs.store.archive.reading.points import PointReader
from ocs.store.archive.reading.row_stream import RowStream
from ocs.store.archive.reading.selection import Selection

CHUNK_ROWS = 100_000

Channels = str | Sequence[str]
Progress = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """What the archive has of a series.

    Attributes:
        key: The series.
        fields: Types of those fields of its newest version that are meant.
        first: Time of the first row, ns since 1970 UTC.
        last: Time of the last row, ns.
        rows: How many there are; without any, `first` and `last` are when its fields were first seen.
    """

    key: SeriesKey
    fields: Fields
    first: int
    last: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Span:
    """What is asked beside the channels: start and end in ns, the end no part of it, and how much at a time."""

    start: int
    end: int
    max_points: int | None
    chunk_rows: int


class ArchiveReader:
    """Reads the archive in a folder; used from one thread at a time, as a context or until `close`.

    Args:
        folder: The archive's folder.
        now: Returns the present, ns since 1970 UTC, from which times such as `-1h` count.

    Raises:
        ConfigurationError: The folder has no archive.
        VersionError: A newer OCS made it.
        OperationFailedError: Its catalogue is damaged.
    """

    def __init__(self, folder: Path, *, now: Callable[[], int] = time.time_ns) -> None:
        self.folder = folder
        self._now = now
        layout = Layout(folder)
        try:
            self._catalogue = Catalogue(layout.catalogue, read_only=True)
        except (NotFoundError, OSError) as error:
            raise ConfigurationError(
                f"{folder} is no archive ({error}); give the folder that has catalogue.sqlite in it",
                field="path", given=str(folder),
            ) from None  # fmt: skip
        self._finder = Finder(self._catalogue)
        self._holdings = Holdings(layout, self._catalogue)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files."""
        self._catalogue.close()

    def series(self, pattern: Channels = "*") -> list[SeriesInfo]:
        """Return the series of which fields are meant, in the order of their names.

        Args:
            pattern: Names and patterns of fields.
        """
        with self._asking():
            self._holdings.look()
            sealed, unsealed = self._catalogue.extents(), self._holdings.unsealed.extents()
            series = list(self._finder.meant(Pattern(pattern)))
        found = []
        for meant in series:
            newest = meant.versions[-1]
            there = [unsealed[meant.number]] if meant.number in unsealed else []
            if meant.number in sealed:
                extent = sealed[meant.number]
                there.append((extent.first, extent.last, extent.rows))
            firsts, lasts, counts = zip(*(there or [(newest.since, newest.since, 0)]), strict=True)
            fields = {name: kind for name, kind in newest.fields.items() if name in meant.fields}
            found.append(SeriesInfo(meant.series, fields, min(firsts), max(lasts), sum(counts)))
        return found

    def history(
        self,
        channels: Channels,
        start: Moment = "-1h",
        end: Moment = "now",
        *,
        max_points: int | None = None,
        on_progress: Progress | None = None,
    ) -> History:
        """Return what was archived of some channels in a span of time.

        Args:
            channels: Names and patterns: `thermo-1.temperature`, `cryo/*`, `*.pressure, thermo-1`.
            start: Where the span begins: `-1h`, `today`, an ISO 8601 text, POSIX seconds, a datetime.
            end: Where it ends, no part of it.
            max_points: Points of each series at most; a longer answer has means, extremes and counts instead of rows.
            on_progress: Told how much is there, 0 to 1.

        Raises:
            NotFoundError: A name or pattern fits nothing that was ever archived; the sentence tells what is like it.
            ParameterError: A pattern or a time cannot be read.
        """
        pattern = Pattern(channels)
        span = self._span(start, end, max_points, CHUNK_ROWS)
        tell = on_progress or _ignore
        pieces = []
        with self._asking():
            for chunk in self._read(self._finder.selections(pattern), span, tell):
                pieces.append(chunk)
                tell(chunk.fraction)
            gaps = self._finder.gaps(pattern, span.start, span.end, self._holdings.damaged.values())
        return History.from_chunks(pieces, gaps, span.start, span.end)

    def chunks(
        self,
        channels: Channels,
        start: Moment = "-1h",
        end: Moment = "now",
        *,
        max_points: int | None = None,
        chunk_rows: int = CHUNK_ROWS,
    ) -> Iterator[Chunk]:
        """Return the same piece by piece, so that an answer of any length needs little memory.

        Series by series, each in the order of its time; of a series without rows there is one empty chunk.

        Args:
            channels: As of `history`, so are the errors.
            start: Where the span begins.
            end: Where it ends, no part of it.
            max_points: Points of each series at most.
            chunk_rows: Rows of a chunk at most.
        """
        span = self._span(start, end, max_points, chunk_rows)
        with self._asking():
            selections = self._finder.selections(Pattern(channels))
        return self._handed_out(selections, span)

    def gaps(self, pattern: Channels = "*", start: Moment | None = None, end: Moment | None = None) -> list[Gap]:
        """Return the known gaps that touch a span of time, the earliest first.

        Args:
            pattern: Names and patterns, also of whole feeds; of a device that is meant also the gaps of all of it.
            start: Where the span begins; by default before the oldest gap.
            end: Where it ends; by default after the newest.

        Raises:
            NotFoundError: A name without wildcards is none of anything that was ever archived.
            ParameterError: A pattern or a time cannot be read.
        """
        now = self._now()
        first, last = (None if moment is None else read_time(moment, now) for moment in (start, end))
        if start is not None and end is not None:
            first, last = read_span(start, end, now)
        with self._asking():
            return self._finder.gaps(Pattern(pattern), first, last, self._holdings.damaged.values())

    def _handed_out(self, selections: Sequence[Selection], span: _Span) -> Iterator[Chunk]:
        with self._asking():
            yield from self._read(selections, span, _ignore)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OperationFailedError(f"{self._catalogue.path} cannot be read now ({error}); try again") from error
        except sqlite3.ProgrammingError:
            raise  # the reader was closed
        except sqlite3.DatabaseError as error:
            raise damaged(self._catalogue.path, error) from error

    def continuity(self, pattern: Channels = "*", start: Moment = "-1h", end: Moment = "now") -> list[Continuity]:
        """Return how complete the rows of each series and epoch are in a span; errors as of `history`."""
        span = self._span(start, end, None, CHUNK_ROWS)
        return continuity(self._holdings, self._finder.selections(Pattern(pattern)), span.start, span.end)

    def _span(self, start: Moment, end: Moment, max_points: int | None, chunk_rows: int) -> _Span:
        for name, number in (("max_points", max_points), ("chunk_rows", chunk_rows)):
            if number is not None and number < 1:
                raise OutOfRangeError(f"{name} is {number}; it must be at least 1", field=name, given=number, limit=1)
        return _Span(*read_span(start, end, self._now()), max_points, chunk_rows)

    def _read(self, selections: Sequence[Selection], span: _Span, on_progress: Progress) -> Iterator[Chunk]:
        for done, selection in enumerate(selections):

            def tell(part: float, done: int = done) -> None:
                on_progress((done + part) / len(selections))

            for part, table in self._tables(selection, span, tell):
                yield Chunk(selection.series, table, (done + part) / len(selections))

    def _tables(self, selection: Selection, span: _Span, tell: Progress) -> Iterator[tuple[float, pa.Table]]:
        """Yield how much of a series is there, and what; at least one table."""
        points = None
        if span.max_points is not None and span.start < span.end:
            reader = PointReader(self._holdings, selection, span.start, span.end, span.max_points, tell)
            points = reader.read()
        if points is None:
            yield from _with_progress(self._rows(selection, span), span)
        else:
            yield 1.0, points

    def _rows(self, selection: Selection, span: _Span) -> Iterator[pa.Table]:
        empty = True
        if span.start < span.end:
            stream = RowStream(self._holdings, selection, span.start, span.end - 1)
            for table in _regrouped(map(selection.told, stream.tables()), span.chunk_rows):
                empty = False
                yield table
        if empty:
            yield selection.schema.empty_table()


def _ignore(_: float) -> None:
    pass


def _regrouped(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of about so many rows, never more; those with other columns stay apart."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        if held and (count + table.num_rows > rows or held[0].schema != table.schema):
            yield pa.concat_tables(held)
            held, count = [], 0
        for at in range(0, table.num_rows, rows):
            piece = table.slice(at, rows)
            if piece.num_rows == rows:
                yield piece
            else:
                held.append(piece)
                count += piece.num_rows
    if held:
        yield pa.concat_tables(held)


def _with_progress(tables: Iterator[pa.Table], span: _Span) -> Iterator[tuple[float, pa.Table]]:
    """Yield how much of the span is done with each table, and the table; the last one is all of it."""
    table = next(tables)
    for following in tables:
        reached = table["time"][-1].value
        yield (reached - span.start) / (span.end - span.start), table
        table = following
    yield 1.0, table
