"""What the catalogue of an archive holds: versions of series, blocks, roll-ups, and how far readers are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ocs.model.gap import Gap
from ocs.model.series import Fields


@dataclass(frozen=True, slots=True)
class Version:
    """The fields that the rows of a series have, from some instant on.

    Attributes:
        series: Number of the series in the catalogue.
        number: From 1 in each series.
        fields: Type of each field, in order.
        since: When it was first seen, ns since 1970 UTC.
    """

    series: int
    number: int
    fields: Fields
    since: int


@dataclass(frozen=True, slots=True)
class Block:
    """A file of rows of one version of a series and one day.

    Attributes:
        series: Number of the series.
        version: Number of its version.
        path: The file, relative to the archive's folder.
        rows: How many rows it has.
        first: Time of the first, ns since 1970 UTC.
        last: Time of the last, ns.
        day: The day, UTC, as `2026-03-01`.
        size: In bytes.
        journal: Number of the journal file that it was made of; 0 if it was made of other blocks.
        id: Its number in the catalogue; 0 before it has one.
    """

    series: int
    version: int
    path: str
    rows: int
    first: int
    last: int
    day: str
    size: int
    journal: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Rollup:
    """A file of buckets of one version of a series, one level and one day; attributes as of a block.

    Attributes:
        level: Length of its buckets: `1s`, `1m` or `1h`.
    """

    series: int
    version: int
    level: str
    path: str
    rows: int
    first: int
    last: int
    day: str
    size: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Files that come and go together.

    Attributes:
        blocks: New blocks.
        rollups: New roll-ups.
        gone_blocks: Numbers of blocks that do not count any more.
        gone_rollups: Numbers of roll-ups that do not.
        gaps: What is to be told about it.
    """

    blocks: Sequence[Block] = ()
    rollups: Sequence[Rollup] = ()
    gone_blocks: Sequence[int] = ()
    gone_rollups: Sequence[int] = ()
    gaps: Sequence[Gap] = ()


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the blocks of a series reach.

    Attributes:
        first: Time of the first row, ns since 1970 UTC.
        last: Time of the last, ns.
        rows: How many there are.
        size: Of the blocks, in bytes.
    """

    first: int
    last: int
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has read the journal.

    Attributes:
        journal: Number of the journal file.
        offset: Where to go on in it, in bytes.
    """

    journal: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """Which files are asked for.

    Attributes:
        series: Numbers of series; None for all.
        first: Start of the span of time, ns; None without bound.
        last: Its end, ns, included; None without bound.
        day: A day, UTC, as `2026-03-01`; None for any.
    """

    series: Iterable[int] | None = None
    first: int | None = None
    last: int | None = None
    day: str | None = None

    def condition(self) -> tuple[str, list[Any]]:
        """Return it as a condition of SQL and its values."""
        parts: list[str] = ["1"]
        values: list[Any] = []
        if self.series is not None:
            numbers = list(self.series)
            parts.append("series IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(numbers))
        for text, value in (("last >= ?", self.first), ("first <= ?", self.last), ("day = ?", self.day)):
            if value is not None:
                parts.append(text)
                values.append(value)
        return " AND ".join(parts), values
