"""Rows that are in the journal only: where they are, found by reading what came since the last look."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from ocs.store.archive.blocks.ordering import in_order, joined
from ocs.store.archive.blocks.parquet import ROW_GROUP_ROWS
from ocs.store.archive.journal.journal import JournalReader, Rows
from ocs.store.archive.layout import Layout
from ocs.store.framed_log import HEAD


class DamageWarning(UserWarning):
    """A file of the archive is damaged; what is good was read."""


class VanishedError(Exception):
    """A file is not there any more: it was sealed, or merged with others. The catalogue knows.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


@dataclass(slots=True)
class Piece:
    """Rows of one version of a series in one file of the journal, so many that they are read at once.

    Attributes:
        file: The file.
        version: Number of their version.
        first: The earliest time, ns since 1970 UTC.
        last: The latest time, ns.
        rows: How many.
        places: Where the frames begin.
    """

    file: _File
    version: int
    first: int
    last: int
    rows: int = 0
    places: list[int] = field(default_factory=list)

    def frozen(self) -> Piece:
        """Return what is known now; the piece itself grows with each look."""
        return replace(self, places=list(self.places))

    def table(self) -> pa.Table:
        """Return the rows in the order of their time.

        Raises:
            VanishedError: The file is gone.
        """
        return in_order(joined([self.file.rows(place).table() for place in self.places]))


class _File:
    """One file of the journal, and where in it the rows of each series are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pieces: dict[int, list[Piece]] = {}
        self.size = 0
        self._reader = JournalReader(path)

    @property
    def unread(self) -> int:
        """Bytes at the end that are no whole frames."""
        return max(0, self.size - max(self._reader.position, len(HEAD)))

    def look(self) -> None:
        """Take note of what came since the last look.

        Raises:
            FileNotFoundError: The file is gone.
        """
        size = self.path.stat().st_size
        if size == self.size:
            return
        began = self._reader.position
        self._read_on()
        if size < began or (began and self._reader.position == began):
            # What was seen before is not there any more: a disk was full, and the writer took it back.
            self._forget()
            self._read_on()
        self.size = size

    def rows(self, place: int) -> Rows:
        """Return the rows whose frame begins at a place that was seen.

        Raises:
            VanishedError: The file is gone, or what was there.
        """
        reader, behind = self._reader, self._reader.position
        reader.position = place
        try:
            found = next(reader.read(), None)
        except (FileNotFoundError, KeyError):  # the file is gone, or it has to be read from its beginning again
            found = None
        finally:
            reader.position = behind
        if not isinstance(found, Rows):
            self._forget()
            raise VanishedError(self.path)
        return found

    def _forget(self) -> None:
        self.pieces = {}
        self.size = 0
        self._reader = JournalReader(self.path)

    def _read_on(self) -> None:
        place = self._reader.position
        for item in self._reader.read():
            if isinstance(item, Rows) and item.batch.num_rows:
                self._add(place, item)
            place = self._reader.position

    def _add(self, place: int, rows: Rows) -> None:
        times = rows.batch.column("time").view(pa.int64()).to_numpy()
        first, last = int(times.min()), int(times.max())
        pieces = self.pieces.setdefault(rows.form.series, [])
        piece = pieces[-1] if pieces else None
        if piece is None or piece.version != rows.form.version or piece.rows + len(times) > ROW_GROUP_ROWS:
            piece = Piece(self, rows.form.version, first, last)
            pieces.append(piece)
        piece.first, piece.last = min(piece.first, first), max(piece.last, last)
        piece.rows += len(times)
        piece.places.append(place)


class Unsealed:
    """The files of the journal that are not sealed; used from one thread at a time.

    Args:
        layout: Where they are.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._files: dict[int, _File] = {}
        self._told: set[Path] = set()

    def look(self, sealed: int) -> None:
        """Take note of what came since the last look, in the files whose numbers are higher.

        Raises:
            FileNotFoundError: A file went meanwhile: it is sealed.
        """
        numbers = [number for number in self._layout.journal_numbers() if number > sealed]
        files = {number: self._files.get(number) or _File(self._layout.journal(number)) for number in numbers}
        self._files = files
        for number in numbers:
            files[number].look()
        for number in numbers[:-1]:
            self._tell_damage(files[number])

    def pieces(self, series: int | None = None) -> Iterator[Piece]:
        """Yield the rows of a series, or of all, in the order in which they came."""
        for file in self._files.values():
            chosen = file.pieces.values() if series is None else [file.pieces.get(series, [])]
            for pieces in chosen:
                yield from pieces

    def extents(self) -> dict[int, tuple[int, int, int]]:
        """Return of each series the earliest time, the latest and the number of rows."""
        found: dict[int, tuple[int, int, int]] = {}
        for file in self._files.values():
            for series, pieces in file.pieces.items():
                for piece in pieces:
                    first, last, rows = found.get(series, (piece.first, piece.last, 0))
                    found[series] = (min(first, piece.first), max(last, piece.last), rows + piece.rows)
        return found

    def _tell_damage(self, file: _File) -> None:
        if file.unread and file.path not in self._told:
            self._told.add(file.path)
            warnings.warn(
                f"{file.path} is damaged: {file.unread} bytes at its end cannot be read", DamageWarning, stacklevel=2
            )
