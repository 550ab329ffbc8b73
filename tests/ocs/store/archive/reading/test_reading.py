from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import ocs.store
from ocs.model.datatype import DataType
from ocs.model.errors import (
    ConfigurationError,
    NotFoundError,
    OperationFailedError,
    OutOfRangeError,
    ParameterError,
    VersionError,
)
from ocs.model.gap import Gap, GapCause
from ocs.model.series import CHANNELS_FEED, FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.catalogue.file import DamagedCatalogueError
from ocs.store.archive.reading.history import History
from tests.ocs.store.archive.filling import DAY, SECOND, START, THERMO, Filled, X, at, ticks

ALL = (at(0), at(86_400))


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    with Filled(tmp_path) as filled:
        yield filled
    assert filled.troubles == []


def values(history: History, name: str = "thermo-1.x") -> list[Any]:
    return list(history.table[name].to_pylist())


@pytest.mark.parametrize("sealed", [False, True])
def test_rows_come_back_with_units_in_the_order_of_their_time(filled: Filled, sealed: bool) -> None:  # noqa: FBT001
    filled.put([3 * SECOND, SECOND, 2 * SECOND])
    if sealed:
        filled.seal()

    with filled.reader() as reader:
        history = reader.history("thermo-1.x", *ALL)

    assert history.names == ["thermo-1.x"]
    assert history.units == {"thermo-1.x": "K"}
    assert (history.start, history.end) == ALL
    assert history.to_numpy()["time"].astype(np.int64).tolist() == [at(1), at(2), at(3)]
    assert values(history) == [1.0, 2.0, 3.0]


def test_rows_of_blocks_and_journal_make_one_answer(filled: Filled) -> None:
    filled.put(ticks(10))
    filled.seal()
    filled.put(ticks(10, first=10 * SECOND))
    filled.seal()
    filled.put(ticks(10, first=20 * SECOND))

    with filled.reader() as reader:
        assert values(reader.history("thermo-1", *ALL)) == list(range(30))
        filled.put(ticks(10, first=30 * SECOND))
        assert values(reader.history("thermo-1", *ALL)) == list(range(40))
        filled.seal()
        assert values(reader.history("thermo-1", *ALL)) == list(range(40))
        filled.archive.compact()
        assert values(reader.history("thermo-1", *ALL)) == list(range(40))


def test_the_end_of_a_span_is_no_part_of_it(filled: Filled) -> None:
    filled.put(ticks(10))
    filled.seal()
    filled.put(ticks(10, first=10 * SECOND))

    with filled.reader() as reader:
        assert values(reader.history("thermo-1", at(3), at(5))) == [3.0, 4.0]
        assert values(reader.history("thermo-1", at(13), at(15))) == [13.0, 14.0]
        assert values(reader.history("thermo-1", at(8), at(12))) == [8.0, 9.0, 10.0, 11.0]


def test_times_count_from_now(filled: Filled) -> None:
    filled.now_s = at(100) / SECOND
    filled.put(ticks(100))

    with filled.reader() as reader:
        assert values(reader.history("thermo-1.x", "-10s")) == list(range(90, 100))
        assert len(reader.history("thermo-1.x", at(0) / SECOND, "-99s")) == 1


def test_a_clock_that_was_set_back_puts_rows_among_others(filled: Filled) -> None:
    filled.put(ticks(5, first=10 * SECOND))
    filled.seal()
    filled.put(ticks(5, first=8 * SECOND))
    filled.put(ticks(3, first=11 * SECOND))

    with filled.reader() as reader:
        history = reader.history("thermo-1", *ALL)

    assert values(history) == sorted([*range(10, 15), *range(8, 13), *range(11, 14)])


def test_values_of_every_kind_come_back(filled: Filled) -> None:
    fields = {
        "on": FieldType(DataType.BOOL), "count": FieldType(DataType.UINT16), "word": FieldType(DataType.STR),
        "mode": FieldType(DataType.ENUM, labels=("slow", "fast")), "state": FieldType(DataType.STATE),
        "raw": FieldType(DataType.BYTES), "record": FieldType(DataType.RECORD), "row": FieldType(DataType.FLOAT64, 1),
        "image": FieldType(DataType.INT16, 2),
    }  # fmt: skip
    columns = {
        "on": np.array([True, False]), "count": np.array([1, 65535], np.uint16), "word": ["mäßig", None],
        "mode": ["fast", "slow"], "state": ["ON", "FAULT"], "raw": [b"\x00\xff", None],
        "record": [{"a": [1, "b"]}, None], "row": np.array([[1.0, 2.0], [3.0, 4.0]]),
        "image": np.arange(8, dtype=np.int16).reshape(2, 2, 2),
    }  # fmt: skip
    expected: dict[str, list[Any]] = {
        "on": [True, False], "count": [1, 65535], "word": ["mäßig", None], "mode": ["fast", "slow"],
        "state": ["ON", "FAULT"], "raw": [b"\x00\xff", None], "record": [json.dumps({"a": [1, "b"]}), None],
        "row": [[1.0, 2.0], [3.0, 4.0]], "image": [[[0, 1], [2, 3]], [[4, 5], [6, 7]]],
    }  # fmt: skip
    filled.put([0, 1], columns, fields)
    filled.seal()
    filled.put([2, 3], columns, fields)

    with filled.reader() as reader:
        history = reader.history("thermo-1", at(0), at(1))

    for name in fields:
        assert values(history, f"thermo-1.{name}") == 2 * expected[name]

    assert history.table.schema.field("thermo-1.mode").metadata[b"labels"] == b'["slow", "fast"]'
    assert history.to_numpy()["thermo-1.image"].shape == (4, 2, 2)


def test_numbers_of_changing_types_widen(filled: Filled) -> None:
    whole = {"x": FieldType(DataType.INT32, unit="K")}
    filled.put([0, 1], {"x": np.array([1, 2], np.int32)}, whole)
    filled.put([2], {"x": np.array([0.5])})
    filled.seal()
    filled.put([3], {"x": np.array([3], np.int32)}, whole)

    with filled.reader() as reader:
        assert values(reader.history("thermo-1", *ALL)) == [1.0, 2.0, 0.5, 3.0]


def test_numbers_and_texts_of_one_field_are_texts(filled: Filled) -> None:
    filled.put([0], {"x": np.array([1.5])})
    filled.seal()
    filled.put([1], {"x": ["off"]}, {"x": FieldType(DataType.STR)})

    with filled.reader() as reader:
        assert values(reader.history("thermo-1", *ALL)) == ["1.5", "off"]
        assert values(reader.history("thermo-1", *ALL, max_points=1)) == ["off"]


def test_a_field_that_came_later_is_missing_before(filled: Filled) -> None:
    filled.put([0])
    filled.seal()
    both = X | {"y": FieldType(DataType.INT64)}
    filled.put([1], {"x": np.array([1.0]), "y": np.array([7])}, both)

    with filled.reader() as reader:
        history = reader.history("thermo-1", *ALL)
        assert values(history) == [0.0, 1.0]
        assert values(history, "thermo-1.y") == [None, 7]
        assert len(reader.history("thermo-1.y", *ALL)) == 1


def test_a_changed_unit_is_a_column_of_its_own(filled: Filled) -> None:
    filled.put([0], {"x": np.array([300.0])}, {"x": FieldType(DataType.FLOAT64, unit="mK")})
    filled.put([1])
    filled.seal()
    filled.put([2], {"x": np.array([2.0])}, {"x": FieldType(DataType.FLOAT64)})

    with filled.reader() as reader:
        history = reader.history("thermo-1.x", *ALL)

    assert history.units == {"thermo-1.x": "K", "thermo-1.x[mK]": "mK"}
    assert values(history) == [None, 1e-9, 2.0]
    assert values(history, "thermo-1.x[mK]") == [300.0, None, None]


def test_qualities_are_told_where_something_is_not_valid(filled: Filled) -> None:
    filled.put([0, 1])
    filled.seal()
    filled.put([2, 3], quality={"x": [0, 4]})
    filled.seal()
    filled.put([4, 5], quality={"x": [2, 0]})

    with filled.reader() as reader:
        history = reader.history("thermo-1", *ALL)
        before = reader.history("thermo-1", at(0), START + 3)

    assert history.table.column_names == ["time", "thermo-1.x", "thermo-1.x:quality"]
    assert values(history, "thermo-1.x:quality") == ["VALID", "VALID", "VALID", "INVALID", "WARNING", "VALID"]
    assert before.table.column_names == ["time", "thermo-1.x"]


def test_several_series_are_joined_on_time(filled: Filled) -> None:
    other = SeriesKey("thermo-1", "pressures", "pressures")
    channel = SeriesKey("thermo-1", CHANNELS_FEED, "state")
    filled.put([0, 2])
    filled.put([1, 2], {"x": np.array([7.0, 8.0]), "p": np.array([1.0, 2.0])}, X | {"p": X["x"]}, other)
    filled.put([2], {"state": ["ON"]}, {"state": FieldType(DataType.STATE)}, channel)

    with filled.reader() as reader:
        history = reader.history("thermo-1", *ALL)

    assert history.names == ["thermo-1.state", "thermo-1.pressures.x", "thermo-1.p", "thermo-1.temperatures.x"]
    assert values(history, "thermo-1.temperatures.x") == [0.0, None, 2e-9]
    assert values(history, "thermo-1.pressures.x") == [None, 7.0, 8.0]
    assert values(history, "thermo-1.state") == [None, None, "ON"]


def test_patterns_pick_fields_of_devices(filled: Filled) -> None:
    for device in ("cryo/1", "cryo/2", "stage"):
        fields = X | {"y": X["x"]}
        filled.put([0], {"x": np.array([1.0]), "y": np.array([2.0])}, fields, SeriesKey(device, "feed", "feed"))

    with filled.reader() as reader:
        assert reader.history("cryo/*.x", *ALL).names == ["cryo/1.x", "cryo/2.x"]
        assert reader.history(["STAGE", "cryo/2.y"], *ALL).names == ["cryo/2.y", "stage.x", "stage.y"]
        assert reader.history("*", *ALL).names[::2] == ["cryo/1.x", "cryo/2.x", "stage.x"]
        assert [info.key.device for info in reader.series("*.y")] == ["cryo/1", "cryo/2", "stage"]
        assert [list(info.fields) for info in reader.series("stage.x")] == [["x"]]


@pytest.mark.parametrize("max_points", [None, 10])
def test_a_span_without_rows_is_an_empty_answer_with_its_columns(filled: Filled, max_points: int | None) -> None:
    filled.put([0])
    filled.seal()

    with filled.reader() as reader:
        before = reader.history("thermo-1.x", at(-20), at(-10), max_points=max_points)
        nothing = reader.history("thermo-1.x", at(0), at(0), max_points=max_points)

    for history in (before, nothing):
        assert len(history) == 0
        assert history.table.column_names == ["time", "thermo-1.x"]
        assert history.units == {"thermo-1.x": "K"}


def test_a_name_that_was_never_archived_is_refused_with_those_like_it(filled: Filled) -> None:
    filled.put([0], {"temperature": np.array([1.0])}, {"temperature": X["x"]})

    with filled.reader() as reader:
        for asked in ("thermo-1.temprature", "thermo-1.temperature, Thermo-1.temprature"):
            with pytest.raises(NotFoundError, match=r"like it are thermo-1\.temperature; `ocs") as refused:
                reader.history(asked, *ALL)
            assert refused.value.allowed == ["thermo-1.temperature"]
        with pytest.raises(NotFoundError, match=r"nothing called zzz\*\.q was ever archived; `ocs policy` tells"):
            next(reader.chunks("zzz*.q", *ALL))


def test_an_empty_archive_says_so(filled: Filled) -> None:
    with filled.reader() as reader:
        assert reader.series() == []
        assert reader.gaps() == []
        with pytest.raises(NotFoundError, match=f"the archive in {re.escape(str(filled.layout.folder))} is empty"):
            reader.history("*")


def test_a_folder_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match=r"is no archive .* give the folder that has catalogue\.sqlite"):
            ocs.store.open(folder)


def test_an_archive_of_a_newer_kind_is_refused(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue.set_meta("schema_version", "99")

    with pytest.raises(VersionError, match="update OCS"):
        ocs.store.open(tmp_path)


def test_a_catalogue_that_is_damaged_inside_is_told_in_a_sentence(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(10))
        filled.seal()
    path = tmp_path / "catalogue.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))

    with pytest.raises(DamagedCatalogueError, match="start the archiver"), ocs.store.open(tmp_path) as reader:
        reader.history("*", *ALL)
    for ask in ("series", "gaps", "chunks"):
        with pytest.raises(DamagedCatalogueError), ocs.store.open(tmp_path) as reader:
            list(getattr(reader, ask)("*"))


def test_a_catalogue_without_tables_cannot_be_read_yet(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").touch()

    with ocs.store.open(tmp_path) as reader, pytest.raises(OperationFailedError, match="cannot be read now"):
        reader.series()


@pytest.mark.parametrize("name", ["max_points", "chunk_rows"])
def test_fewer_than_one_cannot_be_asked_for(filled: Filled, name: str) -> None:
    with filled.reader() as reader, pytest.raises(OutOfRangeError, match=f"{name} is 0; it must be at least 1"):
        reader.chunks("*", **{name: 0})


def test_what_is_no_time_is_refused_at_once(filled: Filled) -> None:
    filled.put([0])

    with filled.reader() as reader:
        with pytest.raises(ParameterError, match="is no time"):
            reader.chunks("thermo-1", "tomorrow")
        with pytest.raises(ParameterError, match="before it starts"):
            reader.history("thermo-1", "now", "-1h")
        with pytest.raises(ParameterError, match="before it starts"):
            reader.gaps("thermo-1", "now", "-1h")


def test_chunks_are_bounded_and_in_order(filled: Filled) -> None:
    for first in range(0, 1000, 250):
        filled.put(ticks(250, first=first * SECOND))
        filled.put(ticks(100, first=first * SECOND), series=SeriesKey("stage", "feed", "feed"))
        if first < 750:
            filled.seal()

    with filled.reader() as reader:
        chunks = list(reader.chunks("*", *ALL, chunk_rows=120))

    assert max(len(chunk) for chunk in chunks) <= 120
    assert [chunk.series.device for chunk in chunks] == sorted(chunk.series.device for chunk in chunks)
    thermo = pa.concat_tables(chunk.table for chunk in chunks if chunk.series == THERMO)
    assert thermo["x"].to_pylist() == list(range(1000))
    fractions = [chunk.fraction for chunk in chunks]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.parametrize("max_points", [None, 20])
def test_progress_rises_to_one(filled: Filled, max_points: int | None) -> None:
    for first in range(0, 300, 100):
        filled.put(ticks(100, first=first * SECOND))
        filled.seal()
    told: list[float] = []

    with filled.reader() as reader:
        reader.history("thermo-1", *ALL, max_points=max_points, on_progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_gaps_of_the_span_come_along(filled: Filled) -> None:
    filled.put(ticks(10))
    filled.put([0], series=SeriesKey("thermo-1", "other", "other"))
    filled.put([0], series=SeriesKey("stage", "feed", "feed"))
    early = Gap("thermo-1", at(-50), at(-40), GapCause.AGENT_DOWN)
    whole = Gap("thermo-1", at(1), at(2), GapCause.PROCESS_KILLED)
    feed = Gap("thermo-1", at(3), None, GapCause.MISSED, "temperatures")
    other = Gap("thermo-1", at(4), at(5), GapCause.MISSED, "other", "other")
    stage = Gap("stage", at(4), at(5), GapCause.LINK_LOST)
    unknown = Gap("nobody", at(4), at(5), GapCause.REFUSED, "feed", "feed")
    for gap in (early, whole, feed, other, stage, unknown):
        filled.gap(gap)

    with filled.reader() as reader:
        assert reader.history("thermo-1.temperatures.x", at(0), at(10)).gaps == [whole, feed]
        assert reader.history("*", at(0), at(10)).gaps == [whole, feed, unknown, stage, other]
        assert reader.gaps("thermo-1") == [early, whole, feed, other]
        assert reader.gaps("thermo-1", end=at(0)) == [early]
        assert reader.gaps("nobody.x") == [unknown]


def test_series_are_told_with_how_far_they_reach(filled: Filled) -> None:
    filled.put(ticks(10))
    filled.seal()
    filled.put(ticks(5, first=-3 * SECOND))
    filled.put([7], {"y": ["a"]}, {"y": FieldType(DataType.STR)}, SeriesKey("stage", "feed", "feed"))

    with filled.reader() as reader:
        stage, thermo = reader.series()

    assert (thermo.key, thermo.fields, thermo.first, thermo.last, thermo.rows) == (THERMO, X, at(-3), at(9), 15)
    assert (stage.fields, stage.first, stage.last, stage.rows) == (
        {"y": FieldType(DataType.STR)}, START + 7, START + 7, 1,
    )  # fmt: skip


def test_rows_on_both_sides_of_midnight_are_one_answer(filled: Filled) -> None:
    filled.put(ticks(20, first=DAY - 10 * SECOND))
    filled.seal()

    with filled.reader() as reader:
        assert len(reader.history("thermo-1", at(86_390), at(86_410))) == 20
    assert len(filled.blocks()) == 2


def test_importing_the_store_needs_no_arrow() -> None:
    code = "import sys, ocs.store; sys.exit('pyarrow' in sys.modules or 'pandas' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_reading_needs_neither_pandas_nor_xarray(filled: Filled) -> None:
    filled.put([0])
    code = f"""
import sys

class Missing:
    @staticmethod
    def find_spec(name, path, target=None):
        if name.partition(".")[0] in {{"pandas", "xarray"}}:
            raise ImportError(name)

sys.meta_path.insert(0, Missing)
import ocs.store
with ocs.store.open({str(filled.layout.folder)!r}) as reader:
    history = reader.history("thermo-1", {at(0)}, {at(1)})
assert history.to_numpy()["thermo-1.x"].tolist() == [0.0]
"""

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fields_called_as_columns_of_the_archive_are_read_like_others(filled: Filled) -> None:
    fields = dict.fromkeys(("time", "epoch", "seq"), FieldType(DataType.INT64))
    filled.put(ticks(3000), {name: np.arange(3000) for name in fields}, fields, quality={"seq": [4] * 3000})
    filled.seal()
    filled.put([3000 * SECOND], {name: np.array([3000]) for name in fields}, fields)

    with filled.reader() as reader:
        exact = reader.history("thermo-1", *ALL)
        points = reader.history("thermo-1.time", *ALL, max_points=10)

    assert exact.names == ["thermo-1.time", "thermo-1.epoch", "thermo-1.seq"]
    assert all(values(exact, name) == list(range(3001)) for name in exact.names)
    assert values(exact, "thermo-1.seq:quality") == ["INVALID"] * 3000 + ["VALID"]
    assert sum(points.table["thermo-1.time:count"].to_pylist()) == 3001
