"""What outlives a restart of an agent: memorized set points, and configuration that was changed at run time.

A set point is on the disk before the hardware gets it (write-ahead, synchronous), so that a kill in between
restores what was asked for. Until there is a database service these settings are the agent's own.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ocs.model.errors import ConfigurationError

FILE_NAME = "settings.sqlite"
SCHEMA_VERSION = 1
SET_POINT = "__value"
"""Key of a channel's set point beside those of its configuration (Tango: the attribute property of this name)."""

_TABLE = """
CREATE TABLE IF NOT EXISTS settings (
    scope TEXT NOT NULL, name TEXT NOT NULL, channel TEXT NOT NULL, key TEXT NOT NULL,
    value TEXT NOT NULL, time REAL NOT NULL, author TEXT NOT NULL,
    PRIMARY KEY (scope, name, channel, key)
) WITHOUT ROWID
"""


class Settings:
    """The settings of one agent's devices; safe to use from any thread.

    Args:
        folder: The agent's state folder.
        now: Returns POSIX seconds, for stamps.
        on_trouble: Told in one sentence when a damaged file was put aside.
    """

    def __init__(self, folder: Path, now: Callable[[], float], on_trouble: Callable[[str], None]) -> None:
        self._path = folder / FILE_NAME
        self._now = now
        self._on_trouble = on_trouble
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def keep_setpoint(self, device: str, channel: str, value: Any, author: str) -> None:
        """Have a set point on the disk when this returns; None forgets it.

        Raises:
            ConfigurationError: The disk refuses; nothing must be written to the hardware then.
        """
        self._put("device", device, channel, {SET_POINT: value}, author)

    def setpoint(self, device: str, channel: str) -> Any:
        """Return the memorized set point, None when there is none."""
        return self._rows("device", device, channel).get(SET_POINT)

    def keep_config(self, scope: str, name: str, channel: str, stored: dict[str, Any], author: str) -> None:
        """Keep the differences in a channel's configuration, and only these.

        Args:
            scope: `device` or `class`.
            name: Of the device or the class.
            channel: The channel.
            stored: The differences by key.
            author: Who made them.

        Raises:
            ConfigurationError: The disk refuses.
        """
        gone = dict.fromkeys(self._rows(scope, name, channel).keys() - stored.keys() - {SET_POINT})
        self._put(scope, name, channel, {**stored, **gone}, author)

    def config(self, scope: str, name: str, channel: str) -> dict[str, Any]:
        """Return the differences in a channel's configuration."""
        rows = self._rows(scope, name, channel)
        rows.pop(SET_POINT, None)
        return rows

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # -- file ------------------------------------------------------------------------------------

    def _put(self, scope: str, name: str, channel: str, values: dict[str, Any], author: str) -> None:
        now = self._now()
        texts = {key: _text(value, key, f"{channel} of {name}") for key, value in values.items()}
        try:
            with self._lock:
                connection = self._opened()
                connection.execute("BEGIN")
                for key, text in texts.items():
                    self._put_row(connection, (scope, name, channel, key), text, now, author)
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._roll_back()
            raise ConfigurationError(
                f"{channel} of {name} was not changed: {self._path} cannot be written ({error}); "
                "make room on the disk, or mend its permissions",
                field=channel,
            ) from error

    def _put_row(
        self, connection: sqlite3.Connection, row: tuple[str, str, str, str], text: str | None, now: float, author: str
    ) -> None:
        if text is None:
            connection.execute("DELETE FROM settings WHERE scope = ? AND name = ? AND channel = ? AND key = ?", row)
            return
        connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, text, now, author))

    def _roll_back(self) -> None:
        with self._lock:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _rows(self, scope: str, name: str, channel: str) -> dict[str, Any]:
        if self._connection is None and not self._path.exists():
            return {}
        try:
            with self._lock:
                rows = self._opened().execute(
                    "SELECT key, value FROM settings WHERE scope = ? AND name = ? AND channel = ?",
                    (scope, name, channel),
                )
                return {key: json.loads(text) for key, text in rows}
        except (sqlite3.Error, OSError, ValueError) as error:
            self._on_trouble(f"the settings in {self._path} cannot be read: {error}")
            return {}

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = self._connect()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                aside = self._path.with_suffix(".damaged")
                self._path.replace(aside)
                self._on_trouble(f"the settings were damaged ({error}); they begin anew, the old are {aside}")
                self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _text(value: Any, key: str, what: str) -> str | None:
    """Return a value as it is written, None for what is forgotten."""
    try:
        return None if value is None else json.dumps(value)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{what} was not changed: its {key} cannot be kept: {error}", field=what) from None
