"""Files that a crash left behind: written but never counted, or merged into another and not deleted yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ocs.store.archive.blocks.files import Serial
from ocs.store.archive.blocks.parquet import PART
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import Layout


def is_behind(catalogue: Catalogue, layout: Layout) -> bool:
    """Whether the catalogue is from an earlier time than the files: they have been sealed or merged since.

    So it is when a copy of it was put back, or when its `-wal` file, which has the newest changes, was lost.
    """
    sealed, journals = catalogue.sealed, set(layout.journal_numbers())
    known = {layout.folder / block.path for block in catalogue.blocks()}
    there = {path for path in _files(layout, "blocks") if path.suffix == ".parquet"}
    folders = {path.parent for path in known - there}
    unknown = ((path, Serial.of(path)) for path in there - known)
    return any(
        path.parent in folders or (serial.journal > sealed and serial.journal not in journals)
        for path, serial in unknown
        if serial is not None
    )


def sweep(catalogue: Catalogue, layout: Layout) -> list[str]:
    """Delete leftovers, and return their paths relative to the folder.

    A file goes only if its rows are surely elsewhere: in the journal, or in blocks that the catalogue knows. What the
    catalogue knows nothing of, as when it was lost and made anew, stays. Nothing else must write files meanwhile.
    """
    known = catalogue.paths()
    sealed = catalogue.sealed
    waiting = {number for number in layout.journal_numbers() if number > sealed}
    swept = []
    for path in (*_files(layout, "blocks"), *_files(layout, "rollups")):
        relative = layout.relative(path)
        if relative not in known and _is_leftover(path, sealed, waiting):
            with suppress(OSError):  # it is looked for again at the next start
                path.unlink()
                swept.append(relative)
    return swept


def _files(layout: Layout, kind: str) -> Iterator[Path]:
    return (path for path in (layout.folder / kind).glob("*/*/*/*") if path.is_file())


def _is_leftover(path: Path, sealed: int, waiting: set[int]) -> bool:
    if path.suffix == PART:
        return True
    serial = Serial.of(path)
    return path.suffix == ".parquet" and serial is not None and (serial.journal <= sealed or serial.journal in waiting)
