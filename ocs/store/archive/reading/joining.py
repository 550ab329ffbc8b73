"""Rows of several series on one time base, however many there are: kept on disk between, few in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from ocs.model.series import SeriesKey
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.history import History, Part
from ocs.store.archive.reading.widening import fitted, widened

PIECE_ROWS = 200_000
"""Rows that are joined at a time, of all series together."""

FEWEST_ROWS = 64
"""Rows of one series that are joined at a time at least, however many series there are."""


class Spill:
    """Chunks in files, in the order in which they come: what follows is known only when all are there.

    Args:
        folder: Where the files are made; who made the folder deletes it.

    Attributes:
        rows: How many rows are there, of all series together.
    """

    def __init__(self, folder: Path) -> None:
        self.rows = 0
        self._folder = folder
        self._files: dict[SeriesKey, list[Path]] = {}
        self._schemas: dict[SeriesKey, list[pa.Schema]] = {}
        self._count = 0
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None
        self._written: tuple[SeriesKey, pa.Schema] | None = None

    def add(self, chunk: Chunk) -> None:
        """Keep a chunk; those of one series come in the order of their time.

        Raises:
            OSError: The disk refuses.
        """
        if self._written != (chunk.series, chunk.table.schema):
            self._begin(chunk)
        if self._writer is not None:
            self._writer.write_table(chunk.table)
        self.rows += len(chunk)

    def joined(self, piece_rows: int = PIECE_ROWS) -> Iterator[pa.Table]:
        """Yield all rows in the order of their time, with the columns of `History.table`, piece by piece.

        Args:
            piece_rows: So many rows of all series together are in memory at a time, unless more have one time.
        """
        self.close()
        keys = list(self._files)
        schemas = [widened(self._schemas[key]) for key in keys]
        rows = max(min(FEWEST_ROWS, piece_rows), piece_rows // max(1, len(keys)))
        streams = [
            _Stream(_pieces(self._files[key], schema, rows), schema) for key, schema in zip(keys, schemas, strict=True)
        ]
        for tables in _aligned(streams):
            yield History([Part(key, table) for key, table in zip(keys, tables, strict=True)]).table

    def close(self) -> None:
        """Have all of it in the files."""
        writer, self._writer, self._written = self._writer, None, None
        if writer is not None:
            writer.close()

    def _begin(self, chunk: Chunk) -> None:
        self.close()
        path = self._folder / f"{self._count}.arrow"
        self._count += 1
        self._files.setdefault(chunk.series, []).append(path)
        self._schemas.setdefault(chunk.series, []).append(chunk.table.schema)
        self._writer = pa.ipc.new_stream(path, chunk.table.schema)
        self._written = (chunk.series, chunk.table.schema)


def _pieces(paths: Sequence[Path], schema: pa.Schema, rows: int) -> Iterator[pa.Table]:
    for path in paths:
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as stream:
            for batch in stream:
                table = fitted(pa.Table.from_batches([batch]), schema)
                for at in range(0, table.num_rows, rows):
                    yield table.slice(at, rows)


class _Stream:
    """The rows of one series, of which the next ones are held."""

    def __init__(self, pieces: Iterator[pa.Table], schema: pa.Schema) -> None:
        self._pieces = pieces
        self._held = schema.empty_table()
        self._next = next(pieces, None)
        self.fill()

    @property
    def more(self) -> bool:
        """Whether there are rows behind those that are held."""
        return self._next is not None

    @property
    def last(self) -> int:
        """Time of the last row that is held."""
        return int(numbers_of(self._held.slice(self._held.num_rows - 1), "time")[0])

    def fill(self) -> None:
        """Hold more rows."""
        if self._next is not None:
            self._held = pa.concat_tables([self._held, self._next])
            self._next = next(self._pieces, None)

    def before(self, bound: int | None) -> pa.Table:
        """Return the held rows before an instant, all without one, and hold the others."""
        cut = self._held.num_rows if bound is None else int(numbers_of(self._held, "time").searchsorted(bound))
        ready, self._held = self._held.slice(0, cut), self._held.slice(cut)
        return ready


def _aligned(streams: Sequence[_Stream]) -> Iterator[list[pa.Table]]:
    """Yield the rows of each stream up to an instant that all of them are known to."""
    while True:
        waiting = [stream for stream in streams if stream.more]
        bound = min((stream.last for stream in waiting), default=None)
        tables = [stream.before(bound) for stream in streams]
        if any(table.num_rows for table in tables):
            yield tables
        if bound is None:
            return
        for stream in waiting:
            if stream.last == bound:
                stream.fill()
