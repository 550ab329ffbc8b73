"""Which rows an archive has taken: those on the disk, and those that the next write brings there."""

from __future__ import annotations

from ocs.model.spans import Spans
from ocs.store.archive.catalogue.catalogue import Catalogue

Key = tuple[int, int]
"""Series and epoch."""


class TakenRows:
    """The numbers of rows by series and epoch.

    Args:
        catalogue: Where those of the blocks are.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._kept: dict[Key, Spans] = {}
        self._staged: dict[Key, Spans] = {}

    def missing(self, series: int, epoch: int, first: int, last: int) -> list[tuple[int, int]]:
        """Return the spans of `first` to `last` that are not taken."""
        key = (series, epoch)
        holes = self._of(key).missing(first, last)
        staged = self._staged.get(key)
        return holes if staged is None else [span for hole in holes for span in staged.missing(*hole)]

    def stage(self, series: int, epoch: int, first: int, last: int) -> None:
        """Take note of rows that the next write brings to the disk."""
        self._staged.setdefault((series, epoch), Spans()).add(first, last)

    def keep(self) -> None:
        """Take note that the staged rows are on the disk."""
        staged, self._staged = self._staged, {}
        for key, spans in staged.items():
            kept = self._of(key)
            for first, last in spans:
                kept.add(first, last)

    def forget(self) -> None:
        """Take note that the staged rows did not get there."""
        self._staged.clear()

    def _of(self, key: Key) -> Spans:
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = self._catalogue.spans(*key)
        return kept
