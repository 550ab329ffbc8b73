"""What the archive takes arrives at real servers, whatever happens to them and to the writer."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ocs.model.datatype import DataType
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver.influx.influx_writer import LINES, InfluxWriter, forget_place
from ocs.store.archive.archive import Archive
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import Layout
from ocs.wire.archive import encode_batch
from tests.ocs.services.archiver.influx.line_servers import Gatekeeper, Influx, Victoria

DEADLINE_S = 30.0
T0 = 1_795_170_036_000_000_000
STEP = 10_000_000
FIELDS = {
    "x": FieldType(DataType.FLOAT64, unit="K"), "n": FieldType(DataType.INT32), "on": FieldType(DataType.BOOL),
    "word": FieldType(DataType.STR),
}  # fmt: skip


def series(device: str) -> SeriesKey:
    return SeriesKey(device, "readings", "readings")


def rows(first: int, count: int, device: str = "thermo-1") -> Batch:
    numbers = np.arange(first, first + count)
    columns = {
        "x": 0.1 * numbers, "n": numbers.astype(np.int32), "on": numbers % 2 == 0,
        "word": [f'no. "{number}"' for number in numbers],
    }  # fmt: skip
    return Batch(series(device), 7, first, T0 + STEP * numbers, FIELDS, columns)


def floats(first: int, count: int, device: str) -> Batch:
    numbers = np.arange(first, first + count)
    fields = {"x": FieldType(DataType.FLOAT64)}
    return Batch(series(device), 7, first, T0 + STEP * numbers, fields, {"x": 0.1 * numbers})


def expected(first: int, last: int) -> list[dict[str, Any]]:
    """The rows of these numbers, as InfluxDB has them."""
    return [
        {
            "time": T0 + STEP * number, "feed": "readings", "x": 0.1 * number, "n": number, "on": number % 2 == 0,
            "word": f'no. "{number}"',
        }
        for number in range(first, last + 1)
    ]  # fmt: skip


class Lab:
    """An archive, and writers of it to servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.time = 1_800_000_000.0
        self.troubles: list[str] = []
        self.database = f"ocs_{uuid.uuid4().hex}"
        self.archive = Archive(folder, now=self.now, on_trouble=self.troubles.append)
        self.archive.open()
        self._writers: list[InfluxWriter] = []

    def now(self) -> float:
        return self.time

    def put(self, *batches: Batch) -> None:
        self.archive.put([encode_batch(batch) for batch in batches]).result(DEADLINE_S)

    def writer(self, url: str, root: str = "") -> InfluxWriter:
        made = InfluxWriter(
            self.folder, url, self.database, now=self.now, on_trouble=self.troubles.append, root=root
        )  # fmt: skip
        self._writers.append(made)
        made.start()
        return made

    def journals(self) -> int:
        return len(Layout(self.folder).journal_numbers())

    def close(self) -> None:
        for writer in self._writers:
            writer.stop()
        self.archive.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "archive")
    yield made
    made.close()


@pytest.fixture
def gate() -> Iterator[Gatekeeper]:
    server = Gatekeeper("bad")
    server.start()
    yield server
    server.end()


def wait_until(what: Callable[[], bool], why: Callable[[], object] = str) -> None:
    pause, patience = threading.Event(), time.monotonic() + DEADLINE_S
    while not what():
        assert time.monotonic() < patience, why()
        pause.wait(0.02)


def wait_written(writer: InfluxWriter, count: int) -> None:
    wait_until(lambda: writer.written >= count, lambda: (writer.written, writer.last_error))


# -- InfluxDB -------------------------------------------------------------------------------------


@pytest.mark.system
def test_rows_arrive_at_influxdb_as_they_were_archived(lab: Lab, influx: Influx) -> None:
    writer = lab.writer(influx.url, "observatory")
    lab.put(rows(1, 100))
    lab.put(rows(101, 50))
    wait_written(writer, 150)

    assert influx.rows(lab.database, "observatory.thermo-1") == expected(1, 150)
    assert (writer.written, writer.refused, writer.last_error, lab.troubles) == (150, 0, "", [])


@pytest.mark.system
def test_a_quality_that_is_not_valid_arrives(lab: Lab, influx: Influx) -> None:
    batch = floats(1, 3, "thermo-1")
    lab.put(Batch(batch.series, 7, 1, batch.times, batch.fields, batch.columns, {"x": np.array([0, 4, 2], np.uint8)}))
    wait_written(lab.writer(influx.url), 3)

    assert [row.get("x:quality") for row in influx.rows(lab.database, "thermo-1")] == [None, 4, 2]


@pytest.mark.system
def test_a_server_that_is_killed_in_the_middle_loses_nothing_and_gets_nothing_twice(lab: Lab, influx: Influx) -> None:
    writer = lab.writer(influx.url)
    for first in range(1, 40_001, 2_000):
        lab.put(rows(first, 2_000))
    wait_written(writer, 1)
    influx.kill()
    for first in range(40_001, 40_401, 100):
        lab.put(rows(first, 100))
        lab.archive.seal()
    wait_until(lambda: writer.last_error != "")
    assert lab.journals() > 1

    influx.start()
    lab.put(rows(40_401, 100))
    wait_written(writer, 40_500)

    assert influx.rows(lab.database, "thermo-1") == expected(1, 40_500)
    assert (writer.written, writer.last_error) == (40_500, "")
    assert ["does not answer" in trouble for trouble in lab.troubles] == [True]


@pytest.mark.system
def test_a_new_writer_goes_on_where_the_old_one_ended(lab: Lab, influx: Influx) -> None:
    first = lab.writer(influx.url)
    lab.put(rows(1, 200))
    wait_written(first, 200)
    first.stop()
    lab.put(rows(201, 100))
    lab.archive.seal()
    lab.put(rows(301, 100))

    second = lab.writer(influx.url)
    wait_written(second, 200)
    wait_until(lambda: second.lag_s == 0)

    assert influx.rows(lab.database, "thermo-1") == expected(1, 400)
    assert second.written == 200


@pytest.mark.system
def test_a_row_that_influxdb_refuses_does_not_hold_up_the_rest(lab: Lab, influx: Influx) -> None:
    writer = lab.writer(influx.url)
    whole = Batch(series("odd-1"), 7, 1, np.array([T0]), {"x": FieldType(DataType.INT64)}, {"x": np.array([1])})
    lab.put(whole)
    wait_written(writer, 1)

    lab.put(floats(2, 5, "odd-1"), rows(1, 20), floats(7, 1, "odd-1"))
    lab.put(rows(21, 20))
    wait_written(writer, 41)

    assert influx.rows(lab.database, "thermo-1") == expected(1, 40)
    assert [row["time"] for row in influx.rows(lab.database, "odd-1")] == [T0]
    assert (writer.written, writer.refused) == (41, 6)
    assert "is type float, already exists as type integer" in writer.last_refusal
    assert [trouble for trouble in lab.troubles if "refused" in trouble] == lab.troubles
    assert len(lab.troubles) == 1  # no more than one in a minute


@pytest.mark.system
def test_a_server_that_stands_still_does_not_hold_up_the_end(lab: Lab, influx: Influx) -> None:
    writer = lab.writer(influx.url)
    lab.put(rows(1, 10))
    wait_written(writer, 10)
    influx.freeze()
    lab.put(rows(11, 10))
    lab.time += 1.0
    wait_until(lambda: writer.lag_s > 0)

    writer.stop()
    assert not writer._thread.is_alive()
    influx.thaw()
    wait_written(lab.writer(influx.url), 10)

    assert influx.rows(lab.database, "thermo-1") == expected(1, 20)


# -- VictoriaMetrics ------------------------------------------------------------------------------


def samples(lab: Lab, victoria: Victoria) -> dict[int, float]:
    return victoria.samples("observatory.thermo-1_x", db=lab.database, feed="readings")


@pytest.mark.system
def test_rows_arrive_at_victoria_metrics_with_twelve_digits_and_in_ms(lab: Lab, victoria: Victoria) -> None:
    writer = lab.writer(victoria.url, "observatory")
    lab.put(rows(1, 200))
    wait_written(writer, 200)
    victoria.end()
    lab.put(rows(201, 200))
    wait_until(lambda: writer.last_error != "")
    victoria.start()
    wait_written(writer, 400)

    found = samples(lab, victoria)
    assert list(found) == [(T0 + STEP * number) // 10**6 for number in range(1, 401)]
    assert list(found.values()) == pytest.approx([0.1 * number for number in range(1, 401)], rel=1e-12)


# -- a server of another make -----------------------------------------------------------------------


def test_many_small_batches_go_in_few_requests(lab: Lab, gate: Gatekeeper) -> None:
    for first in range(1, 201, 10):
        lab.put(*(floats(number, 1, "thermo-1") for number in range(first, first + 10)))

    wait_written(lab.writer(gate.url), 200)

    assert len(gate.taken) == 200
    assert len(gate.headers) == 1


def test_a_large_batch_goes_in_parts(lab: Lab, gate: Gatekeeper) -> None:
    lab.put(floats(1, 2 * LINES + 1, "thermo-1"))

    wait_written(lab.writer(gate.url), 2 * LINES + 1)

    assert len(gate.taken) == 2 * LINES + 1
    assert len(gate.headers) == 3


def test_lines_of_a_batch_that_is_refused_as_a_whole_are_found(lab: Lab, gate: Gatekeeper) -> None:
    lab.put(floats(1, 50, "good"), floats(1, 3, "bad"), floats(51, 50, "good"))

    writer = lab.writer(gate.url)
    wait_written(writer, 100)
    wait_until(lambda: writer.lag_s == 0)

    assert (len(gate.taken), writer.refused, writer.last_refusal) == (100, 3, "no such lines here")


def test_an_outage_is_told_once_and_makes_the_server_late(lab: Lab, gate: Gatekeeper) -> None:
    writer = lab.writer(gate.url)
    gate.refused, gate.answer = "", (503, "")
    lab.put(floats(1, 10, "thermo-1"))
    wait_until(lambda: len(gate.headers) >= 2)  # it tries again

    lab.time += 100.0
    assert 100.0 <= writer.lag_s < 101.0
    assert "answered 503" in writer.last_error
    assert len(lab.troubles) == 1

    gate.refused = "bad"
    wait_until(lambda: writer.lag_s == 0)
    assert (writer.written, writer.last_error) == (10, "")
    assert len(lab.troubles) == 1


def test_an_error_that_nobody_thought_of_is_told_makes_it_late_and_ends_nothing(lab: Lab, gate: Gatekeeper) -> None:
    broken = threading.Event()
    told: list[str] = []

    def now() -> float:
        if broken.is_set() and threading.current_thread().name == "influx-writer":
            raise ZeroDivisionError("no such time")
        return lab.now()

    writer = InfluxWriter(lab.folder, gate.url, "db", now=now, on_trouble=told.append)
    writer.start()
    broken.set()
    wait_until(lambda: bool(told))
    lab.time += 600.0
    late_s = writer.lag_s

    broken.clear()
    lab.put(floats(1, 10, "thermo-1"))
    wait_written(writer, 10)
    writer.stop()

    assert late_s >= 600.0
    assert told == [f"the writer to {gate.url} failed: ZeroDivisionError('no such time'); it tries again"]
    assert len(gate.taken) == 10


def test_an_archive_that_cannot_be_opened_is_tried_again(tmp_path: Path, gate: Gatekeeper) -> None:
    troubles: list[str] = []
    folder = tmp_path / "archive"
    catalogue = Layout(folder).catalogue
    catalogue.mkdir(parents=True)
    writer = InfluxWriter(folder, gate.url, "db", now=lambda: 0.0, on_trouble=troubles.append)
    writer.start()
    wait_until(lambda: writer.last_error != "")

    catalogue.rmdir()

    wait_until(lambda: writer.last_error == "")
    writer.stop()
    assert len(troubles) == 1


def test_a_site_without_a_server_keeps_no_journal_for_it(lab: Lab, gate: Gatekeeper) -> None:
    writer = lab.writer(gate.url)
    lab.put(floats(1, 10, "thermo-1"))
    wait_written(writer, 10)
    writer.stop()
    with Catalogue(Layout(lab.folder).catalogue, read_only=True) as catalogue:
        assert "influx" in catalogue.cursors()
    lab.archive.seal()
    lab.put(floats(11, 10, "thermo-1"))
    lab.archive.seal()
    assert lab.journals() == 2

    forget_place(lab.folder)
    lab.put(floats(21, 10, "thermo-1"))
    lab.archive.seal()

    assert lab.journals() == 0
