"""A closed file of the journal becomes blocks: one for each series, version and day, sorted, each row once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ocs.model.series import SeriesKey
from ocs.store.archive.block_files import NewBlock, Serial, make_block
from ocs.store.archive.catalogue import Block, Catalogue, Change, Rollup
from ocs.store.archive.journal import LeftOut, read_journal
from ocs.store.archive.layout import Layout, day_of
from ocs.store.archive.ordering import in_order, joined, numbers_of
from ocs.store.archive.parquet import NewFiles
from ocs.store.archive.rollups import kept_levels

_NS_PER_DAY = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was made.

    Attributes:
        blocks: How many blocks.
        rows: Their rows.
        size: Their bytes.
    """

    blocks: int
    rows: int
    size: int


@dataclass(slots=True)
class _Content:
    """What a file of the journal has: tables by series and version, numbers of rows by series and epoch."""

    keys: dict[int, SeriesKey]
    tables: dict[tuple[int, int], list[pa.Table]]
    spans: dict[tuple[int, int], list[tuple[int, int]]]


def seal(path: Path, number: int, catalogue: Catalogue, layout: Layout) -> SealReport:
    """Make blocks and roll-ups of a file of the journal; in the end one transaction has them count instead of it.

    Whatever ends it before leaves the file as what counts; made again, the blocks have the same names.

    Raises:
        OSError: The disk is full or refuses.
    """
    content = _content(path)
    blocks: list[Block] = []
    rollups: list[Rollup] = []
    with NewFiles() as files:
        for (series, version), tables in content.tables.items():
            table = in_order(joined(tables))
            for day, rows in _days(table):
                levels = kept_levels(numbers_of(rows, "time"), rows.num_rows)
                new = NewBlock(content.keys[series], series, day, Serial(number, version), levels)
                block, rolled = make_block(files, layout, new, rows.schema, [rows])
                blocks.append(block)
                rollups += rolled
        files.publish()
    catalogue.seal(number, Change(blocks, rollups), content.spans)
    return SealReport(len(blocks), sum(block.rows for block in blocks), sum(block.size for block in blocks))


def _content(path: Path) -> _Content:
    content = _Content({}, defaultdict(list), defaultdict(list))
    for item in read_journal(path):
        series = item.series if isinstance(item, LeftOut) else item.form.series
        content.spans[series, item.epoch].append((item.first, item.last))
        if not isinstance(item, LeftOut):
            content.keys[series] = item.form.key
            content.tables[series, item.form.version].append(item.table())
    return content


def _days(table: pa.Table) -> Iterator[tuple[str, Any]]:
    days = numbers_of(table, "time") // _NS_PER_DAY
    cuts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
    for first, end in pairwise(cuts):
        yield day_of(int(days[first]) * _NS_PER_DAY), table.slice(first, end - first)
