"""Having what was written on the disk when a call returns, not in memory that a loss of power would take."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file's bytes, or the names in a folder, on the disk.

    Raises:
        OSError: It is not there, or the disk refuses.
    """
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_folder(folder: Path) -> None:
    """Have the names of new files on the disk, where the file system can do that for a folder."""
    with suppress(OSError):
        sync(folder)
