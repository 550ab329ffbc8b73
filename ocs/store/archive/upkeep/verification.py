"""Files of the archive that are truncated or damaged: set aside, told as gaps, and forgotten by the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.gap import Gap, GapCause
from ocs.store.archive.blocks.files import NewBlock, Serial, write_rollups
from ocs.store.archive.blocks.parquet import DamagedBlockError, NewFiles, check_block, scan_block
from ocs.store.archive.blocks.rollups import Accumulation
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Change, Rollup, Window
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.sweeping import sweep

DAMAGED = ".damaged"
"""Ending of the name of a file that was set aside."""

_FIRST, _LAST = BOUNDS[DataType.INT64]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found.

    Attributes:
        files: How many files were looked at.
        damaged: Paths of those that were damaged or gone, relative to the folder.
        remade: How many of these were roll-ups that could be made again from their blocks.
        swept: Paths of files that a crash had left behind, and that were deleted.
    """

    files: int = 0
    damaged: tuple[str, ...] = ()
    remade: int = 0
    swept: tuple[str, ...] = ()


def check(
    catalogue: Catalogue,
    layout: Layout,
    *,
    thorough: bool = True,
    on_progress: Callable[[float], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> CheckReport:
    """Look at each file that the catalogue knows; set aside what is damaged, and delete what a crash left behind.

    The rows of a damaged block are lost: its span becomes a gap `damaged`. A damaged roll-up is made again from its
    block. Sealing, compaction, retention and verification must not run at the same time.

    Args:
        catalogue: The catalogue.
        layout: Where the files are.
        thorough: Whether to read the files; else only their sizes are compared, which finds truncated ones.
        on_progress: Told how far it is, 0 to 1.
        stopping: Asked before each file whether to end early.

    Raises:
        OSError: The disk refuses to be read or written.
    """
    swept = sweep(catalogue, layout)
    files: list[Block | Rollup] = [*catalogue.blocks(), *catalogue.rollups()]
    damaged: list[str] = []
    remade = 0
    looked = 0
    for file in files:
        if stopping():
            break
        if isinstance(file, Block):
            damaged += set_aside(catalogue, layout, [file], thorough=thorough)
        elif _is_damaged(layout, file, thorough=thorough):
            damaged.append(file.path)
            remade += _remade(catalogue, layout, file)
        looked += 1
        on_progress(looked / len(files))
    return CheckReport(looked, tuple(damaged), remade, tuple(swept))


def set_aside(catalogue: Catalogue, layout: Layout, blocks: Iterable[Block], *, thorough: bool = True) -> list[str]:
    """Set those blocks aside that are damaged or gone, and return their paths; arguments and errors as of `check`."""
    found = []
    for block in blocks:
        why = _is_damaged(layout, block, thorough=thorough)
        if not why:
            continue
        _rename(layout, block)
        key = catalogue.series()[block.series]
        gap = Gap(
            key.device, block.first, block.last, GapCause.DAMAGED, key.feed, key.block, block.rows,
            detail=f"{block.path} {why}",
        )  # fmt: skip
        catalogue.change(Change(gone_blocks=[block.id], gaps=[_with_known(catalogue, gap)]))
        found.append(block.path)
    return found


def _with_known(catalogue: Catalogue, gap: Gap) -> Gap:
    """Return a gap that covers also that of another damaged block whose rows begin at the same time."""
    for known in catalogue.gaps_of([gap.device], [gap.cause]):
        if (known.feed, known.block, known.start, known.epoch) == (gap.feed, gap.block, gap.start, gap.epoch):
            return replace(gap, end=max(known.end or 0, gap.end or 0), rows=known.rows + gap.rows)
    return gap


def _is_damaged(layout: Layout, file: Block | Rollup, *, thorough: bool) -> str:
    """Return what is wrong with a file, in words; nothing if it is good."""
    path = layout.folder / file.path
    try:
        size = path.stat().st_size
        if size != file.size:
            return f"has {size} bytes instead of {file.size}"
        if not thorough:
            return ""
        check_block(path)
        rows = sum(table.num_rows for table in scan_block(path, _FIRST, _LAST))
    except FileNotFoundError:
        return "is gone"
    except DamagedBlockError as error:
        return f"cannot be read ({error.why})"
    return "" if rows == file.rows else f"has {rows} rows instead of {file.rows}"


def _rename(layout: Layout, file: Block | Rollup) -> None:
    path = layout.folder / file.path
    with suppress(FileNotFoundError):
        path.rename(path.with_name(path.name + DAMAGED))


def _remade(catalogue: Catalogue, layout: Layout, rollup: Rollup) -> bool:
    """Make a damaged roll-up again, if its block is there and good; forget it else."""
    _rename(layout, rollup)
    serial = Serial.of(rollup.path)
    same = [
        block
        for block in catalogue.blocks(Window(series=[rollup.series], day=rollup.day))
        if serial is not None and Serial.of(block.path) == serial
    ]
    with NewFiles() as files:
        made: list[Rollup] = []
        if serial is not None and same and not _is_damaged(layout, same[0], thorough=True):
            new = NewBlock(catalogue.series()[rollup.series], rollup.series, rollup.day, serial, [rollup.level])
            rows = Accumulation(new.levels)
            for table in scan_block(layout.folder / same[0].path, _FIRST, _LAST):
                rows.add(table)
            made = write_rollups(files, layout, new, (same[0].first, same[0].last), rows)
            files.publish()
        catalogue.change(Change(rollups=made, gone_rollups=[rollup.id]))
    return bool(made)
