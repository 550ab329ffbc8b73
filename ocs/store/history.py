"""The last runs of each operation, kept on disk by a thread of its own, so that a kill leaves a trace.

A run is written when it starts and whenever its state changes, by group commit: whatever came since the
last commit goes in with the next, at most one commit each `COMMIT_PERIOD_S`; rarer when there are
thousands of runs per second, of which the newest of each operation are kept. What a kill can lose is the
start of a run younger than that.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

FILE_NAME = "sessions.sqlite"
SCHEMA_VERSION = 1
RUNS_KEPT = 50
COMMIT_PERIOD_S = 0.2
IDLE_FACTOR = 20.0
"""After a commit the writer rests so many times as long as it took: thousands of runs per second cost little."""

LONGEST_PERIOD_S = 2.0

Session = dict[str, Any]
Key = tuple[str, str]

_as_json = json.JSONEncoder(default=repr).encode

_TABLE = """
CREATE TABLE IF NOT EXISTS runs (
    device TEXT NOT NULL, op TEXT NOT NULL, run_id TEXT NOT NULL, start_time REAL NOT NULL, session TEXT NOT NULL,
    PRIMARY KEY (device, op, run_id)
) WITHOUT ROWID
"""
_PRUNE = """
DELETE FROM runs WHERE device = ?1 AND op = ?2 AND run_id NOT IN
    (SELECT run_id FROM runs WHERE device = ?1 AND op = ?2 ORDER BY start_time DESC LIMIT ?3)
"""


class RunHistory:
    """The history of one agent's runs.

    Args:
        folder: The agent's state folder.
        now: Returns POSIX seconds; stamps the end of runs that a kill interrupted.
        on_trouble: Told in one sentence when the disk refuses; the agent goes on.
    """

    def __init__(self, folder: Path, now: Callable[[], float], on_trouble: Callable[[str], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / FILE_NAME
        self._now = now
        self._on_trouble = on_trouble
        self._lock = threading.Lock()
        self._waiting: dict[Key, dict[str, Callable[[], Session]]] = {}
        self._work = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._told = ""

    def load(self) -> Mapping[str, Mapping[str, list[Session]]]:
        """Return the kept sessions by device and operation, oldest first.

        A run that had not ended is an interrupted one: its process was killed. A damaged file is put aside; where the
        disk refuses, there is no history. Either is told, and keeps no agent from its start.
        """
        try:
            return self._load()
        except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError) as error:
            if _is_of_the_disk(error):
                self._tell(f"the history of runs in {self._path} cannot be read: {error}")
                return {}
            return self._begin_anew(error)

    def _begin_anew(self, damage: Exception) -> dict[str, dict[str, list[Session]]]:
        aside = self._path.with_suffix(".damaged")
        try:
            self._path.replace(aside)
            for journal in ("-wal", "-shm"):
                self._path.with_name(FILE_NAME + journal).unlink(missing_ok=True)
            self._tell(f"the history of runs was damaged ({damage}); it begins anew, the old is {aside}")
            return self._load()
        except (sqlite3.Error, OSError) as error:
            self._tell(f"the history of runs was damaged ({damage}), and cannot begin anew: {error}")
            return {}

    def _load(self) -> dict[str, dict[str, list[Session]]]:
        kept: dict[str, dict[str, list[Session]]] = {}
        with closing(self._connect()) as connection:
            rows = connection.execute("SELECT device, op, session FROM runs ORDER BY start_time").fetchall()
            for device, op, text in rows:
                session = self._interrupted(connection, device, op, json.loads(text))
                kept.setdefault(device, {}).setdefault(op, []).append(session)
        return kept

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._serve, name="history", daemon=True)
        self._thread.start()

    def keep(self, device: str, op: str, run_id: str, encode: Callable[[], Session]) -> None:
        """Have a run written at the next commit; `encode` is called then, in the thread that writes."""
        with self._lock:
            runs = self._waiting.setdefault((device, op), {})
            runs[run_id] = encode
            if len(runs) > RUNS_KEPT:
                del runs[next(iter(runs))]
        if not self._work.is_set():
            self._work.set()

    def close(self) -> None:
        """Write what waits, and end."""
        self._closing.set()
        self._work.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def _interrupted(self, connection: sqlite3.Connection, device: str, op: str, session: Session) -> Session:
        if session.get("status") == "done":
            return session
        session |= {
            "status": "done",
            "op_code": 6,
            "success": False,
            "outcome": "interrupted",
            "end_time": session.get("end_time") or self._now(),
        }
        session["messages"] = [*session.get("messages", []), [self._now(), "interrupted: the agent's process ended"]]
        connection.execute(
            "UPDATE runs SET session = ? WHERE device = ? AND op = ? AND run_id = ?",
            (json.dumps(session), device, op, session["run_id"]),
        )
        return session

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return connection

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        pause = COMMIT_PERIOD_S
        while True:
            self._work.wait()
            self._work.clear()
            self._closing.wait(pause)
            began = time.perf_counter()
            connection = connection or self._opened()
            if connection is not None:
                self._write(connection)
            pause = min(max(COMMIT_PERIOD_S, IDLE_FACTOR * (time.perf_counter() - began)), LONGEST_PERIOD_S)
            if self._closing.is_set() and (connection is None or not self._waiting):
                break
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection | None:
        try:
            return self._connect()
        except sqlite3.Error as error:
            self._tell(f"the history of runs cannot be written to {self._path}: {error}")
            return None

    def _write(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            taken, self._waiting = self._waiting, {}
        try:
            connection.execute("BEGIN")
            for (device, op), runs in taken.items():
                for run_id, encode in runs.items():
                    row = self._row(device, op, run_id, encode)
                    if row is not None:
                        connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", row)
                connection.execute(_PRUNE, (device, op, RUNS_KEPT))
            connection.execute("COMMIT")
            self._told = ""
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._tell(f"the history of runs cannot be written to {self._path.name}: {error}")

    def _row(self, device: str, op: str, run_id: str, encode: Callable[[], Session]) -> tuple[Any, ...] | None:
        try:
            session = encode()
            return device, op, run_id, session["start_time"], _as_json(session)
        except Exception as error:  # noqa: BLE001 - one run that cannot be kept must not end the keeping of all
            self._on_trouble(f"run {run_id} of {device}.{op} cannot be kept: {type(error).__name__}: {error}")
            return None

    def _tell(self, sentence: str) -> None:
        """Tell a trouble once, not at each commit while it lasts."""
        if sentence != self._told:
            self._told = sentence
            self._on_trouble(sentence)


def _is_of_the_disk(error: Exception) -> bool:
    """Whether nothing is wrong with the content: the disk is full, the file cannot be opened or is locked."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR
