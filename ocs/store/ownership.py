"""One owner per state folder, by a file lock that ends with the process."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from ocs.model.errors import DuplicateError

LOCK_NAME = "owner.lock"


class Ownership:
    """The lock on a state folder; held until `release`, or until the process ends.

    Args:
        folder: The folder; it is made if it is not there.
        what: Who asks, for the message, e.g. `thermo-1`.

    Raises:
        DuplicateError: Another process holds it; the sentence says which.
    """

    def __init__(self, folder: Path, what: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file: IO[str] = (folder / LOCK_NAME).open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = _holder(self._file.read())
            self._file.close()
            raise DuplicateError(
                f"{what} runs already{holder}; end that one first, or give this one another instance-id", field=what
            ) from None
        self._file.seek(0)
        self._file.truncate()
        json.dump({"pid": os.getpid()}, self._file)
        self._file.flush()

    def release(self) -> None:
        """Give the folder up."""
        self._file.close()


def _holder(text: str) -> str:
    try:
        return f" as process {json.loads(text)['pid']} of this machine"
    except (ValueError, KeyError, TypeError):
        return " on this machine"
