"""Small blocks are merged: a day's rows end up in one file, or in a few where they are very many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ocs.store.archive.blocks.files import NewBlock, Serial, make_block, remove_files
from ocs.store.archive.blocks.ordering import joined, merged_rows, seconds_of
from ocs.store.archive.blocks.parquet import ROW_GROUP_ROWS, DamagedBlockError, NewFiles, block_schema
from ocs.store.archive.blocks.rollups import kept_levels
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Change, Window
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.verification import set_aside

SMALL_BYTES = 8_000_000
MANY = 12
"""While a day lasts its small blocks are merged when so many lie there."""

GRACE_S = 3600.0
"""A day is over so long after its end; most of what comes late has come by then."""

WORTH_IT = 8
"""What came later to a day that was merged is merged in when it makes up this part of it; a large file stays else."""

MOST_COLUMN_CHUNKS = 8192
"""Row groups times columns of a block; more would take a reader longer than 10 ms to find its way in."""

MOST_BYTES = 2_000_000_000
"""Blocks are merged up to this size: while they are, the disk holds them twice."""

_ROWLESS = 3
"""Columns of a block beside its fields: time, epoch, seq."""


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What was merged.

    Attributes:
        before: How many blocks were merged.
        after: How many blocks they are now.
        rows: Rows in them.
        damaged: Paths of blocks that were found damaged meanwhile, and set aside.
    """

    before: int = 0
    after: int = 0
    rows: int = 0
    damaged: tuple[str, ...] = ()


def compact(
    catalogue: Catalogue,
    layout: Layout,
    *,
    now: int,
    since: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> CompactReport:
    """Merge what is due; each merge replaces its blocks in one transaction.

    A reader that was about to open an old file finds it gone, and asks the catalogue again. Sealing, compaction,
    retention and verification must not run at the same time.

    Args:
        catalogue: The catalogue.
        layout: Where the files are.
        now: The time, ns since 1970 UTC.
        since: Only days that have rows after this are looked at, ns; by default all.
        stopping: Asked between merges whether to end early.

    Raises:
        OSError: The disk is full or refuses; what is merged stays so, the rest stays as it was.
    """
    before, after, rows = 0, 0, 0
    damaged: list[str] = []
    for group in _due(catalogue, now, since):
        if stopping():
            break
        try:
            block = _merge(catalogue, layout, group)
        except (DamagedBlockError, FileNotFoundError):
            found = set_aside(catalogue, layout, group)
            if not found:
                raise
            damaged += found
            continue
        before, after, rows = before + len(group), after + 1, rows + block.rows
    return CompactReport(before, after, rows, tuple(damaged))


def due(blocks: Sequence[Block], *, over: bool, most_rows: int) -> list[list[Block]]:
    """Return the groups of blocks that are to become one each.

    Args:
        blocks: Of one series, version and day, in the order of their first times.
        over: Whether the day is over.
        most_rows: A merged block has at most so many rows.
    """
    few = [block for block in blocks if block.rows < most_rows and block.size < MOST_BYTES]
    small = [block for block in few if block.size < SMALL_BYTES]
    if over and _worth_it(few):
        return _packed(few, most_rows)
    return _packed(small, most_rows) if len(small) >= MANY else []


def _worth_it(blocks: Sequence[Block]) -> bool:
    largest = max((block.size for block in blocks), default=0)
    others = sum(block.size for block in blocks) - largest
    return largest < SMALL_BYTES or others * WORTH_IT >= largest


def _packed(blocks: Sequence[Block], most_rows: int) -> list[list[Block]]:
    groups: list[list[Block]] = [[]]
    rows, size = 0, 0
    for block in blocks:
        rows, size = rows + block.rows, size + block.size
        if groups[-1] and (rows > most_rows or size > MOST_BYTES):
            groups.append([])
            rows, size = block.rows, block.size
        groups[-1].append(block)
    return [group for group in groups if len(group) > 1]


def _due(catalogue: Catalogue, now: int, since: int | None) -> Iterator[list[Block]]:
    days: dict[tuple[int, int, str], list[Block]] = defaultdict(list)
    for block in catalogue.blocks(Window(first=since)):
        days[block.series, block.version, block.day].append(block)
    fields = {(version.series, version.number): len(version.fields) for version in catalogue.versions()}
    for (series, version, day), blocks in days.items():
        if len(blocks) > 1:
            row_groups = max(1, MOST_COLUMN_CHUNKS // (fields.get((series, version), 0) + _ROWLESS))
            yield from due(blocks, over=_is_over(day, now), most_rows=row_groups * ROW_GROUP_ROWS)


def _is_over(day: str, now: int) -> bool:
    start = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    return now / 1e9 >= start + 86_400.0 + GRACE_S


def _merge(catalogue: Catalogue, layout: Layout, blocks: Sequence[Block]) -> Block:
    one = blocks[0]
    paths = [layout.folder / block.path for block in blocks]
    serials = [str(Serial.of(block.path)) for block in blocks]
    like = joined([block_schema(path).empty_table() for path in paths])
    times, rows = seconds_of(paths)
    new = NewBlock(
        catalogue.series()[one.series], one.series, one.day, Serial.merged(blocks), kept_levels(times, rows), serials
    )
    old = [
        rollup
        for rollup in catalogue.rollups(Window(series=[one.series], day=one.day))
        if rollup.version == one.version and str(Serial.of(rollup.path)) in serials
    ]
    with NewFiles() as files:
        pieces = (joined([like, piece]) for piece in merged_rows(paths))
        block, rollups = make_block(files, layout, new, like.schema, pieces)
        files.publish()
        catalogue.change(Change([block], rollups, [block.id for block in blocks], [rollup.id for rollup in old]))
    remove_files(layout, [*blocks, *old])
    return block
