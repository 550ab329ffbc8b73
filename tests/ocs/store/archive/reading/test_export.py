from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ocs.model.errors import NoDataError, OcsError, OperationFailedError, RouterLostError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.export import METADATA, About, Form, export
from ocs.store.archive.reading.history import STAMP
from ocs.wire.archive import decode_gap

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
GAP = Gap("thermo-1", START + SECOND, START + 2 * SECOND, GapCause.AGENT_DOWN, rows=4, detail="kill -9")
ABOUT = About(START, START + 60 * SECOND, (GAP,))


def chunk(times: list[int], fraction: float = 1.0, feed: str = "fast", **columns: object) -> Chunk:
    schema = pa.schema([
        pa.field("time", STAMP),
        *(pa.field(name, pa.array(column).type, metadata={"unit": "K"} if name == "t" else None)
          for name, column in columns.items()),
    ])  # fmt: skip
    stamps = [START + time * SECOND for time in times]
    return Chunk(
        SeriesKey("thermo-1", feed, feed), pa.table({"time": stamps, **columns}).cast(schema), fraction=fraction
    )


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(line for line in lines(path) if not line.startswith("#")))


def test_csv_begins_with_span_units_and_gaps_in_comments(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    done = export([chunk([0, 1], t=[300.25, 1e-7])], path, Form.CSV, ABOUT)

    assert lines(path) == [
        "# archived from 2027-01-15T08:00:00Z to 2027-01-15T08:01:00Z, times in UTC",
        "# unit of thermo-1.t: K",
        "# gap: thermo-1 2027-01-15T08:00:01Z to 2027-01-15T08:00:02Z (4 rows): the agent was not there: kill -9",
        '"time","thermo-1.t"',
        '"2027-01-15T08:00:00.000000000Z",300.25',
        '"2027-01-15T08:00:01.000000000Z",1e-7',
    ]
    assert (done.rows, done.names, done.size) == (2, ("thermo-1.t",), path.stat().st_size)


def test_csv_has_every_kind_of_value(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    columns: dict[str, Any] = {
        "on": [True, None], "word": ['a "b", # c', ""], "row": [[1.5, 2.5], None], "raw": [b"\xff1", b""],
        "n": [2**63 - 1, None],
    }  # fmt: skip

    export([chunk([0, 1], **columns)], path, Form.CSV, ABOUT)

    first, second = rows(path)
    assert first == {
        "time": "2027-01-15T08:00:00.000000000Z", "thermo-1.on": "true", "thermo-1.word": 'a "b", # c',
        "thermo-1.row": "[1.5, 2.5]", "thermo-1.raw": "\\xff1", "thermo-1.n": "9223372036854775807",
    }  # fmt: skip
    assert [second[name] for name in ("thermo-1.on", "thermo-1.row", "thermo-1.n")] == ["", "", ""]


def test_pandas_reads_the_csv(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "out.csv"
    export([chunk([0, 2], t=[1.0, 2.0]), chunk([1], feed="slow", w=["x"])], path, Form.CSV, ABOUT)

    frame = pandas.read_csv(path, comment="#", parse_dates=["time"], index_col="time")

    assert list(frame.columns) == ["thermo-1.t", "thermo-1.w"]
    assert frame.index[1].isoformat() == "2027-01-15T08:00:01+00:00"
    assert frame["thermo-1.t"].dropna().tolist() == [1.0, 2.0]


def test_parquet_keeps_types_units_and_gaps(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"

    export([chunk([0], 0.5, t=[1.0]), chunk([1], t=[2.0], row=[[1, 2]])], path, Form.PARQUET, ABOUT)

    table = pq.read_table(path)
    assert table.schema.field("time").type == STAMP
    assert table.schema.field("thermo-1.t").metadata[b"unit"] == b"K"
    assert table["thermo-1.t"].to_pylist() == [1.0, 2.0]
    assert table["thermo-1.row"].to_pylist() == [None, [1, 2]]
    about = json.loads(table.schema.metadata[METADATA])
    assert (about["start"], about["end"]) == (ABOUT.start, ABOUT.end)
    assert [decode_gap(gap) for gap in about["gaps"]] == [GAP]


@pytest.mark.parametrize("form", Form)
def test_progress_only_grows_and_ends_at_all_of_it(tmp_path: Path, form: Form) -> None:
    told: list[float] = []
    chunks = [chunk([second], (second + 1) / 4, t=[1.0]) for second in range(4)]

    export(chunks, tmp_path / "out", form, ABOUT, told.append)

    assert told == sorted(told)
    assert (told[0], told[3], told[-1]) == (0.125, 0.5, 1.0)


def test_without_rows_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="nothing was archived from 2027-01-15T08:00:00Z to 2027-01-15T08:01:00Z"):
        export([], tmp_path / "out.csv", Form.CSV, ABOUT)

    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_breaks_off_leaves_nothing_and_an_earlier_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("earlier")

    def broken() -> Iterator[Chunk]:
        yield chunk([0], t=[1.0])
        raise RouterLostError("the router went away")

    with pytest.raises(RouterLostError):
        export(broken(), path, Form.CSV, ABOUT)

    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "earlier"


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "out.csv"

    with pytest.raises(OperationFailedError) as raised:
        export([chunk([0], t=[1.0])], path, Form.CSV, ABOUT)

    error: OcsError = raised.value
    assert error.message == f"{path} cannot be written: No such file or directory"
