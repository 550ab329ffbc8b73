"""A new block with its roll-ups: their names, their files and what the catalogue will say of them.

A block is called after the journal file that it was made of, the version of its rows, and how many times it was
merged: `000000000012-1-0`. One that is merged of others is called after the last of them. So a name never comes again
with other rows while somebody may still look for the old ones. A roll-up is called after its block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa

from ocs.model.series import SeriesKey
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.blocks.parquet import BlockWriter, NewFiles
from ocs.store.archive.blocks.rollups import Accumulation
from ocs.store.archive.catalogue.catalogue import Block, Rollup
from ocs.store.archive.layout import Layout


@dataclass(frozen=True, slots=True, order=True)
class Serial:
    """The name of a block, which tells it from the others of its series and day.

    Attributes:
        journal: Number of the journal file that it was made of; of the newest one, if it was merged.
        version: Number of the version of its rows.
        merges: How many times it was merged.
    """

    journal: int
    version: int
    merges: int = 0

    def __str__(self) -> str:
        return f"{self.journal:012}-{self.version}-{self.merges}"

    @classmethod
    def of(cls, path: str | Path) -> Serial | None:
        """Return the serial in the name of a block or roll-up; None if that is something else."""
        parts = PurePosixPath(path).name.partition(".")[0].split("-")
        if len(parts) != len(cls.__dataclass_fields__) or not all(part.isdecimal() for part in parts):
            return None
        return cls(*map(int, parts))

    @classmethod
    def merged(cls, blocks: Iterable[Block]) -> Serial:
        """Return the name of a block that is merged of these."""
        newest = max(serial for block in blocks if (serial := cls.of(block.path)) is not None)
        return cls(newest.journal, newest.version, newest.merges + 1)


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block that is to be made.

    Attributes:
        key: Whose rows it has.
        series: Number of the series in the catalogue.
        day: The day, UTC, as `2026-03-01`.
        serial: Its name; says the version too.
        levels: Names of the roll-ups to make, the finest first.
        merged: Names of the blocks that it is merged of.
    """

    key: SeriesKey
    series: int
    day: str
    serial: Serial
    levels: Sequence[str] = ()
    merged: Sequence[str] = ()


def make_block(
    files: NewFiles, layout: Layout, new: NewBlock, schema: pa.Schema, pieces: Iterable[pa.Table]
) -> tuple[Block, list[Rollup]]:
    """Write a block and its roll-ups, and return what the catalogue is to know of them; nothing is published yet.

    Args:
        files: Takes the files.
        layout: Where they go.
        new: What is made.
        schema: Columns of the block; the file says in its metadata whose they are.
        pieces: The rows, in the order of their time, at least one in all.

    Raises:
        OSError: The disk is full or the folder cannot be used.
    """
    path = layout.block(new.key, new.day, str(new.serial))
    rollups = Accumulation(new.levels)
    times: list[int] = []
    with BlockWriter(files.begin(path), schema.with_metadata(_metadata(new))) as writer:
        for piece in pieces:
            writer.write(piece)
            rollups.add(piece)
            stamps = numbers_of(piece, "time")
            times = [*times[:1], int(stamps[0]), int(stamps[-1])]
    first, last = times[0], times[-1]
    block = Block(
        new.series, new.serial.version, layout.relative(path), writer.rows, first, last, new.day, writer.size,
        0 if new.serial.merges else new.serial.journal,
    )  # fmt: skip
    return block, write_rollups(files, layout, new, (first, last), rollups)


def write_rollups(
    files: NewFiles, layout: Layout, new: NewBlock, span: tuple[int, int], rollups: Accumulation
) -> list[Rollup]:
    """Write the roll-ups of a block; arguments and errors as of `make_block`.

    Args:
        files: Takes the files.
        layout: Where they go.
        new: The block.
        span: Times of its first and last row, ns.
        rollups: The roll-ups.
    """
    made = []
    for level, table in rollups.rollups().items():
        path = layout.rollup(new.key, new.day, str(new.serial), level)
        size = files.write(path, table.replace_schema_metadata(_metadata(new)))
        made.append(
            Rollup(
                new.series, new.serial.version, level, layout.relative(path), table.num_rows, *span, new.day, size
            )
        )  # fmt: skip
    return made


def remove_files(layout: Layout, files: Iterable[Block | Rollup]) -> None:
    """Delete files that the catalogue has forgotten, and then empty folders; what resists is left to `sweep`."""
    for file in files:
        path = layout.folder / file.path
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.parent.rmdir()


def _metadata(new: NewBlock) -> dict[str, str]:
    told = {
        "device": new.key.device,
        "feed": new.key.feed,
        "block": new.key.block,
        "version": str(new.serial.version),
    }
    return told | ({"merged": ",".join(new.merged)} if new.merged else {})
