"""A catalogue that is lost or damaged is made anew: from what blocks, roll-ups and journal say of themselves.

Series, versions, files and the numbers of rows come back whole. Gaps and cursors are in the catalogue only: what can
still be read of them in the damaged file is taken over.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.errors import OcsError, ParameterError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Fields, SeriesKey
from ocs.model.spans import Spans
from ocs.store.archive.blocks.files import Serial
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.blocks.parquet import DamagedBlockError, block_schema, check_block, scan_block
from ocs.store.archive.blocks.rollups import LEVELS
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Change, Cursor, Rollup, Version
from ocs.store.archive.catalogue.file import DamagedCatalogueError
from ocs.store.archive.journal.columns import fields_of
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.recovering import recovered
from ocs.store.archive.upkeep.sweeping import is_behind
from ocs.store.archive.upkeep.verification import DAMAGED

_FIRST, _LAST = BOUNDS[DataType.INT64]
_NS_PER_DAY = 86_400_000_000_000

Tell = Callable[[str], None]
_Place = tuple[SeriesKey, str, Serial]


def open_catalogue(layout: Layout, on_trouble: Tell) -> Catalogue:
    """Open the catalogue to write; a damaged one, or one from an earlier time than the files beside it, is made anew.

    Args:
        layout: Where the archive's files are.
        on_trouble: Told in a sentence what was done.

    Raises:
        VersionError: A newer OCS made the catalogue.
        OSError: The disk refuses.
    """
    catalogue = _sound_catalogue(layout, on_trouble)
    try:
        if not catalogue.series() and (_files(layout, "blocks") or layout.journal_numbers()):
            rebuilding = _Rebuilding(layout, catalogue, on_trouble)
            with catalogue.transaction():
                rebuilding.run()
            rebuilding.set_aside()
    except BaseException:
        catalogue.close()
        raise
    return catalogue


def _sound_catalogue(layout: Layout, on_trouble: Tell) -> Catalogue:
    try:
        catalogue = Catalogue(layout.catalogue, verify=True)
    except DamagedCatalogueError as error:
        aside = _set_aside(layout.catalogue)
        on_trouble(f"{error.message}; it is {aside.name} now")
        return Catalogue(layout.catalogue)
    if catalogue.series() and is_behind(catalogue, layout):
        catalogue.close()
        aside = _set_aside(layout.catalogue)
        on_trouble(f"the catalogue {layout.catalogue} is older than the files beside it; it is {aside.name} now")
        return Catalogue(layout.catalogue)
    return catalogue


@dataclass(frozen=True, slots=True)
class _Rest:
    """What a damaged catalogue still tells."""

    gaps: list[Gap] = field(default_factory=list)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    sealed: int = 0


class _Rebuilding:
    def __init__(self, layout: Layout, catalogue: Catalogue, on_trouble: Tell) -> None:
        self._layout = layout
        self._catalogue = catalogue
        self._on_trouble = on_trouble
        self._versions: set[tuple[int, int]] = set()
        self._spans: dict[tuple[int, int], Spans] = defaultdict(Spans)
        self._gaps: list[Gap] = []
        self._damaged: list[Path] = []

    def set_aside(self) -> None:
        """Give the files that were found damaged another name; the catalogue tells of them by now."""
        for path in self._damaged:
            path.rename(path.with_name(path.name + DAMAGED))

    def run(self) -> None:
        journals = self._layout.journal_numbers()
        recovered(self._catalogue, map(self._layout.journal, journals))
        self._versions = {(version.series, version.number) for version in self._catalogue.versions()}
        rest = self._rest()
        paths = _files(self._layout, "blocks")
        merged, outdated = self._merged(paths)
        sealed = max(rest.sealed, _sealed(paths, merged, set(journals)))
        blocks: dict[_Place, Block] = {}
        for path in paths:
            place = self._place(path)
            if place is not None and place not in outdated and _counts(place[2], sealed):
                block = self._block(path, place)
                if block is not None:
                    blocks[place] = block
        rollups = list(self._rollups(blocks, outdated, sealed))
        gaps = [*rest.gaps, *self._gaps]
        self._catalogue.seal(sealed, Change(list(blocks.values()), rollups, gaps=gaps), self._spans)
        for name, cursor in rest.cursors.items():
            if cursor.journal <= max([sealed, *journals]) + 1:
                self._catalogue.set_cursor(name, cursor)
        if blocks or self._versions:
            self._on_trouble(
                f"the catalogue of {self._layout.folder} was made anew from {len(blocks)} blocks and {len(journals)} "
                f"files of the journal; {len(rest.gaps)} gaps could be taken over from the old one"
            )

    def _add_version(self, version: Version) -> None:
        if (version.series, version.number) not in self._versions:
            self._versions.add((version.series, version.number))
            self._catalogue.add_version(version)

    def _rest(self) -> _Rest:
        """Return what the catalogue that was set aside last still tells."""
        aside = max(_asides(self._layout.catalogue), default=(0, None))[1]
        if aside is None:
            return _Rest()
        found = _Rest()
        with suppress(sqlite3.Error, OcsError, OSError, ValueError), Catalogue(aside, read_only=True) as old:
            found = replace(found, gaps=old.readable_gaps())
            found = replace(found, sealed=old.sealed)
            found = replace(found, cursors=old.cursors())
        return found

    def _place(self, path: Path) -> _Place | None:
        serial = Serial.of(path)
        if path.suffix != ".parquet" or serial is None:
            return None
        with suppress(OcsError):
            return self._layout.series_of(path), path.parent.name, serial
        return None

    def _merged(self, paths: list[Path]) -> tuple[set[Serial], set[_Place]]:
        """Return the serials of merged blocks that can be read, and the places of those that they were merged of."""
        merged: set[Serial] = set()
        outdated: set[_Place] = set()
        for path in paths:
            place = self._place(path)
            if place is None or not place[2].merges:
                continue
            with suppress(DamagedBlockError):
                check_block(path)
                told = (block_schema(path).metadata or {}).get(b"merged", b"").decode()
                merged.add(place[2])
                names = (Serial.of(name) for name in told.split(",") if name)
                outdated |= {(place[0], place[1], serial) for serial in names if serial is not None}
        return merged, outdated

    def _block(self, path: Path, place: _Place) -> Block | None:
        key, day, serial = place
        series = self._catalogue.add_series(key)
        spans: dict[int, Spans] = defaultdict(Spans)
        rows, first, last = 0, _LAST, _FIRST
        try:
            check_block(path)
            schema = block_schema(path)
            fields = _fields(path, schema)
            for table in scan_block(path, _FIRST, _LAST, ("epoch", "seq")):
                times = numbers_of(table, "time")
                rows, first, last = rows + len(times), min(first, int(times[0])), max(last, int(times[-1]))
                _add_numbers(spans, table)
        except DamagedBlockError as error:
            self._leave_out(path, place, error)
            return None
        self._add_version(Version(series, serial.version, fields, first))
        for epoch, added in spans.items():
            for span in added:
                self._spans[series, epoch].add(*span)
        journal = 0 if serial.merges else serial.journal
        size = path.stat().st_size
        return Block(series, serial.version, self._layout.relative(path), rows, first, last, day, size, journal)

    def _leave_out(self, path: Path, place: _Place, error: DamagedBlockError) -> None:
        key, day, _ = place
        self._damaged.append(path)
        start = int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1_000_000_000
        detail = f"{self._layout.relative(path)} cannot be read"
        end = start + _NS_PER_DAY - 1
        self._gaps.append(Gap(key.device, start, end, GapCause.DAMAGED, key.feed, key.block, detail=detail))
        self._on_trouble(error.message)

    def _rollups(self, blocks: dict[_Place, Block], outdated: set[_Place], sealed: int) -> Iterator[Rollup]:
        numbers = {key: number for number, key in self._catalogue.series().items()}
        for path in _files(self._layout, "rollups"):
            place = self._place(path)
            level = path.name.split(".")[-2]
            if place is None or place in outdated or level not in LEVELS or not _counts(place[2], sealed):
                continue
            key, day, serial = place
            try:
                check_block(path)
                times = [numbers_of(table, "time") for table in scan_block(path, _FIRST, _LAST, ())]
            except DamagedBlockError:
                self._damaged.append(path)
                continue
            if key not in numbers or not times:
                continue
            first, last = int(times[0][0]), int(times[-1][-1]) + LEVELS[level] - 1
            if place in blocks:
                first, last = blocks[place].first, blocks[place].last
            yield Rollup(
                numbers[key], serial.version, level, self._layout.relative(path), sum(map(len, times)), first, last,
                day, path.stat().st_size,
            )  # fmt: skip


def _counts(serial: Serial, sealed: int) -> bool:
    """Whether a block surely holds what is not in the journal; one that may not be complete is made again."""
    return bool(serial.merges) or serial.journal <= sealed


def _sealed(paths: list[Path], merged: set[Serial], journals: set[int]) -> int:
    """Return the number of the last journal file that surely was sealed.

    Files are sealed in their order, and blocks are merged after that only. The newest may have been under way.
    """
    newest = max((serial.journal for path in paths if (serial := Serial.of(path)) is not None), default=0)
    complete = newest not in journals or newest in {serial.journal for serial in merged}
    return newest if complete else newest - 1


def _fields(path: Path, schema: pa.Schema) -> Fields:
    try:
        return fields_of(schema)
    except (ValueError, ParameterError) as error:
        raise DamagedBlockError(path, f"its columns are not those of a block: {error}") from error


def _add_numbers(spans: dict[int, Spans], table: pa.Table) -> None:
    epochs, numbers = numbers_of(table, "epoch"), numbers_of(table, "seq")
    for epoch in np.unique(epochs).tolist():
        own = np.sort(numbers[epochs == epoch])
        ends = np.flatnonzero(np.diff(own) > 1)
        firsts, lasts = own[[0, *(ends + 1)]].tolist(), own[[*ends, -1]].tolist()
        for first, last in zip(firsts, lasts, strict=True):
            spans[epoch].add(first, last)


def _files(layout: Layout, kind: str) -> list[Path]:
    return sorted((layout.folder / kind).glob("*/*/*/*.parquet"))


def _asides(path: Path) -> list[tuple[int, Path]]:
    """Return the catalogues that were set aside, by their numbers."""
    found = path.parent.glob(f"{path.name}{DAMAGED}-*")
    numbered = ((each.name.rpartition("-")[2], each) for each in found)
    return [(int(number), each) for number, each in numbered if number.isdecimal()]


def _set_aside(path: Path) -> Path:
    number = max((number for number, _ in _asides(path)), default=0) + 1
    aside = path.with_name(f"{path.name}{DAMAGED}-{number}")
    for ending in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(f"{aside}{ending}")
    path.rename(aside)
    return aside
