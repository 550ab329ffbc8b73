"""Blocks of the archive: Parquet files that are there whole or not at all, and whose windows are read alone."""

from __future__ import annotations

import errno
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ocs.model.errors import OperationFailedError
from ocs.store.archive.blocks.checksum import REMARK, fits, sign
from ocs.store.durability import sync

ROW_GROUP_ROWS = 32_768
"""Rows that are read at least: few enough that a window of one column takes about a millisecond."""

ROW_GROUP_BYTES = 64_000_000
"""Of rows that are large, such as images, fewer are one row group: so many bytes in memory."""

ZSTD_LEVEL = 3
"""Of the compression; 1 saves a fifth of the time and costs 2 % more bytes, 6 gains nothing more."""

PART = ".part"
"""Ending of a file that is being written; one that is left over belongs to a crash."""

_UNSEEN = (None, errno.EIO)
_NONSENSE = (pa.ArrowException, ValueError, LookupError, AttributeError, TypeError, OverflowError)
"""What reading a file raises whose end has other bytes than were written."""


class DamagedBlockError(OperationFailedError):
    """A file of the archive is truncated or its content is not what was written.

    Args:
        path: The file.
        why: What is wrong with it.
    """

    def __init__(self, path: Path, why: object) -> None:
        super().__init__(f"{path} is damaged ({why}); the archive sets it aside at its next check")
        self.path = path
        self.why = why


class NewFiles:
    """Files that are written under other names, and get their own together when all of them are on the disk.

    Used as a context: whatever goes wrong, the files that do not have their names yet are deleted. Files that have
    theirs stay, because nobody but the catalogue can tell whether they count.
    """

    def __init__(self) -> None:
        self._waiting: dict[Path, Path] = {}
        self._folders: set[Path] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for part in self._waiting.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def begin(self, path: Path) -> Path:
        """Return where to write the file that will be `path`; its folder is made."""
        for folder in [folder for folder in path.parents if not folder.exists()]:
            self._folders.add(folder.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folders.add(path.parent)
        return self._waiting.setdefault(path, path.with_name(path.name + PART))

    def write(self, path: Path, table: pa.Table) -> int:
        """Write a table as a whole block, and return its size in bytes.

        Args:
            path: What the file will be called.
            table: Its rows, in the order of their `time`.

        Raises:
            OSError: The disk is full or the folder cannot be used.
        """
        with BlockWriter(self.begin(path), table.schema) as block:
            block.write(table)
        return block.size

    def publish(self) -> None:
        """Have all files on the disk under their own names when this returns.

        Raises:
            OSError: The disk refuses; some may have their names already.
        """
        for part in self._waiting.values():
            sync(part)
        for path, part in list(self._waiting.items()):
            part.replace(path)
            del self._waiting[path]
        for folder in sorted(self._folders, reverse=True):
            sync(folder)
        self._folders.clear()


class BlockWriter:
    """A block that is written piece by piece, in the order of its times; row groups are full but the last.

    Args:
        path: The file.
        schema: Its columns; `time` is one of them.

    Attributes:
        rows: How many were written.
        size: Of the file in bytes, when it is closed.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = 0
        self.size = 0
        self._path = path
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._held_bytes = 0
        self._writer = pq.ParquetWriter(path, schema, **_options(schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            with suppress(OSError):  # the error that came first is the one to tell
                self._writer.close()
            return
        if self._held_rows:
            self._flush(everything=True)
        self._writer.add_key_value_metadata(REMARK)
        self._writer.close()
        sign(self._path)
        self.size = self._path.stat().st_size

    def write(self, table: pa.Table) -> None:
        """Add rows.

        Raises:
            OSError: The disk is full.
        """
        self._held.append(table)
        self._held_rows += table.num_rows
        self._held_bytes += table.nbytes
        self.rows += table.num_rows
        if self._held_rows >= ROW_GROUP_ROWS or self._held_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self, *, everything: bool = False) -> None:
        fitting = self._held_rows * ROW_GROUP_BYTES // max(1, self._held_bytes)
        group = max(1, min(ROW_GROUP_ROWS, fitting))
        rows = self._held_rows if everything else self._held_rows - self._held_rows % group
        table = pa.concat_tables(self._held)
        self._writer.write_table(table.slice(0, rows), row_group_size=group)
        rest = table.slice(rows)
        self._held, self._held_rows, self._held_bytes = [rest], rest.num_rows, rest.nbytes


def scan_block(path: Path, first: int, last: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield the rows of a span of time, a row group at a time; nothing else of the file is read.

    Args:
        path: The block.
        first: Start of the span, ns since 1970 UTC.
        last: Its end, ns, included.
        columns: Names wanted beside `time`; those that the block has not are left out. All of them by default.

    Raises:
        FileNotFoundError: The file is gone: it was merged with others, or it expired. The catalogue knows.
        DamagedBlockError: The file is damaged.
    """
    with _damage(path), pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
        names = [name for name in file.schema_arrow.names if columns is None or name == "time" or name in columns]
        low, high = _row_groups(file, first, last)
        for group in range(low, high):
            table = file.read_row_group(group, columns=names, use_threads=False)
            yield _within(table, first, last)


def check_block(path: Path) -> None:
    """See to it that each byte of a block is as it was written.

    Raises:
        FileNotFoundError: The file is gone.
        DamagedBlockError: The file is damaged.
    """
    with _damage(path):
        right = fits(path)
    if not right:
        raise DamagedBlockError(path, "its checksum does not fit")


def read_block(path: Path, first: int, last: int, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows of a span of time as one table; arguments and errors as of `scan_block`."""
    tables = list(scan_block(path, first, last, columns))
    if tables:
        return pa.concat_tables(tables)
    schema = block_schema(path)
    return schema.empty_table().select([name for name in schema.names if columns is None or name in {"time", *columns}])


def block_schema(path: Path) -> pa.Schema:
    """Return the columns of a block, with their metadata; errors as of `scan_block`."""
    with _damage(path), pq.ParquetFile(path) as file:
        return file.schema_arrow


def row_groups(path: Path) -> list[tuple[int, int]]:
    """Return first and last time of each row group, ns since 1970 UTC; errors as of `scan_block`."""
    with _damage(path), pq.ParquetFile(path) as file:
        at = file.schema_arrow.get_field_index("time")
        return [_times(file, at, group) for group in range(file.metadata.num_row_groups)]


def _row_groups(file: pq.ParquetFile, first: int, last: int) -> tuple[int, int]:
    groups = range(file.metadata.num_row_groups)
    at = file.schema_arrow.get_field_index("time")
    low = bisect_left(groups, first, key=lambda group: _times(file, at, group)[1])
    return low, bisect_right(groups, last, lo=low, key=lambda group: _times(file, at, group)[0])


def _times(file: pq.ParquetFile, column: int, group: int) -> tuple[int, int]:
    statistics = file.metadata.row_group(group).column(column).statistics
    return statistics.min_raw, statistics.max_raw


def _within(table: pa.Table, first: int, last: int) -> pa.Table:
    times = table["time"].cast(pa.int64()).to_numpy()
    low, high = times.searchsorted(first), times.searchsorted(last, side="right")
    return table.slice(low, high - low)


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what the library says of a damaged file into one error; others, as of too many open files, pass."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (*_NONSENSE, OSError) as error:
        if getattr(error, "errno", None) not in _UNSEEN:
            raise
        raise DamagedBlockError(path, error) from error


def _options(schema: pa.Schema) -> dict[str, Any]:
    """How a table is encoded: floats by their bytes, whole numbers by their differences, texts by a dictionary."""
    encodings: dict[str, str] = {}
    texts: list[str] = []
    for field in schema:
        path, kind = _leaf(field)
        if pa.types.is_floating(kind):
            encodings[path] = "BYTE_STREAM_SPLIT"
        elif pa.types.is_integer(kind) or pa.types.is_timestamp(kind):
            encodings[path] = "DELTA_BINARY_PACKED"
        elif not pa.types.is_boolean(kind):
            texts.append(path)
    return {
        "compression": "zstd",
        "compression_level": ZSTD_LEVEL,
        "use_dictionary": texts,
        "column_encoding": encodings,
        "write_statistics": [name for name in ("time", "epoch", "seq") if name in schema.names],
        "write_page_checksum": True,
    }


def _leaf(field: pa.Field) -> tuple[str, pa.DataType]:
    path, kind = field.name, field.type
    while pa.types.is_list(kind):
        path, kind = f"{path}.list.element", kind.value_type
    return path, kind
