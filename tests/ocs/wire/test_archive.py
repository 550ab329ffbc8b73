"""What goes to the archiver: batches and gaps come back as they were, and nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ocs.model.datatype import DataType
from ocs.model.errors import OcsError, ParameterError, VersionError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import QUALITIES, Batch, FieldType, SeriesKey
from ocs.wire.archive import (
    LONGEST_DETAIL,
    LONGEST_NAME,
    VERSION,
    decode_batch,
    decode_fields,
    decode_gap,
    encode_batch,
    encode_field,
    encode_gap,
)

NAMES = st.text(min_size=1, max_size=8)
INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
POSITIVE = st.integers(0, 2**62)
NUMBERS = [kind for kind in DataType if kind.numeric or kind is DataType.BOOL]
LISTED = [kind for kind in DataType if kind not in NUMBERS]
VALUES = st.none() | st.text(max_size=5) | st.binary(max_size=5) | st.lists(st.integers(0, 9), max_size=2)


@st.composite
def fields(draw: st.DrawFn, dtypes: list[DataType]) -> FieldType:
    labels = st.lists(NAMES, max_size=3).map(tuple)
    return FieldType(draw(st.sampled_from(dtypes)), draw(st.integers(0, 2)), draw(st.text(max_size=3)), draw(labels))


@st.composite
def columns(draw: st.DrawFn, rows: int) -> tuple[FieldType, Any]:
    if draw(st.booleans()):
        kind = draw(fields(LISTED))
        return kind, draw(st.lists(VALUES, min_size=rows, max_size=rows))
    kind = draw(fields(NUMBERS))
    shape = (rows, *draw(st.lists(st.integers(0, 3), min_size=kind.dims, max_size=kind.dims)))
    array = draw(hnp.arrays(kind.dtype.value, shape))
    return kind, np.asfortranarray(array) if draw(st.booleans()) else array


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    rows = draw(st.integers(1, 5))
    given_columns = draw(st.dictionaries(NAMES, columns(rows), min_size=1, max_size=4))
    quality = st.sampled_from(sorted(given_columns))
    numbers = hnp.arrays(np.uint8, rows, elements=st.integers(0, len(QUALITIES) - 1))
    return Batch(
        SeriesKey(draw(NAMES), draw(NAMES), draw(NAMES)), draw(POSITIVE), draw(st.integers(1, 2**62)),
        np.array(draw(st.lists(INT64, min_size=rows, max_size=rows)), dtype=np.int64),
        {name: kind for name, (kind, _) in given_columns.items()},
        {name: column for name, (_, column) in given_columns.items()},
        draw(st.dictionaries(quality, numbers)),
    )  # fmt: skip


def sent(told: dict[str, Any]) -> Any:
    return msgpack.unpackb(msgpack.packb(told))


def same(one: Any, other: Any) -> bool:
    if not isinstance(one, np.ndarray):
        return bool(one == other)
    return bool(one.dtype == other.dtype) and one.shape == other.shape and one.tobytes() == other.tobytes()


@given(batch=batches())
@settings(deadline=None)
def test_a_batch_comes_back_as_it_was_to_the_last_bit(batch: Batch) -> None:
    back = decode_batch(sent(encode_batch(batch)))

    assert (back.series, back.epoch, back.seq, back.fields) == (batch.series, batch.epoch, batch.seq, batch.fields)
    assert list(back.fields) == list(batch.fields)
    assert same(batch.times, back.times)
    assert all(same(column, back.columns[name]) for name, column in batch.columns.items())
    assert back.columns.keys() == batch.columns.keys()
    assert all(same(column, back.quality[name]) for name, column in batch.quality.items())
    assert back.quality.keys() == batch.quality.keys()


@given(batch=batches())
@settings(deadline=None, max_examples=20)
def test_numbers_are_views_of_what_was_received(batch: Batch) -> None:
    back = decode_batch(sent(encode_batch(batch)))

    assert not any(column.flags.owndata for column in back.columns.values() if isinstance(column, np.ndarray))


@given(kind=fields(list(DataType)))
def test_the_type_of_a_field_comes_back(kind: FieldType) -> None:
    assert decode_fields(sent({"x": encode_field(kind)})) == {"x": kind}


def test_columns_in_the_order_of_another_machine_are_the_same_numbers() -> None:
    batch = Batch(
        SeriesKey("a", "b", "c"), 0, 1, np.array([1, 2]), {"x": FieldType(DataType.FLOAT64)},
        {"x": np.array([1.5, 2.5], dtype=">f8")},
    )  # fmt: skip

    assert decode_batch(sent(encode_batch(batch))).columns["x"].tolist() == [1.5, 2.5]


# -- refusals --------------------------------------------------------------------------------------


def part(**changed: Any) -> dict[str, Any]:
    made = Batch(
        SeriesKey("thermo-1", "temperatures", "fast"), 7, 1, np.array([1000, 2000]),
        {"x": FieldType(DataType.FLOAT64), "word": FieldType(DataType.STR)},
        {"x": np.array([4.0, 5.0]), "word": ["a", "b"]}, {"x": np.array([0, 1], dtype=np.uint8)},
    )  # fmt: skip
    told: dict[str, Any] = sent(encode_batch(made))
    return {key: value for key, value in (told | changed).items() if value is not Ellipsis}


def array(values: Any, dtype: str) -> dict[str, Any]:
    made = np.array(values, dtype=dtype)
    return {"dtype": made.dtype.str, "shape": list(made.shape), "data": made.tobytes()}


FLOATS = array([4.0, 5.0], "<f8")
FLOAT = {"type": "float64"}
HALF = "\ud800"
"""Half a character: JSON may carry it, UTF-8 cannot."""


def test_the_part_that_the_refusals_change_is_taken() -> None:
    assert len(decode_batch(part())) == 2


@pytest.mark.parametrize("key", ["version", "device", "feed", "block", "epoch", "seq", "time", "fields", "columns"])
def test_a_batch_without_one_of_its_keys_is_refused(key: str) -> None:
    with pytest.raises(ParameterError, match=key):
        decode_batch(part(**{key: ...}))


def test_a_batch_of_a_newer_release_is_refused_as_such() -> None:
    with pytest.raises(VersionError, match="update"):
        decode_batch(part(version=VERSION + 1))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"device": ""}, "needs device"),
        ({"feed": ""}, "needs device"),
        ({"block": ""}, "needs device"),
        ({"fields": {}, "columns": {}}, "at least one field"),
        ({"fields": [1]}, "no batch"),
        ({"fields": {"x": FLOAT | {"dims": 3}, "word": {"type": "str"}}}, "dimensions"),
        ({"fields": {"x": {"type": "complex"}, "word": {"type": "str"}}}, "complex"),
        ({"fields": {"x": FLOAT}}, "without a field.*word"),
        ({"version": "one"}, "no batch"),
        ({"epoch": -1}, "epochs from 0"),
        ({"epoch": 2**63}, "64 bits"),
        ({"epoch": float("inf")}, "no batch"),
        ({"seq": 0}, "from 1"),
        ({"seq": 2**63 - 1}, "not 9223372036854775807"),
        ({"seq": 2**63 - 2}, "not 9223372036854775806"),
        ({"seq": "first"}, "no batch"),
        ({"seq": 1.5}, "1.5 is no whole number"),
        ({"time": [1, 2]}, "time"),
        ({"time": array([1.0, 2.0], "<f8")}, "int64"),
        ({"time": array([1, 2], ">i8")}, "int64"),
        ({"time": array([[1, 2]], "<i8")}, "int64"),
        ({"time": array(1, "<i8")}, "int64"),
        ({"time": array([], "<i8"), "columns": {"x": array([], "<f8"), "word": []}}, "at least one row"),
        ({"time": array([1, 2, 3], "<i8")}, "2 values for 3 times"),
        ({"columns": {"x": FLOATS}}, "word"),
        ({"columns": {"x": FLOATS, "word": ["a"]}}, "word.* 1 values for 2"),
        ({"columns": {"x": FLOATS, "word": "ab"}}, "neither a list"),
        ({"columns": {"x": FLOATS, "word": array([1, 2], "<i8")}}, "word is str"),
        ({"columns": {"x": array([1, 2], "<i8"), "word": ["a", "b"]}}, "float64 of 0 dimensions.*int64"),
        ({"columns": {"x": array([[1.0], [2.0]], "<f8"), "word": ["a", "b"]}}, r"shape \(2, 1\)"),
        ({"columns": {"x": FLOATS | {"data": b"short"}, "word": ["a", "b"]}}, "x is damaged"),
        ({"columns": {"x": FLOATS | {"shape": [3]}, "word": ["a", "b"]}}, "x is damaged"),
        ({"columns": {"x": FLOATS | {"dtype": "O"}, "word": ["a", "b"]}}, "x is damaged"),
        ({"columns": {"x": {"data": b""}, "word": ["a", "b"]}}, "x is damaged"),
        ({"quality": {"x": array([0, 1], "<i8")}}, "qualities of x"),
        ({"quality": {"x": array([0, len(QUALITIES)], "u1")}}, "qualities of x"),
        ({"quality": {"x": array(1, "u1")}}, "qualities of x"),
        ({"quality": {"x": array([0], "u1")}}, "1 values for 2"),
        ({"quality": [1]}, "no batch"),
        ({"device": HALF}, "surrogates"),
        ({"block": HALF}, "surrogates"),
        ({"fields": {HALF: FLOAT, "word": {"type": "str"}}}, "surrogates"),
        ({"fields": {"x": FLOAT | {"unit": HALF}, "word": {"type": "str"}}}, "surrogates"),
        ({"fields": {"x": FLOAT, "word": {"type": "enum", "labels": [HALF]}}}, "surrogates"),
    ],
)  # fmt: skip
def test_a_batch_that_does_not_fit_together_is_refused_with_what_is_wrong(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        decode_batch(part(**changed))


def test_the_quality_of_what_is_no_field_is_left_out() -> None:
    assert decode_batch(part(quality={"y": array([0, 1], "u1")})).quality == {}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=6)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KEYS = st.sampled_from(sorted(part()))
INNER = st.sampled_from(["dtype", "shape", "data", "type", "dims", "unit", "labels", "x", "word"])


@given(told=ANYTHING)
def test_whatever_is_no_batch_is_refused_and_breaks_nothing(told: Any) -> None:
    with pytest.raises(ParameterError):
        decode_batch(told)


@given(key=KEYS, value=ANYTHING | st.dictionaries(INNER, ANYTHING | st.dictionaries(INNER, ANYTHING, max_size=3)))
@settings(deadline=None, max_examples=300)
def test_a_batch_of_which_one_key_is_anything_is_taken_whole_or_refused(key: str, value: Any) -> None:
    try:
        batch = decode_batch(part(**{key: value}))
    except OcsError as error:
        assert error.message  # noqa: PT017 - whether it is refused depends on the value
    else:
        assert all(len(column) == len(batch) for column in [*batch.columns.values(), *batch.quality.values()])


@given(key=INNER, value=ANYTHING)
@settings(deadline=None, max_examples=300)
def test_a_column_of_which_one_key_is_anything_is_taken_whole_or_refused(key: str, value: Any) -> None:
    try:
        batch = decode_batch(part(columns={"x": FLOATS | {key: value}, "word": ["a", "b"]}))
    except OcsError as error:
        assert error.message  # noqa: PT017 - whether it is refused depends on the value
    else:
        assert batch.columns["x"].tolist() == [4.0, 5.0]


# -- gaps ------------------------------------------------------------------------------------------

GAPS = st.builds(
    Gap, device=NAMES, start=INT64, end=st.none() | INT64, cause=st.sampled_from(GapCause), feed=st.text(max_size=5),
    block=st.text(max_size=5), rows=POSITIVE, epoch=POSITIVE, first=POSITIVE, last=POSITIVE, detail=st.text(max_size=9),
)  # fmt: skip


@given(gap=GAPS)
def test_a_gap_comes_back_as_it_was(gap: Gap) -> None:
    assert decode_gap(sent(encode_gap(gap))) == gap


def test_of_a_gap_what_is_empty_is_left_out() -> None:
    assert encode_gap(Gap("thermo-1", 5, None, GapCause.LINK_LOST)) == {
        "device": "thermo-1", "start": 5, "end": None, "cause": "link_lost",
    }  # fmt: skip


GAP = encode_gap(Gap("thermo-1", 5, 7, GapCause.SPOOL_FULL, rows=3))


@pytest.mark.parametrize("key", ["device", "start", "end", "cause"])
def test_a_gap_without_one_of_its_keys_is_refused(key: str) -> None:
    with pytest.raises(ParameterError, match=key):
        decode_gap({name: value for name, value in GAP.items() if name != key})


@pytest.mark.parametrize(
    "changed",
    [
        {"cause": "boredom"}, {"start": "now"}, {"start": 2**63}, {"end": -(2**63) - 1}, {"end": []},
        {"rows": None}, {"epoch": float("inf")}, {"first": 2.5}, {"last": 2**64},
        {"device": HALF}, {"feed": HALF}, {"detail": HALF}, {"block": "x" * (LONGEST_NAME + 1)},
    ],
)  # fmt: skip
def test_a_gap_with_what_is_no_cause_number_or_name_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="no gap"):
        decode_gap(GAP | changed)


def test_the_detail_of_a_gap_is_cut() -> None:
    assert decode_gap(GAP | {"detail": "x" * 1_000_000}).detail == "x" * LONGEST_DETAIL


@given(told=ANYTHING)
def test_whatever_is_no_gap_is_refused_and_breaks_nothing(told: Any) -> None:
    with pytest.raises(ParameterError):
        decode_gap(told)
