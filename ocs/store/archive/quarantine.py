"""What the archive could not take: kept with the reason, for whoever mends it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgpack

LARGEST_FILE = 100_000_000
"""Bytes of a day's file; what comes beyond is counted only."""


class Quarantine:
    """A folder with a file of JSON lines for each day.

    Args:
        folder: The folder.
        now: Returns POSIX s.
    """

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now

    def put(self, part: Any, code: str, message: str) -> bool:
        """Keep a part of a put and why it was refused; False when there is no room for it."""
        now = self._now()
        path = self._folder / f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}.jsonl"
        try:
            packed = base64.b64encode(msgpack.packb(part)).decode()
        except (TypeError, ValueError, OverflowError):
            packed = ""
        line = json.dumps({"time": now, "code": code, "message": message, "shown": repr(part)[:400], "msgpack": packed})
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > LARGEST_FILE:
                return False
            with path.open("a") as file:
                file.write(line + "\n")
        except OSError:
            return False
        return True
