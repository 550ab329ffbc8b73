"""Follows what the archive takes, as it takes it, from a place that outlives the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from ocs.model.errors import VersionError
from ocs.model.series import Batch
from ocs.store.archive.catalogue.catalogue import Catalogue, Cursor
from ocs.store.archive.journal.columns import QUALITY
from ocs.store.archive.journal.journal import JournalReader, Rows
from ocs.store.archive.layout import Layout
from ocs.store.archive.naming import column_of

SAVED_ROWS = 50_000
"""The place is saved after so many rows, and when nothing waits: a saving is an fsync."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What waits.

    Attributes:
        batches: Rows, in the order in which the archive took them. Their number is that of the first row, others may
            be missing; a record is its JSON text.
        rows: How many there are.
        end: The place behind them.
    """

    batches: Sequence[Batch]
    rows: int
    end: Cursor


class Follower:
    """Reads an archive's journal on from a cursor in its catalogue, which has the archive keep what was not read.

    It belongs to one thread. Without a cursor of its name it begins at the oldest journal file that there is.

    Args:
        folder: The archive's folder.
        name: Of the cursor.

    Raises:
        OcsError: The catalogue cannot be used.
        OSError: The disk refuses.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._layout = Layout(folder)
        self._name = name
        self._catalogue = Catalogue(self._layout.catalogue)
        found = self._catalogue.cursors().get(name)
        self._place = found or Cursor(0)
        self._saved = found
        self._unsaved_rows = 0
        self._taken: Taken | None = None
        self._read_again = False
        self._open(self._place)
        self._save()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def take(self, rows: int) -> Taken:
        """Return what follows, the same again until it is acknowledged.

        Args:
            rows: About so many; a batch is never divided.

        Raises:
            VersionError: A newer OCS wrote the file.
            OSError: The disk refuses.
        """
        if self._taken is None:
            try:
                self._taken = self._read(rows)
            except KeyError:  # a full disk had the writer take back what was read, and write something else there
                self._open(self._place)
                self._taken = self._read(rows)
            except (OSError, VersionError):  # what was read before it is read again
                self._open(self._place)
                raise
        return self._taken

    def acknowledge(self) -> None:
        """Go on behind what was taken.

        Raises:
            sqlite3.Error: The place cannot be saved now; this follower goes on behind it all the same.
        """
        if self._taken is None:
            return
        self._place, self._unsaved_rows = self._taken.end, self._unsaved_rows + self._taken.rows
        idle, self._taken = not self._taken.rows, None
        if idle or self._unsaved_rows >= SAVED_ROWS:
            self._save()

    def close(self) -> None:
        """Save the place and close the catalogue."""
        try:
            self._save()
        finally:
            self._catalogue.close()

    def _save(self) -> None:
        if self._place != self._saved:
            self._catalogue.set_cursor(self._name, self._place)
            self._saved = self._place
        self._unsaved_rows = 0

    def _open(self, place: Cursor, *, closed: bool = False) -> None:
        self._journal, self._passed = place.journal, place.offset
        self._reader = JournalReader(self._layout.journal(place.journal), closed=closed)

    def _read(self, rows: int) -> Taken:
        while True:
            # a file that is followed by another is complete; so the look for another comes first
            following = [number for number in self._layout.journal_numbers() if number > self._journal]
            batches, count = self._read_on(rows)
            if batches or not following:
                return Taken(batches, count, self._reached())
            if self._goes_on():
                self._open(Cursor(self._journal, self._reader.position), closed=True)
            else:
                self._open(Cursor(following[0]))
                self._read_again = False

    def _reached(self) -> Cursor:
        place = Cursor(self._journal, self._reader.position)
        return max(place, self._place, key=lambda cursor: (cursor.journal, cursor.offset))

    def _goes_on(self) -> bool:
        """Whether a complete file goes on where no frame begins, once.

        Behind a damaged frame there may be good ones. And a write that a full disk breaks off is taken back; what
        follows then lies elsewhere than what was read of it.
        """
        try:
            size = self._layout.journal(self._journal).stat().st_size
        except FileNotFoundError:
            return False
        again, self._read_again = size > self._reader.position and not self._read_again, True
        return again

    def _read_on(self, rows: int) -> tuple[list[Batch], int]:
        batches: list[Batch] = []
        count = 0
        try:
            for item in self._reader.read():
                if isinstance(item, Rows) and item.batch.num_rows and item.end > self._passed:
                    batches.append(_batch(item))
                    count += item.batch.num_rows
                if count >= rows:
                    break
        except FileNotFoundError:  # there is none yet, or it was sealed and deleted
            pass
        return batches, count


def forget(folder: Path, name: str) -> None:
    """Remove the cursor of a follower that will not come again; the archive keeps nothing for it any more.

    Raises:
        OcsError: The catalogue cannot be used.
        OSError: The disk refuses.
    """
    with Catalogue(Layout(folder).catalogue) as catalogue:
        catalogue.remove_cursor(name)


def _batch(rows: Rows) -> Batch:
    form, columns = rows.form, rows.batch
    return Batch(
        form.key, rows.epoch, rows.first, columns.column("time").cast(pa.int64()).to_numpy(), form.fields,
        {name: _plain(columns.column(column_of(name))) for name in form.fields},
        {name: _plain(columns.column(f"{column_of(name)}{QUALITY}")) for name in form.qualities},
    )  # fmt: skip


def _plain(column: pa.Array) -> Any:
    kind = column.type
    if column.null_count or pa.types.is_string(kind) or pa.types.is_binary(kind):
        return column.to_pylist()
    return column.to_numpy(zero_copy_only=False)
