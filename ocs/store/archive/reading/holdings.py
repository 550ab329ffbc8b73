"""What an archive has of a series at one moment, and how it is read; a file that vanishes or is damaged is told."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ocs.model.errors import OperationFailedError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.archive.blocks.files import Serial
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.blocks.parquet import DamagedBlockError, block_schema, read_block, scan_block
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Rollup, Window
from ocs.store.archive.layout import Layout
from ocs.store.archive.reading.selection import NUMBERS, Selection
from ocs.store.archive.reading.unsealed import DamageWarning, Piece, Unsealed, VanishedError

MOST_LOOKS = 1000
"""An archive of which a file went during each of so many looks cannot be read."""

Place = tuple[str, Serial | None]
"""What a block and its roll-ups have in common: the day and the serial."""


class BadBlockError(Exception):
    """A block cannot be read.

    Args:
        block: The block.
        why: What is wrong with it.
    """

    def __init__(self, block: Block, why: str) -> None:
        super().__init__(why)
        self.block = block
        self.why = why


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one version that can be read by themselves.

    Attributes:
        selection: What is asked of their series.
        rows: Where they are.
        folder: The archive's.
    """

    selection: Selection
    rows: Block | Piece
    folder: Path

    @property
    def first(self) -> int:
        """The earliest time, ns since 1970 UTC."""
        return self.rows.first

    @property
    def last(self) -> int:
        """The latest time, ns."""
        return self.rows.last

    def tables(
        self, first: int, last: int, columns: Sequence[str] | None = None, *, numbers: bool = False
    ) -> Iterator[pa.Table]:
        """Yield the rows of a span as `Selection.fitted` gives them, in the order of their time.

        Args:
            first: Start of the span, ns since 1970 UTC.
            last: Its end, ns, included.
            columns: Columns of the answer that are wanted, all by default; others are left out.
            numbers: Whether to have the columns NUMBERS along.

        Raises:
            VanishedError: The file is gone.
            BadBlockError: The file is damaged.
        """
        version = self.rows.version
        names = [*self.selection.columns(version, columns), *(NUMBERS if numbers else ())]
        for table in self._raw(first, last, names):
            yield self.selection.fitted(version, table, whole=columns is None)

    def has_quality(self) -> bool:
        """Whether something may be not VALID; errors as of `tables`."""
        if isinstance(self.rows, Piece):
            return True
        with _reading(self.folder, self.rows) as path:
            names = set(block_schema(path).names)
        return not names.isdisjoint(self.selection.columns(self.rows.version, ()))

    def _raw(self, first: int, last: int, names: Sequence[str]) -> Iterator[pa.Table]:
        if isinstance(self.rows, Piece):
            yield _within(self.rows.table(), first, last, names)
        else:
            with _reading(self.folder, self.rows) as path:
                yield from scan_block(path, first, last, names)


@dataclass(frozen=True, slots=True)
class Holding:
    """What an archive has of a series in a span.

    Attributes:
        selection: What is asked of the series.
        sources: The rows, by their earliest time; some may lie outside the span.
        rollups: The roll-ups by level, of each block.
        orphans: Roll-ups whose block is gone.
        folder: The archive's.
    """

    selection: Selection
    sources: Sequence[Source]
    rollups: Mapping[Place, Mapping[str, Rollup]]
    orphans: Sequence[Mapping[str, Rollup]]
    folder: Path

    def rollups_of(self, source: Source) -> Mapping[str, Rollup]:
        """Return the roll-ups of rows by level; nothing of those in the journal."""
        return self.rollups.get(_place(source.rows), {}) if isinstance(source.rows, Block) else {}

    def read_rollup(self, rollup: Rollup, first: int, last: int) -> pa.Table | None:
        """Return the buckets that begin in a span (ns, the end included), None where the roll-up is damaged.

        Raises:
            VanishedError: The file is gone.
        """
        path = self.folder / rollup.path
        try:
            table = read_block(path, first, last, self.selection.rollup_columns(rollup.version))
        except FileNotFoundError:
            raise VanishedError(path) from None
        except DamagedBlockError:
            return None
        return self.selection.fitted_rollup(rollup.version, table)


@contextmanager
def _reading(folder: Path, block: Block) -> Iterator[Path]:
    path = folder / block.path
    try:
        yield path
    except FileNotFoundError:
        raise VanishedError(path) from None
    except DamagedBlockError as error:
        raise BadBlockError(block, str(error.why)) from None


def _within(table: pa.Table, first: int, last: int, names: Sequence[str]) -> pa.Table:
    times = numbers_of(table, "time")
    low, high = times.searchsorted(first), times.searchsorted(last, side="right")
    wanted = [name for name in table.column_names if name == "time" or name in names]
    return table.slice(low, high - low).select(wanted)


class Holdings:
    """What an archive has, looked up again and again; used from one thread at a time.

    Args:
        layout: Where its files are.
        catalogue: Its catalogue.
    """

    def __init__(self, layout: Layout, catalogue: Catalogue) -> None:
        self.unsealed = Unsealed(layout)
        self.damaged: dict[str, Gap] = {}
        self._missing: set[str] = set()
        self._layout = layout
        self._catalogue = catalogue

    def look(self) -> None:
        """Take note of what is in the journal only."""
        self._consistent(Window(series=()))

    def of(self, selection: Selection, first: int, last: int) -> Holding:
        """Return what there is of a series now in a span (ns since 1970 UTC, the end included)."""
        blocks, rollups = self._consistent(Window([selection.number], first, last))
        by_place: dict[Place, dict[str, Rollup]] = {}
        for rollup in rollups:
            if rollup.version in selection.names and rollup.path not in self._missing:
                by_place.setdefault(_place(rollup), {})[rollup.level] = rollup
        good = [block for block in blocks if block.path not in self.damaged and block.version in selection.names]
        there = {_place(block) for block in good}
        pieces = [
            piece.frozen()
            for piece in self.unsealed.pieces(selection.number)
            if piece.version in selection.names and piece.first <= last and piece.last >= first
        ]
        orphans = [levels for place, levels in by_place.items() if place not in there]
        folder = self._layout.folder
        found: list[Block | Piece] = [*good, *pieces]
        sources = [Source(selection, rows, folder) for rows in sorted(found, key=lambda rows: rows.first)]
        return Holding(selection, sources, by_place, orphans, folder)

    def settle(self, selection: Selection, error: VanishedError | BadBlockError, since: int) -> None:
        """Have it that the next look does not meet the same error.

        Args:
            selection: What was read.
            error: What went wrong.
            since: Rows before this instant, ns, were read already.
        """
        if isinstance(error, BadBlockError):
            self._set_aside(selection.series, error.block, error.why, since)
            return
        path, window = self._layout.relative(error.path), Window([selection.number])
        for block in self._catalogue.blocks(window):
            if block.path == path:
                self._set_aside(selection.series, block, "is gone", since)
        self._missing.update(rollup.path for rollup in self._catalogue.rollups(window) if rollup.path == path)

    def _set_aside(self, series: SeriesKey, block: Block, why: str, since: int) -> None:
        start = max(since, block.first)
        rows = block.rows if start == block.first else 0
        self.damaged[block.path] = Gap(
            series.device, start, max(start, block.last), GapCause.DAMAGED, series.feed, series.block, rows,
            detail=f"{block.path} {why}",
        )  # fmt: skip
        warnings.warn(f"rows of {series} are left out: {block.path} {why}", DamageWarning, stacklevel=2)

    def _consistent(self, window: Window) -> tuple[list[Block], list[Rollup]]:
        """Return the blocks and roll-ups of a window, and have those rows noted that are in none of them."""
        for _ in range(MOST_LOOKS):
            with self._catalogue.snapshot():
                sealed = self._catalogue.sealed
                found = self._catalogue.blocks(window), self._catalogue.rollups(window)
            try:
                self.unsealed.look(sealed)
            except FileNotFoundError:
                continue
            if self._catalogue.sealed == sealed:
                return found
        raise OperationFailedError(
            f"the archive in {self._layout.folder} changed during each of {MOST_LOOKS} looks; try again"
        )


def _place(file: Block | Rollup) -> Place:
    return file.day, Serial.of(file.path)
