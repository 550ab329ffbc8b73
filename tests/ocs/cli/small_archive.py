"""A small archive on the disk: a thermometer whose agent was away for a while, and a stage with a state."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ocs.model.datatype import DataType
from ocs.model.gap import Gap, GapCause
from ocs.model.quality import Quality
from ocs.model.series import CHANNELS_FEED, QUALITIES, Batch, FieldType, SeriesKey
from ocs.store.archive.archive import Archive
from ocs.wire.archive import encode_batch
from tests.ocs.cli.answers import SECOND, START

ROWS = 600
AWAY = (300, 420)
"""Rows that were never taken, one a second: the agent was not there."""

EPOCH = START - 10 * SECOND
GAP = Gap("thermo-1", START + AWAY[0] * SECOND, START + AWAY[1] * SECOND, GapCause.AGENT_DOWN)
DURING = ("--start", "2027-01-15T08:00", "--end", "2027-01-15T08:10")
"""The span that it covers."""

_THERMAL = {
    "temperature": FieldType(DataType.FLOAT64, unit="K"),
    "pressure": FieldType(DataType.FLOAT64, unit="hPa"),
    "row": FieldType(DataType.FLOAT64, 1),
}


def make(folder: Path) -> None:
    """Write the archive into a folder that is not there yet."""
    trouble: list[str] = []
    archive = Archive(folder, now=lambda: START / SECOND, on_trouble=trouble.append)
    archive.open()
    parts = [_thermal(0, AWAY[0], 1), _thermal(AWAY[1], ROWS, 1 + AWAY[0]), _state()]
    archive.put([encode_batch(part) for part in parts]).result(30)
    archive.record_gap(GAP)
    archive.close()
    assert not trouble


def _thermal(first: int, last: int, seq: int) -> Batch:
    seconds = np.arange(first, last)
    quality = np.where(seconds >= ROWS - 10, QUALITIES.index(Quality.ALARM), 0).astype(np.uint8)
    columns = {
        "temperature": 300 + np.sin(seconds / 60),
        "pressure": 1000.0 + seconds,
        "row": np.column_stack([seconds, seconds + 0.5]),
    }
    return Batch(
        SeriesKey("thermo-1", "thermal", "thermal"), EPOCH, seq, START + seconds * SECOND, _THERMAL, columns,
        {"temperature": quality} if quality.any() else {},
    )  # fmt: skip


def _state() -> Batch:
    times = START + np.array([0, 250, 500]) * SECOND
    words = FieldType(DataType.STATE)
    return Batch(
        SeriesKey("stage-1", CHANNELS_FEED, "State"), EPOCH, 1, times, {"State": words},
        {"State": ["OFF", "MOVING", "ON"]},
    )  # fmt: skip
