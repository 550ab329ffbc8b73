"""Answers of the archive, as the commands get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ocs.model.gap import Gap
from ocs.model.quality import Quality
from ocs.model.series import QUALITIES, SeriesKey
from ocs.store.archive.reading.history import STAMP, History, Part
from ocs.store.archive.reading.widening import WORDS

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
"""2027-01-15 08:00:00 UTC."""


def part(
    device: str,
    feed: str,
    times: Sequence[float] | np.ndarray[Any, Any],
    columns: Mapping[str, Any],
    units: Mapping[str, str] | None = None,
    quality: Mapping[str, Sequence[str]] | None = None,
    *,
    told: Mapping[str, Mapping[str, str]] | None = None,
) -> Part:
    """Return rows of a series.

    Args:
        device: Name of the device.
        feed: Name of the feed.
        times: Seconds after START.
        columns: The values by field, and of decimated ones `<field>:min`, `:max`, `:count`.
        units: Units by field.
        quality: Words by field.
        told: What else the archive says of a field: `dtype`, `labels`.
    """
    known = units or {}
    more = told or {}
    stamps = [START + round(time * SECOND) for time in times]
    fields, arrays = [pa.field("time", STAMP)], [pa.array(stamps, STAMP)]
    for name, values in columns.items():
        array = pa.array(values)
        unit = known.get(name.partition(":")[0], "")
        metadata = {**({"unit": unit} if unit else {}), **more.get(name, {})}
        fields.append(pa.field(name, array.type, metadata=metadata or None))
        arrays.append(array)
    for name, words in (quality or {}).items():
        places = np.array([QUALITIES.index(Quality[word]) for word in words], dtype=np.int8)
        array = pa.DictionaryArray.from_arrays(places, WORDS)
        fields.append(pa.field(f"{name}:quality", array.type))
        arrays.append(array)
    return Part(SeriesKey(device, feed, feed), pa.Table.from_arrays(arrays, schema=pa.schema(fields)))


def answer(*parts: Part, gaps: Sequence[Gap] = (), seconds: float = 60.0) -> History:
    """Return an answer for the span of so many seconds from START on."""
    return History(parts, gaps, START, START + round(seconds * SECOND))
