"""Rows and roll-ups that have been kept for as long as their rule says are deleted, and leave a gap `expired`."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ocs.model.archive_policy import Keeping
from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.archive.blocks.files import remove_files
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Change, Rollup, Window
from ocs.store.archive.layout import Layout

_NS_PER_DAY = 86_400_000_000_000

_File = TypeVar("_File", Block, Rollup)


@dataclass(frozen=True, slots=True)
class RetainReport:
    """What was deleted.

    Attributes:
        blocks: How many blocks.
        rollups: How many roll-ups.
        rows: Rows of the blocks.
        size: Bytes that the files had.
    """

    blocks: int = 0
    rollups: int = 0
    rows: int = 0
    size: int = 0

    def __add__(self, other: RetainReport) -> RetainReport:
        return RetainReport(
            self.blocks + other.blocks, self.rollups + other.rollups, self.rows + other.rows, self.size + other.size
        )


def retain(
    catalogue: Catalogue, layout: Layout, keeping: Callable[[SeriesKey, Iterable[str]], Keeping], *, now: int
) -> RetainReport:
    """Delete the blocks and roll-ups whose last row is older than their series is kept, a transaction for each series.

    Sealing, compaction, retention and verification must not run at the same time.

    Args:
        catalogue: The catalogue.
        layout: Where the files are.
        keeping: Says for how long rows and roll-ups of a series with these fields stay, such as `Policy.keeping`.
        now: The time, ns since 1970 UTC.
    """
    fields: dict[int, dict[str, None]] = defaultdict(dict)
    for version in catalogue.versions():
        fields[version.series].update(dict.fromkeys(version.fields))
    expired = {
        SeriesKey(gap.device, gap.feed, gap.block): gap for gap in catalogue.gaps() if gap.cause is GapCause.EXPIRED
    }
    done = RetainReport()
    for number, key in catalogue.series().items():
        kept = keeping(key, fields[number])
        blocks = _older(catalogue.blocks, number, now, kept.days)
        rollups = _older(catalogue.rollups, number, now, kept.rollup_days)
        if not blocks and not rollups:
            continue
        gaps = [_gap(key, blocks, expired.get(key))] if blocks else []
        catalogue.change(
            Change(
                gone_blocks=[block.id for block in blocks], gone_rollups=[rollup.id for rollup in rollups], gaps=gaps
            )
        )
        files: list[Block | Rollup] = [*blocks, *rollups]
        remove_files(layout, files)
        rows, size = sum(block.rows for block in blocks), sum(file.size for file in files)
        done += RetainReport(len(blocks), len(rollups), rows, size)
    return done


def _older(files: Callable[[Window], Sequence[_File]], series: int, now: int, days: float | None) -> Sequence[_File]:
    """Return the files of a series whose rows are all older than so many days."""
    if days is None:
        return []
    bound = now - int(days * _NS_PER_DAY)
    return [file for file in files(Window(series=[series], last=bound)) if file.last < bound]


def _gap(key: SeriesKey, blocks: Sequence[Block], known: Gap | None) -> Gap:
    """Return the gap that these blocks leave: the one of those before them grows, if it begins before them."""
    first, last = min(block.first for block in blocks), max(block.last for block in blocks)
    rows = sum(block.rows for block in blocks)
    if known is not None and known.start <= first:
        return replace(known, end=max(last, known.end or last), rows=known.rows + rows)
    return Gap(key.device, first, last, GapCause.EXPIRED, key.feed, key.block, rows)


def disk_used(folder: Path) -> float:
    """Return how full the file system of a folder is, 0 to 1, as `df` tells it: what only root may use is no room.

    Raises:
        OSError: The folder cannot be looked at.
    """
    found = shutil.disk_usage(folder)
    return found.used / max(1, found.used + found.free)
