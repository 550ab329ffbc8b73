"""What was refused, with the reason: kept so that a person can see it and nothing is lost without a trace.

Each line of a day's file is a JSON map: `time` (POSIX s), `code`, `message`, `shown` (the beginning of the part as
Python tells it) and `msgpack` (all of it, base64; empty where it cannot be packed).
"""

from __future__ import annotations

import base64
import errno
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgpack

LARGEST_FILE = 100_000_000
"""Bytes of a day's file; what comes beyond is counted only."""

SHOWN = 400
"""Characters of a part that are shown."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Quarantine:
    """A folder with a file of JSON lines for each day.

    Args:
        folder: The folder.
        now: Returns POSIX s.

    Attributes:
        lost: Parts for which there was no room.
    """

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self.lost = 0
        self._folder = folder
        self._now = now
        self._waiting: list[bytes] = []

    def put(self, part: Any, code: str, message: str) -> None:
        """Add a part of a put, and why it was refused, to what the next `flush` writes."""
        told = {
            "time": self._now(),
            "code": code,
            "message": message,
            "shown": _shown(part),
            "msgpack": _packed(part),
        }
        self._waiting.append(json.dumps(told).encode() + b"\n")

    def flush(self) -> None:
        """Write what was added, and have it on the disk when this returns.

        Raises:
            OSError: The disk is full; nothing was written, and what was added is forgotten. Whatever else keeps the
                folder from being written is no reason to stop the archive: parts are counted as lost.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            written = self._write(b"".join(waiting))
        except OSError as error:
            if error.errno in _FULL:
                raise
            written = False
        if not written:
            self.lost += len(waiting)

    def forget(self) -> None:
        """Forget what was added since the last `flush`."""
        self._waiting.clear()

    def _write(self, lines: bytes) -> bool:
        path = self._folder / f"{datetime.fromtimestamp(self._now(), UTC):%Y-%m-%d}.jsonl"
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                lines = b"\n" + lines  # a loss of power tore the last line; it must not spoil the next
            if size + len(lines) > LARGEST_FILE:
                return False
            try:
                left = memoryview(lines)
                while left:
                    left = left[os.write(file, left) :]
                os.fsync(file)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(file, size)
                raise
        finally:
            os.close(file)
        return True


def _shown(part: Any) -> str:
    try:
        return repr(part)[:SHOWN]
    except RecursionError:
        return type(part).__name__


def _packed(part: Any) -> str:
    try:
        return base64.b64encode(msgpack.packb(part)).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return ""
