"""The catalogue of an archive: which series, versions, blocks, roll-ups, rows and gaps there are, in one SQLite file.

The archive's process writes it; any number of readers look at it at the same time. What changes together is changed
in one transaction, so that a reader sees the rows of a journal file either there or in blocks, never in both.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.model.spans import Spans
from ocs.store.archive.catalogue.file import opened
from ocs.store.archive.catalogue.records import Block, Change, Cursor, Extent, Rollup, Version, Window
from ocs.wire.archive import decode_fields, encode_field

__all__ = ["Block", "Catalogue", "Change", "Cursor", "Extent", "Rollup", "Version", "Window"]

_SEALED = "sealed"
_BLOCK = "series, version, path, rows, first, last, day, bytes, journal"
_ROLLUP = "series, version, level, path, rows, first, last, day, bytes"
_GAP = "device, feed, block, start, cause, end, rows, epoch, first, last, detail"


class Catalogue:
    """The catalogue of an archive; one object may be used by several threads.

    Args:
        path: The file; it is made if it is not there and this is no reader.
        read_only: Whether this is a reader, which changes nothing.
        verify: Whether a writer looks at each row whether it is as it was written.

    Raises:
        DamagedCatalogueError: The file is damaged or no catalogue.
        NotFoundError: A reader finds no catalogue.
        VersionError: A newer OCS made it.
        OSError: The disk refuses.
    """

    def __init__(self, path: Path, *, read_only: bool = False, verify: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = opened(path, read_only=read_only, verify=verify)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; it may be done twice."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Change, all or nothing, what is changed inside; one inside another is part of it."""
        with self._scope("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See, in all that is asked inside, the catalogue of one instant."""
        with self._scope("BEGIN"):
            yield

    @contextmanager
    def _scope(self, begin: str) -> Iterator[None]:
        with self._lock:
            if self._depth == 0:
                self._connection.execute(begin)
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0 and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._commit()

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _all(self, question: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(question, values).fetchall()

    def _many(self, order: str, rows: Iterable[Sequence[Any]]) -> None:
        with self.transaction():
            self._connection.executemany(order, rows)

    # -- series and their versions -----------------------------------------------------------------

    def series(self) -> dict[int, SeriesKey]:
        """Return the series by their numbers."""
        rows = self._all("SELECT id, device, feed, block FROM series ORDER BY device, feed, block")
        return {number: SeriesKey(*key) for number, *key in rows}

    def series_number(self, key: SeriesKey) -> int | None:
        """Return the number of a series, None if there is no such one."""
        rows = self._all(
            "SELECT id FROM series WHERE device = ? AND feed = ? AND block = ?", (key.device, key.feed, key.block)
        )
        return rows[0][0] if rows else None

    def add_series(self, key: SeriesKey, number: int | None = None) -> int:
        """Return the number of a series; it gets one, that which is given or the next, if it has none."""
        with self.transaction():
            known = self.series_number(key)
            if known is not None:
                return known
            done = self._connection.execute(
                "INSERT INTO series (id, device, feed, block) VALUES (?, ?, ?, ?)",
                (number, key.device, key.feed, key.block),
            )
            return int(done.lastrowid or 0)

    def versions(self, series: int | None = None) -> list[Version]:
        """Return the versions of a series, or of all, the oldest first."""
        rows = self._all(
            "SELECT series, version, since, fields FROM versions WHERE ?1 IS NULL OR series = ?1"
            " ORDER BY series, version",
            (series,),
        )
        return [
            Version(series, number, decode_fields(json.loads(fields)), since) for series, number, since, fields in rows
        ]

    def add_version(self, version: Version) -> None:
        """Add a version; one that is there already stays as it is."""
        fields = json.dumps({name: encode_field(kind) for name, kind in version.fields.items()})
        self._many(
            "INSERT OR IGNORE INTO versions (series, version, fields, since) VALUES (?, ?, ?, ?)",
            [(version.series, version.number, fields, version.since)],
        )

    # -- blocks and roll-ups -----------------------------------------------------------------------

    def blocks(self, window: Window | None = None) -> list[Block]:
        """Return the blocks that have rows in a window (all by default), in the order of their first times."""
        where, values = (window or Window()).condition()
        rows = self._all(f"SELECT {_BLOCK}, id FROM blocks WHERE {where} ORDER BY first, id", values)  # noqa: S608 - no word of another
        return [Block(*row) for row in rows]

    def rollups(self, window: Window | None = None, level: str | None = None) -> list[Rollup]:
        """Return the roll-ups of a window, of one level or of all, in the order of their first times."""
        where, values = (window or Window()).condition()
        if level is not None:
            where, values = f"{where} AND level = ?", [*values, level]
        rows = self._all(f"SELECT {_ROLLUP}, id FROM rollups WHERE {where} ORDER BY first, id", values)  # noqa: S608 - no word of another
        return [Rollup(*row) for row in rows]

    def extents(self) -> dict[int, Extent]:
        """Return how far the blocks of each series reach."""
        rows = self._all("SELECT series, min(first), max(last), sum(rows), sum(bytes) FROM blocks GROUP BY series")
        return {series: Extent(*row) for series, *row in rows}

    def paths(self) -> set[str]:
        """Return the paths of all files that count, relative to the folder."""
        return {path for (path,) in self._all("SELECT path FROM blocks UNION ALL SELECT path FROM rollups")}

    def change(self, change: Change) -> None:
        """Have files come and go, all at once."""
        with self.transaction():
            self._many("DELETE FROM blocks WHERE id = ?", [(number,) for number in change.gone_blocks])
            self._many("DELETE FROM rollups WHERE id = ?", [(number,) for number in change.gone_rollups])
            self._many(
                f"INSERT INTO blocks ({_BLOCK}) VALUES ({_marks(_BLOCK)})",  # noqa: S608 - no word of another
                [
                    (b.series, b.version, b.path, b.rows, b.first, b.last, b.day, b.size, b.journal)
                    for b in change.blocks
                ],
            )
            self._many(
                f"INSERT INTO rollups ({_ROLLUP}) VALUES ({_marks(_ROLLUP)})",  # noqa: S608 - no word of another
                [
                    (r.series, r.version, r.level, r.path, r.rows, r.first, r.last, r.day, r.size)
                    for r in change.rollups
                ],
            )
            self.add_gaps(change.gaps)

    def seal(self, journal: int, change: Change, spans: Mapping[tuple[int, int], Iterable[tuple[int, int]]]) -> None:
        """Take a journal file into the blocks, all at once: its files, its rows, its gaps and the mark that it is done.

        Args:
            journal: Number of the journal file; from now on it and all before it count as sealed.
            change: The files that were made of it.
            spans: Numbers of its rows, by series and epoch.
        """
        with self.transaction():
            self.change(change)
            for (series, epoch), added in spans.items():
                self.add_spans(series, epoch, added)
            self.set_meta(_SEALED, str(max(journal, self.sealed)))

    @property
    def sealed(self) -> int:
        """Number of the last journal file whose rows are in blocks; 0 before the first."""
        return int(self.meta(_SEALED) or 0)

    # -- rows that are there -----------------------------------------------------------------------

    def spans(self, series: int, epoch: int) -> Spans:
        """Return the numbers of the rows of an epoch that are in blocks, or were left out on purpose."""
        return Spans(self._all("SELECT first, last FROM spans WHERE series = ? AND epoch = ?", (series, epoch)))

    def add_spans(self, series: int, epoch: int, spans: Iterable[tuple[int, int]]) -> None:
        """Add numbers of rows to those that are there."""
        with self.transaction():
            whole = self.spans(series, epoch)
            before = set(whole)
            for first, last in spans:
                whole.add(first, last)
            after = set(whole)
            self._many(
                "DELETE FROM spans WHERE series = ? AND epoch = ? AND first = ?",
                [(series, epoch, first) for first, _ in before - after],
            )
            self._many(
                "INSERT INTO spans (series, epoch, first, last) VALUES (?, ?, ?, ?)",
                [(series, epoch, first, last) for first, last in sorted(after - before)],
            )

    # -- gaps --------------------------------------------------------------------------------------

    def gaps(self, start: int | None = None, end: int | None = None) -> list[Gap]:
        """Return the gaps that touch a span of time (ns, both ends included), in the order of their starts."""
        rows = self._all(
            f"SELECT {_GAP} FROM gaps WHERE (?1 IS NULL OR end IS NULL OR end >= ?1)"  # noqa: S608 - no word of another
            " AND (?2 IS NULL OR start <= ?2) ORDER BY start, device, feed, block",
            (start, end),
        )
        return [_gap(*row) for row in rows]

    def gaps_of(self, devices: Iterable[str], causes: Iterable[GapCause], *, lasting: bool = False) -> list[Gap]:
        """Return the gaps of these devices and causes, all or only those that have no end yet."""
        rows = self._all(
            f"SELECT {_GAP} FROM gaps WHERE device IN (SELECT value FROM json_each(?))"  # noqa: S608 - no word of another
            " AND cause IN (SELECT value FROM json_each(?))" + (" AND end IS NULL" if lasting else ""),
            (json.dumps(list(devices)), json.dumps([cause.value for cause in causes])),
        )
        return [_gap(*row) for row in rows]

    def readable_gaps(self) -> list[Gap]:
        """Return the gaps of a damaged catalogue that can still be read."""
        found = []
        with suppress(sqlite3.Error, ValueError):
            for row in self._connection.execute(f"SELECT {_GAP} FROM gaps"):  # noqa: S608 - no word of another
                with suppress(ValueError):
                    found.append(_gap(*row))
        return found

    def add_gaps(self, gaps: Iterable[Gap]) -> None:
        """Add gaps; one that is there already is told anew, unless it is said to last and has ended already."""
        order = f"INSERT OR REPLACE INTO gaps ({_GAP}) VALUES ({_marks(_GAP)})"  # noqa: S608 - no word of another
        told = list(gaps)
        with self.transaction():
            self._many(order, [_row(gap) for gap in told if gap.end is None and not self._has_ended(gap)])
            self._many(order, [_row(gap) for gap in told if gap.end is not None])

    def _has_ended(self, gap: Gap) -> bool:
        question = (
            "SELECT 1 FROM gaps WHERE device = ? AND feed = ? AND block = ? AND start = ? AND cause = ? AND epoch = ?"
            " AND end IS NOT NULL"
        )
        return bool(self._all(question, (gap.device, gap.feed, gap.block, gap.start, gap.cause.value, gap.epoch)))

    # -- who has read the journal how far, and all else --------------------------------------------

    def cursors(self) -> dict[str, Cursor]:
        """Return the cursors by their names."""
        return {name: Cursor(*place) for name, *place in self._all("SELECT name, journal, offset FROM cursors")}

    def set_cursor(self, name: str, cursor: Cursor) -> None:
        """Say how far somebody has read the journal; what is needed from there on is kept."""
        self._many(
            "INSERT OR REPLACE INTO cursors (name, journal, offset) VALUES (?, ?, ?)",
            [(name, cursor.journal, cursor.offset)],
        )

    def remove_cursor(self, name: str) -> None:
        """Keep nothing for a cursor any more."""
        self._many("DELETE FROM cursors WHERE name = ?", [(name,)])

    def meta(self, key: str) -> str | None:
        """Return a remark, None if there is none."""
        rows = self._all("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def set_meta(self, key: str, value: str) -> None:
        """Make a remark."""
        self._many("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [(key, value)])


def _marks(names: str) -> str:
    return ", ".join("?" for _ in names.split(","))


def _row(gap: Gap) -> tuple[Any, ...]:
    return (
        gap.device, gap.feed, gap.block, gap.start, gap.cause.value, gap.end, gap.rows, gap.epoch, gap.first, gap.last,
        gap.detail,
    )  # fmt: skip


def _gap(device: str, feed: str, block: str, start: int, cause: str, end: int | None, *rest: Any) -> Gap:
    rows, epoch, first, last, detail = rest
    return Gap(device, start, end, GapCause(cause), feed, block, rows, epoch, first, last, detail)
