"""Parts of puts as agents send them, and an archive that answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

import ocs.store
from ocs.model.series import Batch, Fields, SeriesKey
from ocs.store.archive.archive import Archive, ArchiveOptions
from ocs.store.archive.intake.taking import Select
from ocs.wire.archive import encode_batch
from tests.ocs.store.archive.filling import DAY, DEADLINE_S, SECOND, START, THERMO, X

NOW_S = (START + 2 * DAY) / SECOND
NEVER = ArchiveOptions(seal_s=100_000.0, seal_bytes=10**12)
ALL = (START - 1000 * DAY, START + 1000 * DAY)


def batch_of(
    first: int, last: int, series: SeriesKey = THERMO, epoch: int = 1, fields: Fields = X,
    columns: Mapping[str, Any] | None = None,
) -> Batch:  # fmt: skip
    """Return rows numbered `first` to `last`, a second after each other; `x` is the number."""
    numbers = np.arange(first, last + 1, dtype=np.int64)
    told = {"x": numbers.astype(np.float64)} if columns is None else columns
    return Batch(series, epoch, first, START + numbers * SECOND, fields, told)


def part_of(first: int, last: int, **given: Any) -> dict[str, Any]:
    """Return the same as a part of a put."""
    return encode_batch(batch_of(first, last, **given))


class Putting:
    """An archive, open as a context, that seals only when it is told to.

    Args:
        folder: Where it is.
        select: The policy.
        options: When it seals.
    """

    def __init__(self, folder: Path, select: Select | None = None, options: ArchiveOptions = NEVER) -> None:
        self.folder = folder
        self.troubles: list[str] = []
        self.archive = Archive(
            folder, now=lambda: NOW_S, on_trouble=self.troubles.append, options=options, select=select
        )

    def __enter__(self) -> Self:
        self.archive.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.archive.close()

    def put(self, *parts: Any) -> dict[str, Any]:
        """Put parts and return the answer."""
        return self.archive.put(list(parts)).result(DEADLINE_S)


def answer(stored: int = 0, known: int = 0, skipped: int = 0, refused: Sequence[Any] = ()) -> dict[str, Any]:
    """Return an answer as it should be."""
    return {"stored": stored, "known": known, "skipped": skipped, "refused": list(refused)}


def numbers_in(folder: Path, channel: str = "*", field: str = "thermo-1.x") -> list[Any]:
    """Return the values of a channel, in the order of their time."""
    with ocs.store.open(folder) as reader:
        found: list[Any] = reader.history(channel, *ALL).to_arrow()[field].to_pylist()
        return found
