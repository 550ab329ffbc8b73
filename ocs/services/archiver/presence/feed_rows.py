"""Messages of one feed as rows of the archive, numbered by the archiver."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ocs.agent.data.row_columns import Columns, Kinds
from ocs.model.errors import OcsError, ParameterError
from ocs.model.feed import FURTHEST_S
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.wire.archive import encode_batch
from ocs.wire.feeds import Samples, decode_columns, decode_message

NS = 1_000_000_000
NO_TYPES: Mapping[str, FieldType] = MappingProxyType({})


class FeedRows:
    """One feed of one device.

    Args:
        device: Name of the device.
        feed: Name of the feed.
        epoch: Start of the archiver, ns; each block is numbered from 1 by it.
    """

    def __init__(self, device: str, feed: str, epoch: int) -> None:
        self.device = device
        self.feed = feed
        self._epoch = epoch
        self._next: dict[str, int] = {}
        self._kinds: dict[str, Kinds] = {}
        self._number: tuple[int, int] | None = None
        self._last = 0

    def parts(self, message: Any) -> tuple[list[dict[str, Any]], int]:
        """Return a message as parts of a put, and how many rows they have.

        One that is no message of a recorded feed becomes a part that the archive refuses, so that it lies in its
        quarantine.
        """
        try:
            batches = [batch for samples in _samples(message) for batch in self._batches(samples)]
            parts = [encode_batch(batch) for batch in batches]
        except (OcsError, LookupError, TypeError, ValueError, OverflowError, AttributeError) as error:
            told = f"{type(error).__name__}: {error}"
            return [{"device": self.device, "feed": self.feed, "message": message, "problem": told}], 0
        if batches:
            self._last = max([self._last, *(int(batch.times[-1]) for batch in batches)])
        return parts, sum(map(len, batches))

    def hole_before(self, message: Any, info: Mapping[str, Any]) -> Gap | None:
        """Return the gap between a message and the one before it, where their numbers tell that some are missing."""
        epoch, number = info.get("epoch"), info.get("seq")
        if not isinstance(epoch, int) or not isinstance(number, int):
            return None
        before, self._number = self._number, (epoch, number)
        start, end = self._last, first_time(message)
        if before is None or before[0] != epoch or number <= before[1] + 1 or end is None or not 0 < start <= end:
            return None
        missing = number - before[1] - 1
        told = f"{missing} message{'s' if missing > 1 else ''}"
        return Gap(self.device, start, end, GapCause.MISSED, self.feed, detail=told)

    def _batches(self, samples: Samples) -> list[Batch]:
        times = np.asarray(samples.timestamps, dtype=np.float64)
        if times.ndim != 1 or not (np.abs(times) < FURTHEST_S).all():
            raise ParameterError("the time stamps are no POSIX seconds")
        if not len(times):
            return []
        for name, column in samples.data.items():
            if len(column) != len(times):
                raise ParameterError(f"field {name} has {len(column)} values for {len(times)} time stamps")
        series = SeriesKey(self.device, self.feed, str(samples.block))
        kinds = self._kinds.setdefault(series.block, Kinds(lambda: NO_TYPES))
        columns = {str(name): column for name, column in samples.data.items()}
        batches = []
        for chunk in Columns(times, columns).chunks(kinds):
            seq = self._next.get(series.block, 1)
            self._next[series.block] = seq + len(chunk.times)
            batches.append(Batch(series, self._epoch, seq, chunk.times, chunk.fields, chunk.columns, chunk.quality))
        return batches


def _samples(message: Any) -> list[Samples]:
    if isinstance(message, Mapping) and "block_name" in message:
        return [decode_columns(message)]
    samples = decode_message(message)
    if not samples:
        raise ParameterError("this is no message of a recorded feed")
    return samples


def first_time(message: Any) -> int | None:
    """Return the earliest first time stamp of a message's blocks, ns since 1970 UTC; None when it has none."""
    try:
        moments = [float(samples.timestamps[0]) for samples in _samples(message) if len(samples.timestamps)]
    except (OcsError, LookupError, TypeError, ValueError):
        return None
    known = [moment for moment in moments if abs(moment) < FURTHEST_S]
    return round(min(known) * NS) if known else None
