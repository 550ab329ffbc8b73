"""When a spool had its last commit, and whether it was closed: what the next process finds about this one."""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

_MARK = struct.Struct("<qq?16s")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Mark:
    """A file of 33 bytes that is written over at each commit, so that a full disk takes it too.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._boot = boot_id()
        self._last = 0
        self._synced = 0

    def open(self) -> tuple[int | None, bool]:
        """Return the time of the last commit of the earlier process, ns, and whether that closed its spool.

        After a start of the machine it is the last commit that is on the disk for sure. A file that cannot be opened
        or read tells nothing, and stops nothing.
        """
        known = b""
        with suppress(OSError):
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            known = os.pread(self._file, _MARK.size, 0)
        if len(known) < _MARK.size:
            return None, False
        last, synced, orderly, boot = _MARK.unpack(known)
        self._last = last if orderly or boot == self._boot else min(last, synced)
        self._synced = synced
        return self._last if self._last > 0 else None, orderly

    def stamp(self, last: int, synced: int) -> None:
        """Write the times of the last commit and of the last that was synced, in ns."""
        self._last, self._synced = last, synced
        self._write(orderly=False)

    def close(self, now: int, *, orderly: bool) -> None:
        """Close the file; in good order nothing is missing up to now, ns."""
        if self._file < 0:
            return
        if orderly and self._last:
            self._last = self._synced = max(now, self._last)
            self._write(orderly=True)
            with suppress(OSError):
                os.fdatasync(self._file)
        os.close(self._file)
        self._file = -1

    def _write(self, *, orderly: bool) -> None:
        with suppress(OSError):
            os.pwrite(self._file, _MARK.pack(self._last, self._synced, orderly, self._boot), 0)


def boot_id() -> bytes:
    """Return what names this run of the machine's kernel, 16 bytes; zeros where the machine does not tell."""
    try:
        return bytes.fromhex(_BOOT.read_text(encoding="ascii").strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)
