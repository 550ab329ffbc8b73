"""Lines of the Influx line protocol: parsed back, they tell what the archive has."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import BOUNDS, DataType
from ocs.model.quality import Quality
from ocs.model.series import QUALITIES, Batch, FieldType, SeriesKey
from ocs.wire.line_protocol import LONGEST_TEXT, encode_lines

T0 = 1_795_170_036_770_000_000
SERIES = SeriesKey("thermo-1", "temperatures", "temperatures")

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.text(alphabet=st.sampled_from('a b,=c\\"\n\r\tzé'), min_size=1, max_size=8)
INTEGERS = [dtype for dtype in BOUNDS if dtype is not DataType.UINT64]


def values_of(dtype: DataType) -> st.SearchStrategy[Any]:
    if dtype in BOUNDS:
        return st.integers(*BOUNDS[dtype])
    if dtype is DataType.BOOL:
        return st.booleans()
    if dtype is DataType.FLOAT32:
        return st.floats(width=32)
    return st.floats() if dtype is DataType.FLOAT64 else TEXTS


SCALARS = [*BOUNDS, DataType.BOOL, DataType.FLOAT32, DataType.FLOAT64, DataType.STR, DataType.ENUM, DataType.STATE]


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    rows = draw(st.integers(1, 4))
    kinds = draw(st.dictionaries(NAMES, st.sampled_from(SCALARS), min_size=1, max_size=4))
    columns = {
        name: draw(st.lists(st.none() | values_of(dtype), min_size=rows, max_size=rows))
        for name, dtype in kinds.items()
    }
    quality = {
        name: np.array(draw(st.lists(st.integers(0, len(QUALITIES) - 1), min_size=rows, max_size=rows)), np.uint8)
        for name in draw(st.sets(st.sampled_from(sorted(kinds))))
    }
    series = SeriesKey(draw(NAMES), draw(NAMES), draw(NAMES))
    times = np.array(draw(st.lists(st.integers(*BOUNDS[DataType.INT64]), min_size=rows, max_size=rows)), np.int64)
    return Batch(series, 0, 1, times, {name: FieldType(dtype) for name, dtype in kinds.items()}, columns, quality)


# -- a reader of lines, as InfluxDB's documentation tells the syntax ------------------------------

NAME = r"(?:\\.|[^\\,= ])+"
VALUE = r'"(?:\\.|[^\\"])*"|[^", ]+'
FIELD = rf"{NAME}=(?:{VALUE})"
LINE = re.compile(
    rf"(?P<measurement>(?:\\.|[^\\, ])+)(?P<tags>(?:,{NAME}={NAME})*) (?P<fields>{FIELD}(?:,{FIELD})*) (?P<time>-?\d+)"
)


def parsed(line: str) -> tuple[str, dict[str, str], dict[str, Any], int]:
    found = LINE.fullmatch(line)
    assert found is not None, line
    tags = {plain(key): plain(value) for key, value in re.findall(rf",({NAME})=({NAME})", found["tags"])}
    fields = {plain(key): read(value) for key, value in re.findall(rf"({NAME})=({VALUE})", found["fields"])}
    return plain(found["measurement"]), tags, fields, int(found["time"])


def plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def read(text: str) -> Any:
    if text.startswith('"'):
        return plain(text[1:-1])
    if text in {"true", "false"}:
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)


def named(name: str) -> str:
    """A name as servers can have it: its control signs are spaces, its backslashes slashes."""
    return re.sub(r"[\n\r\t]", " ", name).replace("\\", "/")


def known(dtype: DataType, value: Any) -> Any:
    """A value as servers can have it; None where they can have none."""
    if isinstance(value, str):
        return value.replace("\n", "\\n").replace("\r", "\\r")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(value) if dtype is DataType.UINT64 and value is not None else value


def row_of(batch: Batch, row: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, kind in batch.fields.items():
        told[named(name)] = known(kind.dtype, batch.columns[name][row])
    for name, column in ((name, batch.quality[name]) for name in batch.fields if name in batch.quality):
        told[f"{named(name)}:quality"] = int(column[row]) or None
    return {name: value for name, value in told.items() if value is not None}


# ---------------------------------------------------------------------------------------------------


@given(batch=batches().filter(lambda batch: len({named(name) for name in batch.fields}) == len(batch.fields)))
def test_lines_tell_what_the_rows_hold(batch: Batch) -> None:
    lines = [parsed(line) for line in encode_lines(batch, "lab")]

    rows = [(row_of(batch, row), time) for row, time in enumerate(batch.times.tolist())]
    # as text, so that 1, 1.0 and true are three things
    assert [(repr(fields), time) for _, _, fields, time in lines] == [(repr(row), time) for row, time in rows if row]
    series, own_block = batch.series, batch.series.block != batch.series.feed
    tags = {"feed": named(series.feed)} | ({"block": named(series.block)} if own_block else {})
    assert all((measurement, told) == (f"lab.{named(series.device)}", tags) for measurement, told, _, _ in lines)


@given(batch=batches())
def test_a_line_is_one_line_of_text(batch: Batch) -> None:
    lines = encode_lines(batch)

    assert "\n".join(lines).split("\n") == (lines or [""])
    assert not any("\r" in line for line in lines)


def test_a_line_is_the_one_of_ocs_publisher() -> None:
    fields = {
        "channel_00": FieldType(DataType.FLOAT64, unit="K"), "count": FieldType(DataType.INT32),
        "valid": FieldType(DataType.BOOL), "mode": FieldType(DataType.ENUM, labels=("idle", "cooling down")),
    }  # fmt: skip
    columns = {
        "channel_00": np.array([0.1, 293.15]), "count": np.array([-3, 4], np.int32),
        "valid": np.array([True, False]), "mode": ["idle", "cooling down"],
    }  # fmt: skip

    lines = encode_lines(Batch(SERIES, 0, 1, np.array([T0, T0 + 1]), fields, columns), "observatory")

    assert lines == [
        f'observatory.thermo-1,feed=temperatures channel_00=0.1,count=-3i,valid=true,mode="idle" {T0}',
        f'observatory.thermo-1,feed=temperatures channel_00=293.15,count=4i,valid=false,mode="cooling down" {T0 + 1}',
    ]


def test_a_block_with_a_name_of_its_own_is_a_tag() -> None:
    batch = Batch(
        SeriesKey("cryo/thermo/1", "_channels", "cold plate"), 0, 1, np.array([T0]), {"x": FieldType(DataType.FLOAT64)},
        {"x": np.array([1.5])},
    )  # fmt: skip

    assert encode_lines(batch) == [rf"cryo/thermo/1,block=cold\ plate,feed=_channels x=1.5 {T0}"]


def test_a_quality_is_told_only_where_it_is_not_valid() -> None:
    numbers = np.array([QUALITIES.index(Quality.VALID), QUALITIES.index(Quality.ALARM)], np.uint8)
    batch = Batch(
        SERIES, 0, 1, np.array([T0, T0 + 1]), {"x": FieldType(DataType.FLOAT64)}, {"x": np.array([1.0, 2.0])},
        {"x": numbers},
    )  # fmt: skip

    assert [parsed(line)[2] for line in encode_lines(batch)] == [{"x": 1.0}, {"x": 2.0, "x:quality": 3}]


def test_a_row_without_values_makes_no_line() -> None:
    batch = Batch(
        SERIES, 0, 1, np.array([T0, T0 + 1, T0 + 2]), {"x": FieldType(DataType.FLOAT64)},
        {"x": np.array([math.nan, math.inf, 1.0])},
    )  # fmt: skip

    assert encode_lines(batch) == [f"thermo-1,feed=temperatures x=1.0 {T0 + 2}"]


@pytest.mark.parametrize(
    ("kind", "column"),
    [(FieldType(DataType.FLOAT64, 1), np.ones((1, 3))), (FieldType(DataType.BYTES), [b"raw"])],
    ids=["array", "bytes"],
)
def test_what_the_protocol_has_no_word_for_is_left_out(kind: FieldType, column: Any) -> None:
    fields, columns = {"x": kind}, {"x": column}
    quality = {"x": np.array([1], np.uint8)}

    assert encode_lines(Batch(SERIES, 0, 1, np.array([T0]), fields, columns, quality)) == []
    both = Batch(SERIES, 0, 1, np.array([T0]), fields | {"n": FieldType(DataType.INT8)}, columns | {"n": np.array([7])})
    assert [parsed(line)[2] for line in encode_lines(both)] == [{"n": 7}]


def test_a_record_is_the_text_of_its_json() -> None:
    record = json.dumps({"target": "M 31", "note": 'a "good" one\n'})
    batch = Batch(SERIES, 0, 1, np.array([T0]), {"r": FieldType(DataType.RECORD)}, {"r": [record]})

    assert json.loads(parsed(encode_lines(batch)[0])[2]["r"]) == {"target": "M 31", "note": 'a "good" one\n'}


def test_a_text_is_cut_at_what_servers_take() -> None:
    batch = Batch(SERIES, 0, 1, np.array([T0]), {"t": FieldType(DataType.STR)}, {"t": ["x" * (LONGEST_TEXT + 1)]})

    assert parsed(encode_lines(batch)[0])[2]["t"] == "x" * LONGEST_TEXT
