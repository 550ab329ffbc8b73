from __future__ import annotations

import pyarrow as pa

from ocs.model.datatype import DataType
from ocs.model.series import FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Version
from ocs.store.archive.journal.columns import TIME
from ocs.store.archive.reading.selection import Selection
from ocs.store.archive.reading.widening import QUALITY_TYPE

SERIES = SeriesKey("dev", "feed", "feed")
FLOAT, WHOLE, TEXT = (FieldType(kind) for kind in (DataType.FLOAT64, DataType.INT32, DataType.STR))


def selection(*versions: dict[str, FieldType], fields: tuple[str, ...] = ("x",)) -> Selection:
    known = [Version(7, number + 1, each, 0) for number, each in enumerate(versions)]
    return Selection.of(SERIES, known, fields)


def types(given: Selection) -> dict[str, pa.DataType]:
    return {field.name: field.type for field in given.schema}


def rows(**columns: object) -> pa.Table:
    return pa.table({"time": pa.array([1, 2], TIME), "epoch": [5, 5], "seq": [1, 2], **columns})


def test_columns_hold_the_values_of_all_versions() -> None:
    given = selection({"x": WHOLE}, {"x": FLOAT, "y": TEXT}, fields=("x", "y"))

    assert given.number == 7
    assert types(given) == {"time": TIME, "x": pa.float64(), "y": pa.string()}
    assert given.numeric == ["x"]


def test_the_fields_of_the_newest_version_come_first() -> None:
    given = selection({"b": FLOAT, "gone": FLOAT}, {"a": FLOAT, "b": FLOAT}, fields=("a", "b", "gone"))

    assert given.schema.names == ["time", "a", "b", "gone"]


def test_a_version_without_any_of_the_fields_is_not_read() -> None:
    assert list(selection({"y": FLOAT}, {"x": FLOAT}).names) == [2]


def test_rows_of_a_version_get_the_columns_of_the_answer() -> None:
    given = selection({"x": WHOLE}, {"x": FLOAT, "y": TEXT}, fields=("x", "y"))

    fitted = given.fitted(1, rows(x=pa.array([1, 2], pa.int32()), **{"x:quality": pa.array([0, 1], pa.uint8())}))

    assert fitted.column_names == ["time", "x", "y", "epoch", "seq", "x:quality"]
    assert fitted["x"].to_pylist() == [1.0, 2.0]
    assert fitted["y"].to_pylist() == [None, None]
    assert given.fitted(1, rows(), whole=False).column_names == ["time", "epoch", "seq"]


def test_a_unit_that_changed_makes_two_columns_and_one_that_was_left_out_none() -> None:
    kelvin, milli = (FieldType(DataType.FLOAT64, unit=unit) for unit in ("K", "mK"))
    given = selection({"x": milli}, {"x": FLOAT}, {"x": kelvin}, {"x": WHOLE})

    assert given.names == {1: {"x": "x[mK]"}, 2: {"x": "x"}, 3: {"x": "x"}, 4: {"x": "x"}}
    assert given.schema.field("x[mK]").metadata[b"unit"] == b"mK"
    assert given.schema.field("x").metadata[b"unit"] == b"K"
    assert given.fitted(1, rows(x=[1.0, 2.0])).column_names == ["time", "x", "x[mK]", "epoch", "seq"]


def test_qualities_go_with_the_column_of_their_field() -> None:
    kelvin, milli = (FieldType(DataType.FLOAT64, unit=unit) for unit in ("K", "mK"))
    given = selection({"x": milli}, {"x": kelvin})
    quality = pa.array([0, 3], pa.uint8())

    assert given.columns(1) == ["x", "x:quality"]
    assert given.columns(1, ()) == ["x:quality"]
    assert given.fitted(1, rows(x=[1.0, 2.0], **{"x:quality": quality})).column_names[-1] == "x[mK]:quality"


def test_roll_ups_get_the_names_of_the_answer() -> None:
    kelvin, milli = (FieldType(DataType.FLOAT64, unit=unit) for unit in ("K", "mK"))
    given = selection({"x": milli, "word": TEXT}, {"x": kelvin}, fields=("x", "word"))
    columns = given.rollup_columns(1)

    assert columns == ["x:min", "x:max", "x:mean", "x:count"]
    assert given.fitted_rollup(1, pa.table({name: [1] for name in ["time", *columns]})).column_names == [
        "time", "x[mK]:min", "x[mK]:max", "x[mK]:mean", "x[mK]:count",
    ]  # fmt: skip


def test_qualities_are_told_as_words_behind_their_field_where_one_is_not_valid() -> None:
    given = selection({"x": FLOAT, "y": FLOAT}, fields=("x", "y"))
    qualities = {"x:quality": pa.array([0, 4], pa.uint8()), "y:quality": pa.array([0, 0], pa.uint8())}

    told = given.told(given.fitted(1, rows(x=[1.0, 2.0], y=[1.0, 2.0], **qualities)))

    assert told.column_names == ["time", "x", "x:quality", "y"]
    assert told["x:quality"].type == QUALITY_TYPE
    assert told["x:quality"].to_pylist() == ["VALID", "INVALID"]


def test_a_field_called_as_a_column_of_the_archive_has_one_of_its_own() -> None:
    given = selection({"time": FLOAT, "seq": WHOLE}, fields=("time", "seq"))
    fitted = given.fitted(1, rows(**{"time$": [0.5, 1.5], "seq$": pa.array([8, 9], pa.int32())}))

    assert given.schema.names == ["time", "time$", "seq$"]
    assert given.columns(1) == ["time$", "seq$", "time$:quality", "seq$:quality"]
    assert given.told(fitted).drop_columns("time").to_pylist() == [
        {"time$": 0.5, "seq$": 8},
        {"time$": 1.5, "seq$": 9},
    ]
