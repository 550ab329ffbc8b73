"""What survives a restart on disk: the history of runs, who owns a state folder, the spool, and the archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocs.store.archive.reading.reading import ArchiveReader

__all__ = ["open"]


def open(path: str | Path) -> ArchiveReader:  # noqa: A001 - `ocs.store.open` is what it is called for its users
    """Open an archive for reading, while its archiver runs or not; use it as a context.

    Args:
        path: The archive's folder.

    Raises:
        ConfigurationError: The folder has no archive.
        VersionError: A newer OCS made it.
        OperationFailedError: Its catalogue is damaged.
    """
    from ocs.store.archive.reading.reading import ArchiveReader

    return ArchiveReader(Path(path).expanduser())
