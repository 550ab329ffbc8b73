"""The file of the catalogue: its tables, how it is opened, and what it says when it is damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ocs.model.errors import NotFoundError, OperationFailedError, VersionError
from ocs.store.archive.catalogue.checksum import carry_on, is_right

SCHEMA_VERSION = 1
"""Of the tables; a file with a higher one is refused."""

BUSY_S = 30.0
"""So long one writer waits for another."""

_TABLES = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, feed TEXT NOT NULL, block TEXT NOT NULL,
    UNIQUE (device, feed, block)
);
CREATE TABLE IF NOT EXISTS versions (
    series INTEGER NOT NULL, version INTEGER NOT NULL, fields TEXT NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (series, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, version INTEGER NOT NULL, path TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, day TEXT NOT NULL, bytes INTEGER NOT NULL,
    journal INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS blocks_in_time ON blocks (series, first, last);
CREATE TABLE IF NOT EXISTS rollups (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, version INTEGER NOT NULL, level TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE, rows INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, day TEXT NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS rollups_in_time ON rollups (series, level, first, last);
CREATE TABLE IF NOT EXISTS spans (
    series INTEGER NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (series, epoch, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gaps (
    device TEXT NOT NULL, feed TEXT NOT NULL, block TEXT NOT NULL, start INTEGER NOT NULL, cause TEXT NOT NULL,
    end INTEGER, rows INTEGER NOT NULL, epoch INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (device, feed, block, start, cause, epoch)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS gaps_of_causes ON gaps (device, cause, end);
CREATE TABLE IF NOT EXISTS cursors (name TEXT PRIMARY KEY, journal INTEGER NOT NULL, offset INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class DamagedCatalogueError(OperationFailedError):
    """The catalogue of an archive cannot be read; its blocks and its journal may be as good as ever."""


def opened(path: Path, *, read_only: bool, verify: bool = False) -> sqlite3.Connection:
    """Return a connection to a catalogue, whose transactions are begun and ended by hand.

    Args:
        path: The file; it is made, with empty tables, unless this is a reader.
        read_only: Whether this is a reader.
        verify: Whether a writer looks at each row whether it is as it was written; some 10 s for a million of files.

    Raises:
        DamagedCatalogueError: The file is damaged or no catalogue.
        NotFoundError: A reader finds no catalogue.
        VersionError: A newer OCS made it.
        OSError: The disk refuses.
    """
    if read_only and not path.exists():
        raise NotFoundError(f"there is no archive in {path.parent}: it has no {path.name}", given=str(path.parent))
    try:
        connection = _for_reading(path) if read_only else _for_writing(path, verify=verify)
    except (sqlite3.DatabaseError, ValueError) as error:
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise OSError(f"the catalogue {path} cannot be opened: {error}") from error
        raise damaged(path, error) from error
    return connection


def damaged(path: Path, why: object) -> DamagedCatalogueError:
    """Return the error that says that a catalogue is damaged and what to do."""
    return DamagedCatalogueError(
        f"the catalogue {path} is damaged ({why}); start the archiver: it sets the file aside and makes "
        "the catalogue anew from the blocks and the journal"
    )


def _for_writing(path: Path, *, verify: bool) -> sqlite3.Connection:
    connection = _connected(f"file:{_quoted(path)}?mode=rwc")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA recursive_triggers = ON")
        (verdict,) = connection.execute(f"PRAGMA {'integrity' if verify else 'quick'}_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)  # noqa: TRY301 - one damage, found in two ways
        _check_version(connection, path)
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('schema_version', ?)", (str(SCHEMA_VERSION),))
        carry_on(connection)
        connection.execute("COMMIT")
        if verify and not is_right(connection):
            raise sqlite3.DatabaseError("its rows are not those that were written")  # noqa: TRY301 - one damage
    except BaseException:
        connection.close()
        raise
    return connection


def _for_reading(path: Path) -> sqlite3.Connection:
    try:
        return _checked(f"file:{_quoted(path)}?mode=ro", path)
    except sqlite3.OperationalError:
        waiting = path.with_name(path.name + "-wal")
        if waiting.exists() and waiting.stat().st_size:
            raise
        return _checked(f"file:{_quoted(path)}?mode=ro&immutable=1", path)  # a copy on a medium that cannot be written


def _checked(uri: str, path: Path) -> sqlite3.Connection:
    connection = _connected(uri)
    try:
        _check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return
    if "meta" not in tables:
        raise sqlite3.DatabaseError("it has other tables than a catalogue")
    found = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    if found is not None and int(found[0]) > SCHEMA_VERSION:
        raise VersionError(
            f"the archive {path.parent} was made by a newer OCS (its version is {found[0]}, this one knows "
            f"{SCHEMA_VERSION}); update OCS"
        )


def _connected(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
