"""A sum over all rows of the catalogue, which each change carries on: within a row SQLite itself notices no damage."""

from __future__ import annotations

import sqlite3
import zlib

_KEY = "checksum"
_TABLES = {
    "series": "id, device, feed, block",
    "versions": "series, version, fields, since",
    "blocks": "id, series, version, path, rows, first, last, day, bytes, journal",
    "rollups": "id, series, version, level, path, rows, first, last, day, bytes",
    "spans": "series, epoch, first, last",
    "gaps": "device, feed, block, start, cause, end, rows, epoch, first, last, detail",
    "cursors": "name, journal, offset",
    "meta": "key, value",
}


def carry_on(connection: sqlite3.Connection) -> None:
    """Have all that this connection changes from now on go into the sum; all who write the catalogue need it.

    The connection has recursive triggers, so that what is replaced is taken off the sum.

    Raises:
        sqlite3.Error: The catalogue has other tables.
    """
    connection.create_function("crc32", 1, zlib.crc32, deterministic=True)
    connection.execute(
        f"INSERT INTO meta SELECT '{_KEY}', {_total()} WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = '{_KEY}')"  # noqa: S608 - no word of another
    )
    for table in _TABLES:
        for event, row, sign in (("INSERT", "NEW", "+"), ("DELETE", "OLD", "-")):
            carried = f"UPDATE meta SET value = value {sign} {_row(table, row)} WHERE key = '{_KEY}'"  # noqa: S608 - no word of another
            connection.execute(
                f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table} BEGIN {carried}; END"
            )


def is_right(connection: sqlite3.Connection) -> bool:
    """Whether the rows are those that were written; of a connection for which `carry_on` was called.

    Raises:
        sqlite3.Error: They cannot be read.
    """
    told, found = connection.execute(f"SELECT value, {_total()} FROM meta WHERE key = '{_KEY}'").fetchone()  # noqa: S608 - no word of another
    return bool(told == str(found))


def _total() -> str:
    """Return the sum over all rows as an expression of SQL; read from the tables themselves, not from an index."""
    parts = (f"(SELECT coalesce(sum({_row(table, table)}), 0) FROM {table} NOT INDEXED)" for table in _TABLES)  # noqa: S608 - no word of another
    return f"({' + '.join(parts)})"


def _row(table: str, row: str) -> str:
    """Return the checksum of a row as an expression of SQL; that of the sum itself is 0."""
    values = " || ',' || ".join(f'quote({row}."{name}")' for name in _TABLES[table].split(", "))
    crc = f"crc32(CAST('{table}' || {values} AS BLOB))"
    return crc if table != "meta" else f"iif({row}.key = '{_KEY}', 0, {crc})"
