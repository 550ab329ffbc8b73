"""Taking parts of puts into the journal: decoded, each row once, as the policy says, in a version of their series."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ocs.model.errors import OcsError, ParameterError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, SeriesKey
from ocs.model.spans import Spans
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.intake.quarantine import Quarantine
from ocs.store.archive.intake.schemas import Versions
from ocs.store.archive.intake.taken import TakenRows
from ocs.store.archive.journal.journal import JournalWriter
from ocs.wire.archive import decode_batch, decode_gap

SMALL_ROWS = 2000
"""Batches of fewer rows that continue each other are written as one."""

INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Selected:
    """The rows of a batch that stay.

    Attributes:
        batch: Their columns; its `seq` is that of the whole batch.
        numbers: Number of each row, int64.
    """

    batch: Batch
    numbers: Any


Select = Callable[[Batch], Selected | None]


@dataclass(slots=True)
class PutAnswer:
    """What became of a put: rows stored, known before, left out by policy; and the parts that were refused."""

    stored: int = 0
    known: int = 0
    skipped: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def encode(self) -> dict[str, Any]:
        """Return it as a map."""
        return {"stored": self.stored, "known": self.known, "skipped": self.skipped, "refused": self.refused}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows that wait to be written, and whose put they came with."""

    series: int
    version: int
    batch: Batch
    numbers: Any
    last: int
    answer: PutAnswer
    index: int
    part: Any

    def continued_by(self, other: _Piece) -> bool:
        """Whether the other piece's rows follow its own, in the same form."""
        mine, its = self.batch, other.batch
        return (
            self.numbers is None
            and other.numbers is None
            and (self.series, self.version, mine.epoch) == (other.series, other.version, its.epoch)
            and self.last + 1 == its.seq
            and mine.quality.keys() == its.quality.keys()
        )


class Taking:
    """Takes parts; what it took is in the journal and counts after `finish` and the journal's `flush`.

    Args:
        catalogue: The archive's.
        quarantine: Where refused parts go.
        select: The policy; None keeps everything.
    """

    def __init__(self, catalogue: Catalogue, quarantine: Quarantine, select: Select | None) -> None:
        self.taken = TakenRows(catalogue)
        self.gaps: list[Gap] = []
        self._versions = Versions(catalogue)
        self._quarantine = quarantine
        self._select = select
        self._pieces: dict[int, list[_Piece]] = {}
        self._left_out: dict[tuple[int, SeriesKey, int], Spans] = {}

    def take(self, parts: Sequence[Any]) -> PutAnswer:
        """Take the parts of one put; those that cannot be taken are refused and hurt no other."""
        answer = PutAnswer()
        for index, part in enumerate(parts):
            try:
                self._take(part, index, answer)
            except (OSError, sqlite3.Error):
                raise
            except Exception as error:  # noqa: BLE001 - whatever anybody sends, it must not stop the others
                self._refuse(part, index, answer, error)
        return answer

    def finish(self, journal: JournalWriter) -> None:
        """Hand what was taken over to the journal, and have series, versions and refused parts on the disk.

        Raises:
            OSError: The disk refuses.
            sqlite3.Error: The catalogue refuses.
        """
        for rows, spans in self._left_out.items():
            for first, last in spans:
                journal.leave_out(*rows, first, last)
        for pieces in self._pieces.values():
            for group in _groups(pieces):
                self._write(journal, group)
        self._quarantine.flush()
        self._versions.write()
        self._forget()

    def keep(self) -> None:
        """Take note that what was taken is on the disk."""
        self.taken.keep()
        self.gaps.clear()

    def forget(self) -> None:
        """Take note that it did not get there."""
        self.taken.forget()
        self.gaps.clear()
        self._quarantine.forget()
        self._versions.forget()
        self._forget()

    def _forget(self) -> None:
        self._pieces.clear()
        self._left_out.clear()

    def _take(self, part: Any, index: int, answer: PutAnswer) -> None:
        if not isinstance(part, Mapping):
            raise ParameterError(f"a part of a put is a map, not {type(part).__name__}")
        if "gap" in part:
            self.gaps.append(decode_gap(part["gap"]))
            return
        batch = decode_batch(part)
        series = self._versions.number(batch.series)
        holes = self.taken.missing(series, batch.epoch, batch.seq, batch.last)
        answer.known += len(batch) - sum(last - first + 1 for first, last in holes)
        for first, last in holes:
            piece = batch if (first, last) == (batch.seq, batch.last) else batch.part(first, last)
            self._piece(series, piece, answer, index, part)
            self.taken.stage(series, batch.epoch, first, last)

    def _piece(self, series: int, batch: Batch, answer: PutAnswer, index: int, part: Any) -> None:
        numbers, kept, rows = None, batch, len(batch)
        if self._select is not None:
            selected = self._select(batch)
            if selected is None:
                answer.skipped += rows
                rows_of = (series, batch.series, batch.epoch)
                self._left_out.setdefault(rows_of, Spans()).add(batch.seq, batch.last)
                return
            kept = selected.batch
            numbers = None if len(kept) == rows else selected.numbers
            answer.skipped += rows - len(kept)
        version, fitted = self._versions.fitting(kept)
        answer.stored += len(fitted)
        piece = _Piece(series, version.number, fitted, numbers, batch.last, answer, index, part)
        self._pieces.setdefault(series, []).append(piece)

    def _write(self, journal: JournalWriter, group: list[_Piece]) -> None:
        first = group[0]
        try:
            batch = first.batch if len(group) == 1 else _merged([piece.batch for piece in group])
            journal.add(first.series, first.version, batch, first.numbers, group[-1].last)
        except Exception as error:  # noqa: BLE001 - a value that nobody thought of must not stop the others
            if len(group) > 1:
                for piece in group:
                    self._write(journal, [piece])
                return
            first.answer.stored -= len(first.batch)
            self._refuse(first.part, first.index, first.answer, error)

    def _refuse(self, part: Any, index: int, answer: PutAnswer, error: Exception) -> None:
        code, message = INTERNAL, f"the part is malformed ({type(error).__name__}: {error})"
        if isinstance(error, OcsError):
            code, message = error.code.value, error.message
        self._quarantine.put(part, code, message)
        answer.refused.append({"index": index, "code": code, "message": message})
        gap = _gap_of(part, message)
        if gap is not None:
            self.gaps.append(gap)


def _groups(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    groups: list[list[_Piece]] = []
    for piece in pieces:
        last = groups[-1] if groups else None
        small = len(piece.batch) < SMALL_ROWS
        if last is not None and small and len(last[-1].batch) < SMALL_ROWS and last[-1].continued_by(piece):
            last.append(piece)
        else:
            groups.append([piece])
    return groups


def _merged(batches: Sequence[Batch]) -> Batch:
    first = batches[0]
    return replace(
        first,
        times=np.concatenate([batch.times for batch in batches]),
        columns={name: _joined([batch.columns[name] for batch in batches], name) for name in first.columns},
        quality={name: np.concatenate([batch.quality[name] for batch in batches]) for name in first.quality},
    )


def _joined(columns: Sequence[Any], name: str) -> Any:
    if all(isinstance(column, np.ndarray) for column in columns):
        if len({column.shape[1:] for column in columns}) != 1:
            raise ParameterError(f"the arrays of {name} differ in shape")  # each is written by itself then
        return np.concatenate(columns)
    if any(isinstance(column, np.ndarray) for column in columns):
        raise ParameterError(f"the columns of {name} differ in form")
    return [value for column in columns for value in column]


def _gap_of(part: Any, why: str) -> Gap | None:
    try:
        batch = decode_batch(part)
    except Exception:  # noqa: BLE001 - what it is nobody knows
        return None
    key, times = batch.series, batch.times
    return Gap(
        key.device, int(times.min()), int(times.max()), GapCause.REFUSED, key.feed, key.block, len(batch), batch.epoch,
        batch.seq, batch.last, why,
    )  # fmt: skip
