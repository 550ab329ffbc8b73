"""What became of each number on its way to the archive: an account of what was told and what was archived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import ocs.store
from ocs.model.gap import Gap, GapCause

DEVICE = "numbers-1"
CHANNELS = f"{DEVICE}.numbers.number"
ALL_TIMES: dict[str, Any] = {"start": 0, "end": 4_000_000_000}

EXACT_NS = 1000
"""Times that were seconds in between are not exact to the ns."""

STARTS = frozenset({GapCause.PROCESS_KILLED, GapCause.PROCESS_STOPPED})
LOSSES = frozenset({GapCause.SPOOL_FULL, GapCause.SPOOL_OLD, GapCause.DISK_FULL})


@dataclass(frozen=True, slots=True)
class Account:
    """Numbers by what became of them.

    Attributes:
        told: How many were published for sure.
        archived: How many of these, or of one more in each process, are in the archive.
        named: How many are missing there, and a gap says why.
        unexplained: Those that are missing without a word: epoch and number.
        duplicated: How many are there once more, by what they say or by how the archive counts.
        strange: Rows in the archive that nobody published: epoch and number.
        gaps: The gaps of the device and of its feed.
    """

    told: int
    archived: int
    named: int
    unexplained: list[tuple[int, int]]
    duplicated: int
    strange: list[tuple[int, int]]
    gaps: list[Gap]

    @property
    def balanced(self) -> bool:
        """Whether each number is there once, or a gap says why not."""
        return not self.unexplained and not self.duplicated and not self.strange

    def of(self, *causes: GapCause) -> list[Gap]:
        """Return the gaps of some causes."""
        return [gap for gap in self.gaps if gap.cause in causes]

    @property
    def summary(self) -> str:
        """All of it in one line."""
        causes = ", ".join(f"{cause.value} {len(self.of(cause))}" for cause in GapCause if self.of(cause))
        return (
            f"{self.told} told, {self.archived} archived, {self.named} in gaps ({causes or 'none'}), "
            f"{len(self.unexplained)} missing without a word, {self.duplicated} twice, {len(self.strange)} strange"
        )

    def __str__(self) -> str:
        return f"{self.summary}; missing {self.unexplained[:5]}, strange {self.strange[:5]}\n{self.gaps}"


def account(folder: Path, told: Path, causes: Iterable[GapCause] = STARTS | LOSSES) -> Account:
    """Compare the archive in a folder with what the device told a file.

    Args:
        folder: The archive's.
        told: The file.
        causes: What a gap has to be called to explain that a number is missing.
    """
    published = read_told(told)
    with ocs.store.open(folder) as reader:
        epochs, numbers = _archived(reader)
        gaps = [gap for gap in reader.gaps(DEVICE) if gap.device == DEVICE and gap.feed in {"", "numbers"}]
        counted_twice = sum(each.duplicated for each in reader.continuity(CHANNELS, **ALL_TIMES))
    explaining = [gap for gap in gaps if gap.cause in set(causes)]
    named, duplicated = 0, counted_twice
    unexplained: list[tuple[int, int]] = []
    strange: list[tuple[int, int]] = []
    for epoch in np.union1d(published[:, 0], epochs).tolist():
        rows, own = published[published[:, 0] == epoch], numbers[epochs == epoch]
        there = np.unique(own)
        duplicated += len(own) - len(there)
        missing = rows[~np.isin(rows[:, 1], there)]
        explained = _explained(epoch, missing, explaining)
        named += int(explained.sum())
        unexplained += [(epoch, number) for number in missing[~explained, 1].tolist()]
        # Whoever is killed may have published one more than it told.
        strange += [(epoch, number) for number in there[there > len(rows) + 1].tolist()]
    return Account(len(published), len(numbers), named, unexplained, duplicated, strange, gaps)


def read_told(path: Path) -> Any:
    """Return epoch, number and the times before and after publishing (ns) of each number, shape (n, 4)."""
    data = path.read_bytes() if path.exists() else b""
    return np.frombuffer(data[: len(data) // 32 * 32], dtype="<i8").reshape(-1, 4)


def _archived(reader: Any) -> tuple[Any, Any]:
    tables = [chunk.table for chunk in reader.chunks(f"{DEVICE}.numbers.run, {CHANNELS}", **ALL_TIMES)]
    columns = ([np.asarray(table[name]) for table in tables] for name in ("run", "number"))
    epochs, numbers = (np.concatenate(column).astype(np.int64) for column in columns)
    return epochs, numbers


def _explained(epoch: int, rows: Any, gaps: Iterable[Gap]) -> Any:
    """Return for each row whether a gap names it, by its number or else by its time."""
    found = np.zeros(len(rows), dtype=bool)
    for gap in gaps:
        if gap.last:
            if gap.epoch == epoch:
                found |= (rows[:, 1] >= gap.first) & (rows[:, 1] <= gap.last)
            continue
        end = rows[:, 2].max(initial=0) if gap.end is None else gap.end
        found |= (rows[:, 3] + EXACT_NS >= gap.start) & (rows[:, 2] - EXACT_NS <= end)
    return found
