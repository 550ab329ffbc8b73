"""How full the disk of the archive is: at 90 % it warns, from 97 % on it takes nothing more."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocs.model.errors import RetryAfterError
from ocs.model.health import Cause, HealthLevel

RETRY_S = 60.0
"""Whoever sends rows to a full archive is to try again after so many seconds."""


class DiskWatch:
    """The disk of one folder.

    Args:
        folder: A folder on it, which is there.
        warning: From so many % on it warns.
        full: From so many % on nothing more is taken.
        usage: Returns an object with `used` and `free` in bytes, `free` without what only root may use; asks the system
            by default.

    Attributes:
        used: How full it was at the last look, in %; NaN before the first.
        free: Bytes that were free then.
    """

    def __init__(self, folder: Path, warning: float, full: float, usage: Callable[[Path], Any] | None = None) -> None:
        self._folder = folder
        self._warning = warning
        self._full = full
        self._usage = usage or shutil.disk_usage
        self._since = 0.0
        self._trouble = ""
        self.used = math.nan
        self.free = 0

    def look(self, now: float) -> float:
        """See how full it is, and return that in %; from any thread, as a disk may take its time to answer.

        Args:
            now: POSIX s, UTC.
        """
        before = self.level
        try:
            found = self._usage(self._folder)
        except OSError as error:
            self._trouble = error.strerror or type(error).__name__
        else:
            self._trouble = ""
            self.free = int(found.free)
            self.used = 100.0 * found.used / max(1, found.used + found.free)
        if self.level is not before:
            self._since = now
        return self.used

    @property
    def level(self) -> HealthLevel:
        """How well the disk is."""
        if self._trouble or self.used >= self._full:
            return HealthLevel.BAD
        return HealthLevel.DEGRADED if self.used >= self._warning else HealthLevel.OK

    def check_room(self) -> None:
        """Make sure that the archive may take more.

        Raises:
            RetryAfterError: The disk is full; `limit` says after how many seconds to try again.
        """
        if self.used >= self._full:
            raise RetryAfterError(
                f"the disk of the archive is {self.used:.1f} % full, from {self._full:g} % on it takes nothing; the "
                "spools of the agents keep the data: make room on it, or have the policy keep less",
                field="disk_used", given=round(self.used, 1), limit=RETRY_S,
            )  # fmt: skip

    def cause(self, more: str = "") -> Cause | None:
        """Return what makes the archive unwell, None while there is room.

        Args:
            more: What else is to say of a disk that fills, as a half sentence.
        """
        level = self.level
        if level is HealthLevel.OK:
            return None
        if self._trouble:
            told = f"the disk of {self._folder} cannot be looked at ({self._trouble}); see whether it is mounted"
        else:
            room = f"the disk of {self._folder} is {self.used:.1f} % full, {self.free / 1e9:.1f} GB are left"
            told = (
                f"{room}; make room, or give the policy shorter keep_days"
                if level is HealthLevel.DEGRADED
                else f"{room}: nothing is archived, the agents' spools keep the data; make room at once"
            )
            told += f"; {more}" if more else ""
        return Cause(level, "disk", self._since, told)
