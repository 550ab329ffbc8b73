"""What a damaged file of the journal has lost, and the gaps that tell it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.model.spans import Spans
from ocs.store import framed_log
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.journal.journal import JournalReader
from ocs.store.archive.journal.promises import Promised, read_promises
from ocs.store.archive.upkeep.verification import DAMAGED


@dataclass(frozen=True, slots=True)
class Loss:
    """What was lost of a file of the journal.

    Attributes:
        path: The file.
        size: How many bytes of it cannot be read.
        rows: The rows that were promised and are not there.
        known: Whether these are all; else any series may have lost rows of any time.
    """

    path: Path
    size: int = 0
    rows: Sequence[Promised] = ()
    known: bool = True

    def __bool__(self) -> bool:
        return self.size > 0

    def gaps(self, catalogue: Catalogue) -> list[Gap]:
        """Return a gap for each series that has lost rows, or may have."""
        if not self:
            return []
        series = catalogue.series()
        return [*self._of_rows(series), *(() if self.known else self._of_all(series, catalogue))]

    @property
    def _detail(self) -> str:
        name = self.path.name
        return f"{self.size} bytes of {name} cannot be read" if self.path.exists() else f"{name} is gone"

    def _of_rows(self, series: Mapping[int, SeriesKey]) -> Iterator[Gap]:
        lost: dict[tuple[int, int], list[Promised]] = defaultdict(list)
        for rows in self.rows:
            lost[rows.series, rows.epoch].append(rows)
        for (number, epoch), parts in lost.items():
            key = series.get(number)
            if key is not None:
                yield Gap(
                    key.device, min(part.since for part in parts), max(part.until for part in parts), GapCause.DAMAGED,
                    key.feed, key.block, sum(part.rows for part in parts), epoch, min(part.first for part in parts),
                    max(part.last for part in parts), self._detail,
                )  # fmt: skip

    def _of_all(self, series: Mapping[int, SeriesKey], catalogue: Catalogue) -> Iterator[Gap]:
        """Yield a gap for each series, from where its sealed rows end: nobody knows what was in the file."""
        written = self.path.stat().st_mtime_ns
        lasts = {version.series: version.since for version in reversed(catalogue.versions())}
        lasts |= {number: extent.last for number, extent in catalogue.extents().items()}
        for number, key in series.items():
            last = lasts.get(number, written)
            yield Gap(
                key.device, min(last, written), max(last, written), GapCause.DAMAGED, key.feed, key.block,
                detail=self._detail,
            )  # fmt: skip


def find_loss(path: Path, reader: JournalReader, spans: Mapping[tuple[int, int], Iterable[tuple[int, int]]]) -> Loss:
    """Return what a file of the journal has lost, to which nothing more is written.

    What was not written whole was not promised, so its sender still has it. A loss of power may leave zeros of it.

    Args:
        path: The file; it may be gone.
        reader: Has read it up to its end.
        spans: Numbers of the rows that it found, by series and epoch.

    Raises:
        OSError: The file cannot be read.
    """
    promises = read_promises(path)
    missing = max(0, promises.size - reader.position)
    rest = 0 if promises.size or not path.exists() else _rest(path, reader.position)
    found = {key: Spans(parts) for key, parts in spans.items()}
    rows = [
        each
        for each in promises.rows
        if found.get((each.series, each.epoch), Spans()).missing(each.first, each.last)
    ]  # fmt: skip
    known = not rest and (not reader.lost or promises.size >= reader.position)
    return Loss(path, reader.lost + missing + rest, rows, known)


def keep_damaged(path: Path) -> None:
    """Keep a damaged file of the journal under another name, when it is deleted."""
    with suppress(FileExistsError, FileNotFoundError):
        os.link(path, path.with_name(path.name + DAMAGED))


def _rest(path: Path, position: int) -> int:
    """Return how many bytes behind the good frames are something else than a write that never came to its end."""
    if not framed_log.check(path, position).damaged:
        return 0
    with path.open("rb") as file:
        file.seek(position)
        rest = file.read()
    return len(rest) if rest.strip(b"\0") else 0
