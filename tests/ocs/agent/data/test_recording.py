"""What devices record, from their threads into the spool: numbered without a hole, and every loss told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.agent.data.recording import (
    BATCH_BYTES,
    LARGEST_ENTRY_BYTES,
    LARGEST_ROW_BYTES,
    LONGEST_QUEUE_BYTES,
    NS,
    Recorder,
    SeriesRecorder,
)
from ocs.agent.data.row_columns import nanoseconds
from ocs.model.datatype import DataType
from ocs.model.gap import Gap, GapCause
from ocs.model.quality import Quality
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.store.spool.spool import Spool, SpoolLimits
from ocs.wire.archive import decode_batch, decode_gap

KEY = SeriesKey("thermo-1", "temperatures", "temperatures")
EPOCH = 1_795_000_000_000_000_000
WAIT_S = 10.0


class Desk:
    """A recorder on a spool of its own, and what was put into it."""

    def __init__(self, folder: Path) -> None:
        self.troubles: list[str] = []
        self.commits = threading.Semaphore(0)
        self.spool = Spool(folder, SpoolLimits(), now=lambda: 1.8e9, on_trouble=self.troubles.append)
        self.spool.open()
        self.recorder = Recorder(self.spool, EPOCH, self.troubles.append, self.commits.release)

    def series(self, key: SeriesKey = KEY, **types: FieldType) -> SeriesRecorder:
        return self.recorder.series(key, lambda: types)

    def taken(self) -> list[Any]:
        found: list[Any] = []
        while (taken := self.spool.take(10_000_000)) is not None:
            found += [msgpack.unpackb(body) for body in taken.bodies]
            self.spool.acknowledge(taken.tickets)
        return found

    def batches(self) -> list[Batch]:
        return [decode_batch(part) for part in self.taken() if "columns" in part]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "spool")
    yield made
    made.recorder.close()
    made.spool.close()


def test_rows_come_out_as_they_went_in_numbered_from_one(desk: Desk) -> None:
    series = desk.series(x=FieldType(DataType.FLOAT64, unit="K"))
    for number in range(5):
        series.add(
            1e9 + number, ("x", "text"), (float(number), f"t{number}"), {"x": Quality.ALARM} if number == 3 else {}
        )

    desk.recorder.commit()

    (batch,) = desk.batches()
    assert (batch.series, batch.epoch, batch.seq, len(batch)) == (KEY, EPOCH, 1, 5)
    assert batch.fields == {"x": FieldType(DataType.FLOAT64, unit="K"), "text": FieldType(DataType.STR)}
    assert batch.columns["x"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert batch.columns["text"] == ["t0", "t1", "t2", "t3", "t4"]
    assert batch.times.tolist() == [int(1e18) + number * 10**9 for number in range(5)]
    assert batch.quality["x"].tolist() == [0, 0, 0, 3, 0]


@given(groups=st.lists(st.lists(st.sampled_from(["row", "columns"]), max_size=6), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_numbers_have_no_hole_whatever_comes_between_two_commits(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[str]]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("spool"))
    series, offered = desk.series(), 0
    for group in groups:
        for kind in group:
            rows = 1 if kind == "row" else 3
            values = np.arange(offered, offered + rows, dtype=float)
            if kind == "row":
                series.add(1e9 + offered, ("x",), (float(offered),))
            else:
                series.add_columns(1e9 + values, {"x": values})
            offered += rows
        desk.recorder.commit()

    batches = desk.batches()
    desk.spool.close()

    assert [number for batch in batches for number in range(batch.seq, batch.last + 1)] == list(range(1, offered + 1))
    assert [value for batch in batches for value in batch.columns["x"].tolist()] == list(range(offered))


def test_a_large_block_becomes_several_batches(desk: Desk) -> None:
    rows = 4 * BATCH_BYTES // 16
    desk.series().add_columns(np.arange(rows, dtype=float), {"x": np.arange(rows, dtype=float)})

    desk.recorder.commit()

    batches = desk.batches()
    assert len(batches) >= 4
    assert np.concatenate([batch.columns["x"] for batch in batches]).tolist() == list(range(rows))


def test_no_columns_make_no_batch(desk: Desk) -> None:
    desk.series().add_columns([], {"x": []})

    desk.recorder.commit()

    assert desk.taken() == []


def test_the_thread_commits_by_itself_and_tells_so(desk: Desk) -> None:
    desk.recorder.start()

    desk.series().add(1e9, ("x",), (1.0,))

    assert desk.commits.acquire(timeout=WAIT_S)
    assert len(desk.batches()) == 1


def test_rows_of_many_threads_are_all_there(desk: Desk) -> None:
    desk.recorder.start()
    series = desk.series()

    def pour(first: int) -> None:
        for number in range(first, first + 500):
            series.add(1e9, ("x",), (number,))

    threads = [threading.Thread(target=pour, args=(1000 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.recorder.close()

    values = sorted(value for batch in desk.batches() for value in batch.columns["x"].tolist())
    assert values == sorted(1000 * thread + number for thread in range(4) for number in range(500))


def test_a_row_that_comes_while_others_are_committed_is_not_said_to_be_committed(tmp_path: Path) -> None:
    seconds = iter(range(100, 200))
    troubles: list[str] = []
    spool = Spool(tmp_path, SpoolLimits(), now=lambda: float(next(seconds)), on_trouble=troubles.append)
    spool.open()
    recorder = Recorder(spool, EPOCH, troubles.append, lambda: None)
    late: list[int] = []

    def types() -> dict[str, FieldType]:  # asked while the first row is taken
        if not late:
            late.append(next(seconds))
            recorder.series(SeriesKey("other", "feed", "feed"), dict).add(float(late[0]), ("x",), (1.0,))
        return {}

    recorder.series(KEY, types).add(99.0, ("x",), (1.0,))
    recorder.commit()

    found = Spool(tmp_path, SpoolLimits(), now=lambda: 300.0, on_trouble=troubles.append).open()
    assert found.backlog_rows == 1
    assert found.last_commit is not None
    assert found.last_commit <= late[0] * 10**9


def test_a_gap_is_an_entry_of_its_own(desk: Desk) -> None:
    gap = Gap("thermo-1", 1, 2, GapCause.PROCESS_KILLED)

    desk.recorder.gap(gap)
    desk.recorder.commit()

    assert [decode_gap(part["gap"]) for part in desk.taken()] == [gap]


def test_what_does_not_fit_into_memory_is_lost_with_a_gap_that_counts_it(desk: Desk) -> None:
    series = desk.series()
    large = np.zeros(LONGEST_QUEUE_BYTES // 8)

    series.add_columns(np.array([5.0]), {"x": np.zeros(1)})
    series.add_columns(large, {"x": large})
    series.add(7.0, ("x",), (1.0,))
    desk.recorder.commit()

    parts = desk.taken()
    (gap,) = [decode_gap(part["gap"]) for part in parts if "gap" in part]
    assert (gap.cause, gap.rows, gap.feed) == (GapCause.MISSED, len(large), "temperatures")
    assert desk.recorder.lost_rows == len(large)
    assert any("rows are lost" in trouble for trouble in desk.troubles)
    assert sum(len(decode_batch(part)) for part in parts if "columns" in part) == 2


def test_a_record_that_cannot_be_sent_is_lost_alone(desk: Desk) -> None:
    series = desk.series(x=FieldType(DataType.RECORD))
    series.add(5.0, ("x",), ({"number": 2**70},))
    desk.recorder.commit()
    series.add(6.0, ("x",), ({"number": 1},))
    desk.recorder.commit()

    parts = desk.taken()
    assert [decode_gap(part["gap"]).rows for part in parts if "gap" in part] == [1]
    assert [decode_batch(part).columns["x"] for part in parts if "columns" in part] == [[{"number": 1}]]


def test_a_row_that_cannot_be_encoded_does_not_end_the_recording(desk: Desk) -> None:
    desk.recorder.start()
    desk.series(x=FieldType(DataType.INT8)).add(1e9, ("x",), ("a text",))
    assert _within(lambda: bool(desk.troubles))

    desk.series(SeriesKey("other", "feed", "feed")).add(1e9, ("x",), (1.0,))
    desk.recorder.close()

    parts = desk.taken()
    assert [decode_batch(part).series.device for part in parts if "columns" in part] == ["other"]
    assert [decode_gap(part["gap"]).rows for part in parts if "gap" in part] == [1]


def test_one_bad_value_costs_its_own_row_and_leaves_no_hole_in_the_numbers(desk: Desk) -> None:
    series = desk.series(x=FieldType(DataType.FLOAT64, unit="K"))
    values: list[Any] = [float(number) for number in range(20)]
    values[7] = "overload"
    for number, value in enumerate(values):
        quality = {"x": Quality.ALARM} if number == 11 else {}
        series.add(1e9 + number, ("x",), (value,), quality)
    desk.recorder.commit()

    parts = desk.taken()
    (gap,) = [decode_gap(part["gap"]) for part in parts if "gap" in part]
    batches = [decode_batch(part) for part in parts if "columns" in part]
    assert (gap.rows, gap.start, gap.end, gap.cause) == (1, 1_000_000_007 * NS, 1_000_000_007 * NS, GapCause.MISSED)
    assert "field x" in gap.detail
    kept = [value for batch in batches for value in batch.columns["x"].tolist()]
    assert kept == [value for value in values if value != "overload"]
    assert [number for batch in batches for number in range(batch.seq, batch.last + 1)] == list(range(1, 20))
    alarms = [int(batch.times[row]) for batch in batches for row in np.flatnonzero(batch.quality.get("x", [])).tolist()]
    assert alarms == [1_000_000_011 * NS]


def test_a_device_that_says_only_nonsense_loses_its_rows_and_no_other(desk: Desk) -> None:
    bad = desk.series(x=FieldType(DataType.FLOAT64))
    good = desk.series(SeriesKey("other", "feed", "feed"))
    for number in range(1000):
        bad.add(1e9 + number, ("x",), ("overload",))
        good.add(1e9 + number, ("x",), (1.0,))
    desk.recorder.commit()

    parts = desk.taken()
    (gap,) = [decode_gap(part["gap"]) for part in parts if "gap" in part]
    assert (gap.device, gap.rows, gap.start, gap.end) == ("thermo-1", 1000, 10**18, 10**18 + 999 * NS)
    assert sum(len(decode_batch(part)) for part in parts if "columns" in part) == 1000


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -1e300])
def test_a_time_that_is_none_costs_its_own_row(desk: Desk, time: float) -> None:
    series = desk.series()
    series.add(time, ("x",), (1.0,))
    series.add(1e9, ("x",), (2.0,))
    desk.recorder.commit()

    parts = desk.taken()
    (gap,) = [decode_gap(part["gap"]) for part in parts if "gap" in part]
    (batch,) = [decode_batch(part) for part in parts if "columns" in part]
    assert (gap.rows, gap.start) == (1, int(1.8e9) * NS)
    assert (batch.seq, batch.times.tolist(), batch.columns["x"].tolist()) == (1, [10**18], [2.0])


def test_a_row_too_large_for_a_message_is_lost_alone(desk: Desk) -> None:
    series = desk.series(x=FieldType(DataType.FLOAT64, dims=2))
    side = int((LARGEST_ROW_BYTES // 8) ** 0.5)
    for pixels in (side + 5, side - 5):
        series.add(1e9, ("x",), (np.zeros((pixels, pixels)),))
    desk.series(SeriesKey("other", "feed", "feed")).add(1e9, ("x",), (1.0,))
    desk.recorder.commit()

    parts = desk.taken()
    (gap,) = [decode_gap(part["gap"]) for part in parts if "gap" in part]
    shapes = {batch.series.device: batch.columns["x"].shape for batch in map(decode_batch, _columns(parts))}
    assert (gap.device, gap.rows) == ("thermo-1", 1)
    assert "MB" in gap.detail
    assert shapes == {"thermo-1": (1, side - 5, side - 5), "other": (1,)}


def test_arrays_that_differ_in_shape_go_in_entries_that_are_not_too_large(desk: Desk) -> None:
    series = desk.series(x=FieldType(DataType.FLOAT64, dims=2))
    for pixels in range(200, 208):
        series.add(1e9, ("x",), (np.full((pixels, 200), 0.1),))
    desk.recorder.commit()

    sizes, rows = [], 0
    while (taken := desk.spool.take(1)) is not None:
        sizes += [len(body) for body in taken.bodies]
        rows += taken.rows
    assert rows == 8
    assert max(sizes) <= LARGEST_ENTRY_BYTES


@pytest.mark.parametrize("value", ["a" * 1_000_000, np.zeros(125_000), {"text": "a" * 1_000_000}])
def test_what_waits_for_a_slow_disk_is_bounded_whatever_it_is(desk: Desk, value: Any) -> None:
    series = desk.series()
    rows = LONGEST_QUEUE_BYTES // 1_000_000 + 10
    for number in range(rows):
        series.add(1e9 + number, ("x",), (value,))

    assert 10 <= desk.recorder.lost_rows <= 11
    desk.recorder.commit()
    gaps = [decode_gap(part["gap"]) for part in desk.taken() if "gap" in part]
    assert [gap.rows for gap in gaps] == [desk.recorder.lost_rows]


def test_an_entry_spans_its_earliest_and_its_latest_row_in_whatever_order_they_come(desk: Desk) -> None:
    series = desk.series()
    for time in (50.0, 20.0, 60.0, 30.0):
        series.add(time, ("x",), (1.0,))

    (entry,) = series.take()

    assert (entry.first, entry.last) == (20 * NS, 60 * NS)


def test_the_gap_of_lost_rows_needs_no_others_and_spans_the_earliest_and_the_latest_to_the_ns(desk: Desk) -> None:
    series = desk.series()
    times = np.array([1.7e9 + 0.123456, 1.6e9 + 0.3, 1.75e9 + 0.7])
    wide = np.zeros((3, LONGEST_QUEUE_BYTES // 8))
    series.add_columns(times, {"x": wide})
    desk.recorder.commit()

    (gap,) = [decode_gap(part["gap"]) for part in desk.taken()]
    exact = nanoseconds(times)
    assert (gap.start, gap.end) == (exact.min(), exact.max())


def test_a_gap_whose_words_are_no_text_hurts_nobody(desk: Desk) -> None:
    desk.series().add(1e9, ("x",), (1.0,))
    desk.recorder.gap(Gap("thermo-1", 1, 2, GapCause.LINK_LOST, detail="answer \udcff"))

    desk.recorder.commit()

    parts = desk.taken()
    assert [decode_gap(part["gap"]).detail for part in parts if "gap" in part] == ["answer ?"]
    assert sum(len(decode_batch(part)) for part in _columns(parts)) == 1


def _columns(parts: list[Any]) -> list[Any]:
    return [part for part in parts if "columns" in part]


def _within(condition: Callable[[], bool]) -> bool:
    waiting = threading.Event()
    return any(condition() or waiting.wait(0.02) for _ in range(int(WAIT_S / 0.02)))
