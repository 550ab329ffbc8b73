"""What a spool has promised: when its last commit was, how long its files are, whether it was closed.

The next process finds it, and so knows what is missing: after the last commit, and in files that were cut or lost.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PRIORITIES = 3
_MARK = struct.Struct(f"<qq?16sqq{5 * PRIORITIES}q")
_CRC = struct.Struct("<I")
_SIZE = _MARK.size + _CRC.size
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class End(NamedTuple):
    """Up to where the newest file of a priority was written.

    Attributes:
        number: Number of the file; 0 for none.
        begun: When its first entry was committed, ns: a file that was emptied since has another.
        oldest: Time of its earliest row, ns.
        size: Bytes that were committed.
        synced: Bytes that were on the disk for sure.
    """

    number: int = 0
    begun: int = 0
    oldest: int = 0
    size: int = 0
    synced: int = 0


Ends = Mapping[int, End]
NO_ENDS: Ends = {}
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Marked:
    """What an earlier process has left.

    Attributes:
        last: Its last commit, ns; None when nothing is known.
        orderly: Whether it said that nothing more would come.
        whole: Whether all that was committed must be there: not after a start of the machine, unless it ended well.
        ends: Up to where the newest files were written, by priority.
        untold: Between which times (ns) rows were given up and no gap could be kept; None without any.
    """

    last: int | None = None
    orderly: bool = False
    whole: bool = False
    ends: Ends = field(default_factory=dict)
    untold: Span | None = None


class Mark:
    """A small file that is written over at each commit, so that a full disk takes it too.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._boot = boot_id()
        self._times = (0, 0)
        self._orderly = False
        self._ends: Ends = NO_ENDS
        self._untold: Span = (0, 0)

    def open(self) -> Marked:
        """Return what the earlier process has left.

        After a start of the machine its last commit is the last that is on the disk for sure. A file that cannot be
        opened or read, or is damaged, tells nothing, and stops nothing.
        """
        known = b""
        with suppress(OSError):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            known = os.pread(self._file, _SIZE, 0)
        if len(known) < _SIZE or _CRC.unpack_from(known, _MARK.size) != (zlib.crc32(known[: _MARK.size]),):
            return Marked()
        last, synced, self._orderly, boot, *numbers = _MARK.unpack_from(known)
        whole = self._orderly or (boot == self._boot and any(boot))
        self._times = (last if whole else min(last, synced), synced)
        self._untold = (numbers[0], numbers[1])
        ends = [End(*numbers[2 + 5 * place : 7 + 5 * place]) for place in range(PRIORITIES)]
        self._ends = {priority: end for priority, end in enumerate(ends) if end.number}
        last = self._times[0]
        untold = self._untold if any(self._untold) else None
        return Marked(last if last > 0 else None, self._orderly, whole, self._ends, untold)

    def stamp(self, last: int, synced: int, ends: Ends, untold: Span | None, *, orderly: bool = False) -> None:
        """Write what is so now.

        Args:
            last: Time of the last commit, ns; when `orderly`, up to when nothing is missing.
            synced: Time of the last that is on the disk, ns.
            ends: Up to where the newest files are written, by priority.
            untold: Between which times rows were given up and no gap could be kept.
            orderly: Whether nothing more is to come; it is on the disk then when this returns.
        """
        self._times, self._orderly = (last, synced), orderly
        self.tell(ends, untold)
        if orderly and self._file >= 0:
            with suppress(OSError):
                os.fdatasync(self._file)

    def tell(self, ends: Ends, untold: Span | None) -> None:
        """Write what is so of the files now, all else as it was: before a file is emptied or deleted."""
        self._ends, self._untold = ends, untold or (0, 0)
        numbers = [number for priority in range(PRIORITIES) for number in ends.get(priority, End())]
        packed = _MARK.pack(*self._times, self._orderly, self._boot, *self._untold, *numbers)
        with suppress(OSError):  # also when it could not be opened, or was closed
            os.pwrite(self._file, packed + _CRC.pack(zlib.crc32(packed)), 0)

    def names(self, number: int) -> bool:
        """Whether it promises something of a file."""
        return any(end.number == number for end in self._ends.values())

    def close(self) -> None:
        """Write no more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def boot_id() -> bytes:
    """Return what names this run of the machine's kernel, 16 bytes; zeros where the machine does not tell."""
    try:
        return bytes.fromhex(_BOOT.read_text(encoding="ascii").strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)
