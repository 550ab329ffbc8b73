"""One owner per state folder, by a file lock that ends with the process."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from ocs.model.errors import ConfigurationError, DuplicateError

LOCK_NAME = "owner.lock"


class Ownership:
    """The lock on a state folder; held until `release`, or until the process ends.

    Args:
        folder: The folder; it is made if it is not there.
        what: Who asks, for the message, e.g. `thermo-1`.

    Raises:
        DuplicateError: Another process holds it; the sentence says which.
        ConfigurationError: The folder cannot be made or used.
    """

    def __init__(self, folder: Path, what: str) -> None:
        self._file: IO[str] = _opened(folder)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = _holder(self._file.read(200))
            self._file.close()
            raise DuplicateError(
                f"{what} runs already{holder}; end that one first, or give this one another instance-id", field=what
            ) from None
        with suppress(OSError):  # a full disk: the lock holds, only the word of who has it is missing
            self._file.seek(0)
            self._file.truncate()
            os.write(self._file.fileno(), json.dumps({"pid": os.getpid()}).encode())

    def release(self) -> None:
        """Give the folder up."""
        self._file.close()


def _opened(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (folder / LOCK_NAME).open("a+")
    except OSError as error:
        raise ConfigurationError(
            f"the state folder {folder} cannot be used ({error.strerror}); "
            "give another one by --state-dir or OCS_STATE_DIR",
            field="state-dir", given=str(folder),
        ) from None  # fmt: skip


def _holder(text: str) -> str:
    try:
        return f" as process {json.loads(text)['pid']} of this machine"
    except (ValueError, KeyError, TypeError):
        return " on this machine"
