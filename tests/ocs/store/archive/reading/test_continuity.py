"""Whether rows are missing: counted by their numbers, in blocks and in the journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import ocs.store
from ocs.model.datatype import DataType
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.archive.archive import Archive
from ocs.wire.archive import encode_batch

KEY = SeriesKey("thermo-1", "thermal", "thermal")
START = 1_790_000_000_000_000_000
SECOND = 1_000_000_000


def batch(first: int, last: int, epoch: int = 1) -> dict[str, object]:
    numbers = np.arange(first, last + 1)
    fields = {"x": FieldType(DataType.FLOAT64)}
    return encode_batch(Batch(KEY, epoch, first, START + numbers * SECOND, fields, {"x": numbers.astype(float)}))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(tmp_path / "archive", now=lambda: START / SECOND, on_trouble=lambda _: None)
    made.open()
    yield made
    made.close()


def test_rows_are_counted_in_blocks_and_journal_by_epoch(archive: Archive, tmp_path: Path) -> None:
    archive.put([batch(1, 10), batch(14, 20)]).result(10)
    archive.seal()
    archive.put([batch(15, 30), batch(1, 5, epoch=2)]).result(10)

    with ocs.store.open(tmp_path / "archive") as reader:
        found = reader.continuity("thermo-1", START / SECOND, START / SECOND + 100)

    told = [(each.epoch, each.rows, each.first, each.last, each.missing, each.duplicated) for each in found]
    assert told == [(1, 27, 1, 30, 3, 0), (2, 5, 1, 5, 0, 0)]


def test_only_the_span_counts(archive: Archive, tmp_path: Path) -> None:
    archive.put([batch(1, 100)]).result(10)

    with ocs.store.open(tmp_path / "archive") as reader:
        (found,) = reader.continuity("thermo-1.x", START / SECOND + 10, START / SECOND + 20)
        nothing = reader.continuity("thermo-1.x", START / SECOND + 1000, START / SECOND + 2000)

    assert (found.first, found.last, found.missing) == (10, 19, 0)
    assert nothing == []
