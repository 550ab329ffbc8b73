"""Files of the journal, what sealing makes of them, and what a death in the middle of it leaves; for tests."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ocs.model.datatype import DataType
from ocs.model.series import Batch, Fields, FieldType, SeriesKey
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.blocks.parquet import read_block
from ocs.store.archive.catalogue.catalogue import Catalogue, Version
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import Layout, day_of
from tests.ocs.store.archive import crashing
from tests.ocs.store.archive.shelf import DAY, FAR_AHEAD, LONG_AGO, SECOND, START, Row

FIELDS: Fields = {"x": FieldType(DataType.FLOAT64, unit="K"), "word": FieldType(DataType.STR)}
OTHER: Fields = {"n": FieldType(DataType.INT32)}
KEYS = [SeriesKey("stage-1", "position", "position"), SeriesKey("lab/thermo", "_channels", "t.1")]

Part = tuple[int, int, int, list[int], bool]
"""Which series, epoch, number of the first row, times, whether there are qualities."""


PARTS: list[Part] = [
    (0, 1, 1, [START + at * SECOND for at in range(3000)], False),
    (1, 1, 1, [START + 10, START + 3, START + DAY + 5], True),
    (0, 1, 2901, [START + 2900 * SECOND + at * SECOND for at in range(200)], False),
]


def opened(layout: Layout) -> Catalogue:
    catalogue = Catalogue(layout.catalogue)
    for number, key in enumerate(KEYS, start=1):
        catalogue.add_series(key, number)
        for version, fields in enumerate((FIELDS, OTHER), start=1):
            catalogue.add_version(Version(number, version, fields, START))
    return catalogue


def batch_of(part: Part) -> Batch:
    series, epoch, seq, times, qualities = part
    columns = {"x": np.array(times) / SECOND, "word": [str(seq + at) for at in range(len(times))]}
    quality = {"x": np.full(len(times), 2, np.uint8)} if qualities else {}
    return Batch(KEYS[series], epoch, seq, np.array(times, np.int64), FIELDS, columns, quality)


def write_journal(layout: Layout, parts: Sequence[Part], number: int = 1) -> Path:
    journal = JournalWriter(layout.journal(number))
    for part in parts:
        journal.add(part[0] + 1, 1, batch_of(part))
    journal.flush()
    journal.close()
    return layout.journal(number)


def rows_of(catalogue: Catalogue, layout: Layout) -> dict[int, list[Row]]:
    """Return time, epoch and number of all rows of each series; what belongs to a block is checked on the way."""
    found: dict[int, list[Row]] = defaultdict(list)
    for block in catalogue.blocks():
        path = layout.folder / block.path
        table = read_block(path, LONG_AGO, FAR_AHEAD)
        rows = list(zip(*(numbers_of(table, name).tolist() for name in ("time", "epoch", "seq")), strict=True))
        assert rows == sorted(rows)
        assert (block.rows, block.first, block.last) == (len(rows), rows[0][0], rows[-1][0])
        assert block.size == path.stat().st_size
        assert {day_of(time) for time, _, _ in rows} == {block.day}
        if "word" in table.column_names:
            assert table["word"].to_pylist() == [str(seq) for _, _, seq in rows]
        found[block.series - 1] += rows
    return {series: sorted(rows) for series, rows in found.items()}


def expected(parts: Sequence[Part]) -> dict[int, list[Row]]:
    """Return the rows of parts, of each number one."""
    found: dict[int, dict[tuple[int, int], Row]] = defaultdict(dict)
    for series, epoch, seq, times, _ in parts:
        for at, time in enumerate(times):
            found[series].setdefault((epoch, seq + at), (time, epoch, seq + at))
    return {series: sorted(rows.values()) for series, rows in found.items()}


def crashed(action: str, folder: Path, target: Path) -> list[Layout]:
    """Return the archive as a death before each step of its upkeep leaves it, and last as it is when all is done."""
    subprocess.run([sys.executable, "-m", crashing.__name__, action, folder, target], check=True)
    return [Layout(copy) for copy in sorted(target.iterdir(), key=lambda copy: int(copy.name))]


def files_of(layout: Layout) -> set[str]:
    return {layout.relative(path) for path in layout.folder.rglob("*.parquet*")}
