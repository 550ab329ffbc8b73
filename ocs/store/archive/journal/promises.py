"""What the archive has promised to senders of the rows in one file of the journal: which of them are on the disk.

It lies beside the file, as a log of frames, one for each time that puts were answered: `[size, rows]`, the bytes of the
file that were on the disk then, and of each batch of rows what `Promised` has. It is not synced: a loss of power may
leave less of it, the death of the process leaves all.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

import msgpack

from ocs.store.archive.layout import SYNCED
from ocs.store.framed_log import FramedLog, scan


@dataclass(frozen=True, slots=True)
class Promised:
    """A batch of rows.

    Attributes:
        series: Number of the series in the catalogue.
        epoch: Their epoch.
        first: Number of the first row.
        last: Number of the last.
        rows: How many there are; the others were left out on purpose.
        since: Their earliest time, ns since 1970 UTC.
        until: Their latest time, ns.
    """

    series: int
    epoch: int
    first: int
    last: int
    rows: int
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Promises:
    """What is known of a file of the journal.

    Attributes:
        sizes: Bytes of it that were on the disk when puts were answered, in order; at each of them a frame begins.
        rows: What these bytes have.
    """

    sizes: Sequence[int] = ()
    rows: Sequence[Promised] = ()

    @property
    def size(self) -> int:
        """Bytes of the file that must be there; 0 where nobody knows."""
        return self.sizes[-1] if self.sizes else 0


class PromiseWriter:
    """Writes what is promised of one file of the journal; where the disk refuses, less is known of a damaged one.

    Args:
        path: The file of the journal, which is new.
    """

    def __init__(self, path: Path) -> None:
        self._added: list[Promised] = []
        self._owed: list[Promised] = []
        self._log: FramedLog | None = None
        with suppress(OSError):
            path.with_suffix(SYNCED).unlink(missing_ok=True)
            self._log = FramedLog(path.with_suffix(SYNCED))

    def add(self, rows: Promised) -> None:
        """Add rows that the next flush of the journal brings to the disk."""
        self._added.append(rows)

    def forget(self) -> None:
        """Forget those that it did not bring there."""
        self._added.clear()

    def keep(self, size: int) -> None:
        """Write down that those which were added are on the disk.

        Args:
            size: Bytes of the file that are on the disk.
        """
        self._owed += self._added
        self._added.clear()
        if self._log is None:
            self._owed.clear()
            return
        with suppress(OSError):  # it is told the next time
            self._log.append([msgpack.packb([size, [astuple(rows) for rows in self._owed]])])
            self._owed.clear()

    def close(self) -> None:
        """Close the file."""
        if self._log is not None:
            self._log.close()


def read_promises(path: Path) -> Promises:
    """Return what was promised of a file of the journal; nothing where nobody knows."""
    sizes: list[int] = []
    rows: list[Promised] = []
    with suppress(OSError, ValueError, TypeError):
        for frame in scan(path.with_suffix(SYNCED)):
            size, told = msgpack.unpackb(frame.payload)
            rows += [Promised(*each) for each in told]
            sizes.append(size)
    return Promises(sizes, rows)
