"""A closed file of the journal becomes blocks: one for each series, version and day, sorted, each row once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ocs.model.spans import Spans
from ocs.store.archive.blocks.files import NewBlock, Serial, make_block
from ocs.store.archive.blocks.ordering import in_order, joined, numbers_of
from ocs.store.archive.blocks.parquet import NewFiles
from ocs.store.archive.blocks.rollups import kept_levels
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Change, Rollup
from ocs.store.archive.journal.journal import JournalReader, LeftOut, Rows
from ocs.store.archive.layout import Layout, day_of
from ocs.store.archive.upkeep.losses import find_loss, keep_damaged

_NS_PER_DAY = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class SealReport:
    """What was made.

    Attributes:
        blocks: How many blocks.
        rows: Their rows.
        size: Their bytes.
        lost: Bytes of the journal that could not be read because they are damaged or gone; what there is of them is set
            aside.
    """

    blocks: int
    rows: int
    size: int
    lost: int = 0


_Frames = dict[tuple[Any, ...], list[Rows]]
"""Rows by what else but their version tells whether they have the same columns."""


@dataclass(slots=True)
class _Content:
    """What a file of the journal has: rows by series and version, numbers of rows by series and epoch."""

    frames: dict[tuple[int, int], _Frames] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    spans: dict[tuple[int, int], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def read(self, reader: JournalReader) -> None:
        """Take in what a file has, up to its end or to what is damaged."""
        for item in reader.read():
            series = item.series if isinstance(item, LeftOut) else item.form.series
            self.spans[series, item.epoch].append((item.first, item.last))
            if not isinstance(item, LeftOut) and item.batch.num_rows:
                form = item.form
                self.frames[series, form.version][form.qualities, form.numbered].append(item)

    def twice(self, catalogue: Catalogue) -> dict[int, list[tuple[int, int, int]]]:
        """Return of each series epoch, first and last number of rows that are in blocks already.

        A disk that failed may have kept rows for which their sender was told to try again.
        """
        found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for (series, epoch), parts in self.spans.items():
            known = catalogue.spans(series, epoch)
            for first, last in Spans(parts):
                new = Spans(known.missing(first, last))
                found[series] += [(epoch, *again) for again in new.missing(first, last)]
        return found


def seal(path: Path, number: int, catalogue: Catalogue, layout: Layout) -> SealReport:
    """Make blocks and roll-ups of a file of the journal; in the end one transaction has them count instead of it.

    Whatever ends it before leaves the file as what counts; made again, the blocks have the same names. The file
    itself stays for those who read it, until somebody deletes it. One that was sealed already is left alone. Of a file
    that is damaged or gone, what was lost becomes gaps.

    Args:
        path: The file, to which nothing more is written.
        number: Its number.
        catalogue: The catalogue.
        layout: Where the blocks go.

    Raises:
        VersionError: A newer OCS wrote the file.
        OSError: The disk is full or refuses.
    """
    if number <= catalogue.sealed:
        return SealReport(0, 0, 0)
    content, reader = _Content(), JournalReader(path, closed=True)
    if path.exists():
        content.read(reader)
    loss = find_loss(path, reader, content.spans)
    blocks: list[Block] = []
    rollups: list[Rollup] = []
    twice = content.twice(catalogue)
    with NewFiles() as files:
        for (series, version), frames in content.frames.items():
            key = next(iter(frames.values()))[0].form.key
            table = in_order(joined([_table(same) for same in frames.values()]))
            for day, rows in _days(_without(table, twice[series])):
                levels = kept_levels(numbers_of(rows, "time"), rows.num_rows)
                new = NewBlock(key, series, day, Serial(number, version), levels)
                block, rolled = make_block(files, layout, new, rows.schema, [rows])
                blocks.append(block)
                rollups += rolled
        files.publish()
    if loss:
        keep_damaged(path)
    catalogue.seal(number, Change(blocks, rollups, gaps=loss.gaps(catalogue)), content.spans)
    sizes = sum(block.size for block in blocks)
    return SealReport(len(blocks), sum(block.rows for block in blocks), sizes, loss.size)


def _table(rows: Sequence[Rows]) -> pa.Table:
    """Return rows of one form as one table with the columns of a block, in the order in which they came."""
    table = pa.Table.from_batches([each.batch for each in rows]).combine_chunks()
    counts = [each.batch.num_rows for each in rows]
    epochs = np.repeat(np.array([each.epoch for each in rows], np.int64), counts)
    if rows[0].form.numbered:
        at = table.schema.get_field_index("seq")
        numbers = table.column(at)
        table = table.remove_column(at)
    else:
        starts = np.array([each.first for each in rows], np.int64) - np.cumsum([0, *counts[:-1]])
        numbers = pa.array(np.arange(table.num_rows) + np.repeat(starts, counts))
    return table.add_column(1, "epoch", pa.array(epochs)).add_column(2, "seq", numbers)


def _without(table: pa.Table, spans: Sequence[tuple[int, int, int]]) -> pa.Table:
    if not spans:
        return table
    epochs, numbers = numbers_of(table, "epoch"), numbers_of(table, "seq")
    new = np.ones(table.num_rows, bool)
    for epoch, first, last in spans:
        new &= (epochs != epoch) | (numbers < first) | (numbers > last)
    return table.filter(pa.array(new))


def _days(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    if not table.num_rows:
        return
    days = numbers_of(table, "time") // _NS_PER_DAY
    cuts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
    for first, end in pairwise(cuts):
        yield day_of(int(days[first]) * _NS_PER_DAY), table.slice(first, end - first)
