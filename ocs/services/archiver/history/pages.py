"""Answers of the archive to one request, cut into pages of a bounded size."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ocs.model.errors import OutOfRangeError, ParameterError
from ocs.model.name_pattern import Pattern
from ocs.model.series import SeriesKey
from ocs.model.time_span import read_span
from ocs.store.archive.reading.reading import ArchiveReader
from ocs.wire.archive import encode_gap

PAGE_BYTES = 800_000
PIECE_BYTES = 300_000
PAGE_S = 2.0
"""After so many seconds a page goes out with what it has."""

MOST_GAPS = 1000
"""So many gaps go with a page; more follow with the next ones."""

GAP_BYTES = 300
MOST_POINTS = 10_000_000

Page = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to see.

    Attributes:
        channels: Names and patterns.
        start: ns since 1970, UTC.
        end: ns, no part of it.
        max_points: Points of each series at most; None for every row.
    """

    channels: tuple[str, ...]
    start: int
    end: int
    max_points: int | None = None


def read_request(channels: Any, start: Any, end: Any, max_points: Any, now: int) -> Request:
    """Return a request in the words of a caller.

    Args:
        channels: A pattern or several.
        start: Any moment, see `read_time`; ns since 1970 too. An hour ago, if left out.
        end: The same; now, if left out.
        max_points: A whole number, or None.
        now: ns since 1970, UTC.

    Raises:
        ParameterError: Something is missing or of the wrong type; the sentence says what.
    """
    if not isinstance(max_points, int | None) or isinstance(max_points, bool):
        raise ParameterError(f"max_points is {max_points!r}; it is a whole number", field="max_points")
    if max_points is not None and not 1 <= max_points <= MOST_POINTS:
        raise OutOfRangeError(
            f"max_points is {max_points}; it must be 1 to {MOST_POINTS}", field="max_points", given=max_points
        )
    first, last = read_span("-1h" if start is None else start, "now" if end is None else end, now)
    return Request(tuple(word.text for word in Pattern(channels).words), first, last, max_points)


def make_pages(reader: ArchiveReader, request: Request) -> Generator[Page]:
    """Yield the pages of an answer: `chunks`, `gaps`, `fraction`, and `more` for whether another one follows.

    Raises:
        NotFoundError: Something that was asked for was never archived.
    """
    start, end = np.datetime64(request.start, "ns"), np.datetime64(request.end, "ns")
    chunks = reader.chunks(request.channels, start, end, max_points=request.max_points)
    gaps = [encode_gap(gap) for gap in reader.gaps(request.channels, start, end)]
    page = _Page(gaps)
    for chunk in chunks:
        for piece in chunk.split(PIECE_BYTES):
            data = piece.to_bytes()
            if not page.takes(len(data)):
                yield page.told(more=True)
                page = _Page(gaps)
            page.add(piece.series, data, piece.fraction)
    while gaps:
        yield page.told(more=True)
        page = _Page(gaps)
    page.fraction = 1.0
    yield page.told(more=False)


class _Page:
    """One answer while it fills.

    Args:
        gaps: The gaps that are still to be told; as many as have room are taken out.
    """

    def __init__(self, gaps: list[dict[str, Any]]) -> None:
        self.gaps, gaps[:] = gaps[:MOST_GAPS], gaps[MOST_GAPS:]
        self.chunks: list[dict[str, Any]] = []
        self.fraction = 0.0
        self._left = PAGE_BYTES - GAP_BYTES * len(self.gaps)
        self._began = time.monotonic()

    def takes(self, size: int) -> bool:
        """Whether so many bytes have room; the first ones always have."""
        return not self.chunks or (size <= self._left and time.monotonic() - self._began < PAGE_S)

    def add(self, series: SeriesKey, data: bytes, fraction: float) -> None:
        """Add some rows of a series."""
        self.chunks.append({"device": series.device, "feed": series.feed, "block": series.block, "data": data})
        self.fraction = fraction
        self._left -= len(data)

    def told(self, *, more: bool) -> Page:
        """Return it as a map."""
        return {"chunks": self.chunks, "gaps": self.gaps, "fraction": self.fraction, "more": more}
