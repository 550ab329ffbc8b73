"""What the archive has, as lists that fit into one answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from ocs.model.errors import TooLargeError
from ocs.model.series import SeriesKey
from ocs.store.archive.reading.reading import ArchiveReader
from ocs.wire.archive import encode_field, encode_gap

MOST_GAPS = 3000
MOST_SERIES = 3000


def list_series(reader: ArchiveReader, pattern: str) -> list[dict[str, Any]]:
    """Return the series of which fields are meant: where they are from, their newest fields, times in POSIX s.

    Args:
        reader: A reader of the archive.
        pattern: Names and patterns of fields.

    Raises:
        TooLargeError: There are too many.
    """
    found = reader.series(pattern)
    _check_count(len(found), MOST_SERIES, "series")
    return [
        {
            "device": info.key.device,
            "feed": info.key.feed,
            "block": info.key.block,
            "fields": {name: encode_field(kind) for name, kind in info.fields.items()},
            "first": info.first / 1e9,
            "last": info.last / 1e9,
            "rows": info.rows,
        }
        for info in found
    ]


def list_gaps(reader: ArchiveReader, pattern: str, start: int | None, end: int | None) -> list[dict[str, Any]]:
    """Return the gaps that touch a span of time (ns since 1970 UTC), as they go over the wire.

    Raises:
        TooLargeError: There are too many.
    """
    span = (None if each is None else np.datetime64(each, "ns") for each in (start, end))
    found = reader.gaps(pattern, *span)
    _check_count(len(found), MOST_GAPS, "gaps")
    return [encode_gap(gap) for gap in found]


def list_continuity(reader: ArchiveReader, pattern: str, start: Any, end: Any) -> list[dict[str, Any]]:
    """Return how complete the rows of each series and epoch are in a span; errors as of `ArchiveReader.history`."""
    return [
        {
            "device": found.series.device,
            "feed": found.series.feed,
            "block": found.series.block,
            "epoch": found.epoch,
            "rows": found.rows,
            "first": found.first,
            "last": found.last,
            "missing": found.missing,
            "duplicated": found.duplicated,
        }
        for found in reader.continuity(pattern, start, end)
    ]


def units_by_series(reader: ArchiveReader, pattern: str) -> dict[SeriesKey, dict[str, str]]:
    """Return the unit of each field of each series."""
    return {info.key: {name: kind.unit for name, kind in info.fields.items()} for info in reader.series(pattern)}


def _check_count(count: int, most: int, what: str) -> None:
    if count > most:
        raise TooLargeError(
            f"there are {count} {what}, an answer has {most} at most; ask for fewer devices or a shorter time",
            field="pattern", given=count, limit=most,
        )  # fmt: skip
