from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import ocs.store
from ocs.model.datatype import DataType
from ocs.model.errors import TooLargeError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver.history import listing
from ocs.services.archiver.history.listing import list_gaps, list_series, units_by_series
from ocs.store.archive.archive import Archive
from ocs.store.archive.reading.reading import ArchiveReader
from ocs.wire.archive import encode_batch

NS = 1_000_000_000
BORN = 1_700_000_000 * NS
LEFT, RIGHT = SeriesKey("oven", "fast", "left"), SeriesKey("stage", "fast", "fast")


def rows(series: SeriesKey, **fields: str) -> Batch:
    types = {name: FieldType(DataType.FLOAT64, unit=unit) for name, unit in fields.items()}
    times = BORN + np.arange(3, dtype=np.int64) * NS
    return Batch(series, 1, 1, times, types, {name: np.zeros(3) for name in fields})


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[ArchiveReader]:
    archive = Archive(tmp_path, now=lambda: BORN / NS, on_trouble=pytest.fail)
    archive.open()
    for start, end, count in ((0, 5, 0), (10, None, 0), (20, 20, 0), (30, 30, 1)):
        stop = None if end is None else BORN + end
        archive.record_gap(Gap("oven", BORN + start, stop, GapCause.AGENT_DOWN, rows=count))
    archive.put([encode_batch(rows(LEFT, a="K", b="")), encode_batch(rows(RIGHT, x="mm"))]).result(10.0)
    with ocs.store.open(tmp_path) as opened:
        yield opened
    archive.close()


def test_series_are_listed_with_fields_times_and_rows(reader: ArchiveReader) -> None:
    assert list_series(reader, "oven") == [
        {
            "device": "oven", "feed": "fast", "block": "left",
            "fields": {"a": {"type": "float64", "unit": "K"}, "b": {"type": "float64"}},
            "first": BORN / NS, "last": BORN / NS + 2, "rows": 3,
        }
    ]  # fmt: skip


def test_the_units_of_all_fields_are_known_by_series(reader: ArchiveReader) -> None:
    assert units_by_series(reader, "*") == {LEFT: {"a": "K", "b": ""}, RIGHT: {"x": "mm"}}


def test_gaps_in_which_nothing_is_missing_are_left_out(reader: ArchiveReader) -> None:
    assert [gap["start"] - BORN for gap in list_gaps(reader, "oven", None, None)] == [0, 10, 30]


def test_gaps_are_listed_by_time(reader: ArchiveReader) -> None:
    assert [gap["start"] - BORN for gap in list_gaps(reader, "*", BORN + 6, BORN + 12)] == [10]


def test_too_long_a_list_is_refused_with_what_to_do(reader: ArchiveReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_GAPS", 2)
    monkeypatch.setattr(listing, "MOST_SERIES", 1)

    with pytest.raises(TooLargeError, match=r"there are 3 gaps, .* shorter time"):
        list_gaps(reader, "*", None, None)
    with pytest.raises(TooLargeError, match="there are 2 series"):
        list_series(reader, "*")
