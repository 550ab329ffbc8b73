"""What was archived as one file that other programs read: CSV with the units in its head, or Parquet."""

from __future__ import annotations

import json
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv
from typing_extensions import override

from ocs.model.errors import NoDataError, OperationFailedError
from ocs.model.gap import Gap
from ocs.model.time_span import iso_time, span_text
from ocs.store.archive.blocks.ordering import QUALITY
from ocs.store.archive.blocks.parquet import ROW_GROUP_ROWS, ZSTD_LEVEL
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.conversion import told
from ocs.store.archive.reading.joining import Spill
from ocs.store.archive.reading.widening import as_type
from ocs.wire.archive import encode_gap

STANDARD_OUTPUT = Path("-")
METADATA = b"ocs"
"""Key of the schema's metadata in a Parquet file: a JSON map of `start`, `end` and `gaps`."""

FETCHED = 0.5
"""The part of the work that is done when all rows are there; the other one is writing the file."""


class Form(Enum):
    """Kinds of file."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class About:
    """What goes with the rows.

    Attributes:
        start: Start of the span that was asked for, ns since 1970 UTC.
        end: Its end, ns.
        gaps: Known holes in it.
    """

    start: int
    end: int
    gaps: Sequence[Gap] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        rows: Rows of the file.
        names: Its columns but for the time.
        size: Its bytes; 0 on the standard output.
    """

    rows: int
    names: tuple[str, ...]
    size: int


def export(
    chunks: Iterable[Chunk],
    path: Path,
    form: Form,
    about: About,
    on_progress: Callable[[float], object] | None = None,
) -> Exported:
    """Write chunks as one table with one time base; the file is there whole or not at all.

    Args:
        chunks: The rows, as of `ArchiveReader.chunks`.
        path: The file; `-` for CSV on the standard output.
        form: Kind of file.
        about: What goes with the rows.
        on_progress: Called with the part of the work that is done, 0 to 1.

    Raises:
        NoDataError: There are no rows.
        OperationFailedError: The file cannot be written; what is left of it is deleted.
    """
    tell = on_progress or (lambda _fraction: None)
    streaming = path == STANDARD_OUTPUT
    try:
        with tempfile.TemporaryDirectory(prefix=".ocs-export-", dir=None if streaming else path.parent) as folder:
            spill = Spill(Path(folder))
            for chunk in chunks:
                spill.add(chunk)
                tell(chunk.fraction * FETCHED)
            if not spill.rows:
                raise NoDataError(f"nothing was archived {span_text(about.start, about.end)}, so there is no file")
            part = Path(folder) / path.name
            with ExitStack() as opened:
                sink = sys.stdout.buffer if streaming else opened.enter_context(part.open("wb"))
                names, rows = _write(spill, _WRITERS[form](sink, about), tell)
            size = 0 if streaming else part.replace(path).stat().st_size
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OperationFailedError(f"{path} cannot be written: {error.strerror or error}", field=str(path)) from None
    return Exported(rows, names, size)


def _write(spill: Spill, writer: _Writer, tell: Callable[[float], object]) -> tuple[tuple[str, ...], int]:
    rows = 0
    names: tuple[str, ...] = ()
    for table in spill.joined():
        names = tuple(table.column_names[1:])
        writer.write(table)
        rows += table.num_rows
        tell(min(1.0, FETCHED + (1 - FETCHED) * rows / spill.rows))
    writer.close()
    tell(1.0)
    return names, rows


class _Writer(ABC):
    """Writes tables of the same columns one after the other into a file."""

    def __init__(self, sink: BinaryIO, about: About) -> None:
        self.sink = sink
        self.about = about

    @abstractmethod
    def write(self, table: pa.Table) -> None:
        """Write rows."""

    def close(self) -> None:
        """Have all rows in the file."""
        self.sink.flush()


class _CsvWriter(_Writer):
    """Lines that begin with # tell the span, the units and the gaps; then one line of names, and the rows."""

    _begun = False

    @override
    def write(self, table: pa.Table) -> None:
        if not self._begun:
            self.sink.write("".join(f"{line}\n" for line in self._head(table.schema)).encode())
        texts = pa.table({name: _csv_column(table[name]) for name in table.column_names})
        csv.write_csv(texts, self.sink, csv.WriteOptions(include_header=not self._begun))
        self._begun = True

    def _head(self, schema: pa.Schema) -> list[str]:
        units = [f"# unit of {each.name}: {_unit(each)}" for each in schema if _unit(each)]
        gaps = [f"# gap: {told(gap)}" for gap in self.about.gaps]
        span = f"# archived from {iso_time(self.about.start)} to {iso_time(self.about.end)}, times in UTC"
        return [" ".join(line.split()) for line in (span, *units, *gaps)]


class _ParquetWriter(_Writer):
    """Columns have their unit as metadata, the table the span and the gaps."""

    _writer: Any = None
    _waiting: list[pa.Table]
    _rows = 0

    @override
    def write(self, table: pa.Table) -> None:
        if self._writer is None:
            known = {"start": self.about.start, "end": self.about.end, "gaps": list(map(encode_gap, self.about.gaps))}
            schema = table.schema.with_metadata({METADATA: json.dumps(known)})
            self._writer = pq.ParquetWriter(self.sink, schema, compression="zstd", compression_level=ZSTD_LEVEL)
            self._waiting = []
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP_ROWS:
            self._write_waiting()

    def _write_waiting(self) -> None:
        table = pa.concat_tables(self._waiting).replace_schema_metadata(self._writer.schema.metadata)
        self._writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        self._waiting, self._rows = [], 0

    @override
    def close(self) -> None:
        if self._rows:
            self._write_waiting()
        self._writer.close()
        super().close()


_WRITERS: dict[Form, type[_Writer]] = {Form.CSV: _CsvWriter, Form.PARQUET: _ParquetWriter}


def _csv_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as CSV carries it: times as ISO 8601, lists as JSON."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_list(column.type) or pa.types.is_binary(column.type):
        return as_type(column, pa.string())
    return column


def _unit(column: pa.Field) -> str:
    if column.name.endswith(QUALITY):
        return ""
    return str((column.metadata or {}).get(b"unit", b"").decode())
