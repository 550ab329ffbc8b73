"""A folder with a catalogue and blocks in it, for tests of what is done with blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from ocs.model.datatype import DataType
from ocs.model.series import FieldType, SeriesKey
from ocs.store.archive.blocks.files import NewBlock, Serial, make_block
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.blocks.parquet import NewFiles, read_block
from ocs.store.archive.blocks.rollups import kept_levels
from ocs.store.archive.catalogue.catalogue import Catalogue, Change, Version
from ocs.store.archive.layout import Layout, day_of

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = 20_000 * DAY
"""A midnight."""

LONG_AGO, FAR_AHEAD = -(2**63), 2**63 - 1
KEY = SeriesKey("lab/thermo-1", "temperatures", "temperatures")

Row = tuple[int, int, int]


class Shelf:
    """An archive without a journal.

    Args:
        folder: Where it is.
        key: Whose rows its blocks have.
    """

    def __init__(self, folder: Path, key: SeriesKey = KEY) -> None:
        self.layout = Layout(folder)
        self.catalogue = Catalogue(self.layout.catalogue)
        self.key = key
        self.series = self.catalogue.add_series(key)
        fields = {"x": FieldType(DataType.FLOAT64, unit="K")}
        self.catalogue.add_version(Version(self.series, 1, fields, START))
        self._journal = 0

    def add(self, times: Sequence[int], *, epoch: int = 1, seq: int = 1, quality: int = 0) -> Path:
        """Add a block of rows in the order of their times, of one day, as sealing does; return its path."""
        self._journal += 1
        stamps = np.array(times, np.int64)
        columns = {
            "time": pa.array(stamps).cast(pa.timestamp("ns", "UTC")),
            "epoch": np.full(len(stamps), epoch),
            "seq": np.arange(seq, seq + len(stamps)),
            "x": np.sin(stamps / SECOND),
        }
        if quality:
            columns["x:quality"] = np.full(len(stamps), quality, np.uint8)
        table = pa.table(columns)
        levels = kept_levels(stamps, len(stamps))
        new = NewBlock(self.key, self.series, day_of(times[0]), Serial(self._journal, 1), levels)
        with NewFiles() as files:
            block, rollups = make_block(files, self.layout, new, table.schema, [table])
            files.publish()
        self.catalogue.seal(self._journal, Change([block], rollups), {})
        return self.layout.folder / block.path

    @property
    def rows(self) -> list[Row]:
        """Time, epoch and number of each row that the catalogue leads to, block by block."""
        found: list[Row] = []
        for block in self.catalogue.blocks():
            table = read_block(self.layout.folder / block.path, LONG_AGO, FAR_AHEAD)
            assert (table.num_rows, block.size) == (block.rows, (self.layout.folder / block.path).stat().st_size)
            found += zip(*(numbers_of(table, name).tolist() for name in ("time", "epoch", "seq")), strict=True)
        return found

    @property
    def rolled(self) -> dict[str, int]:
        """How many values the roll-ups of each level count."""
        found: dict[str, int] = {}
        for rollup in self.catalogue.rollups():
            table = read_block(self.layout.folder / rollup.path, LONG_AGO, FAR_AHEAD)
            found[rollup.level] = found.get(rollup.level, 0) + sum(table["x:count"].to_pylist())
        return found

    @property
    def files(self) -> set[str]:
        """Paths of all files but the catalogue's, relative to the folder."""
        return {
            self.layout.relative(path)
            for path in self.layout.folder.rglob("*")
            if path.is_file() and not path.name.startswith("catalogue")
        }
