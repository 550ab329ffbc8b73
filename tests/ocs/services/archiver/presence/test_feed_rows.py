from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.gap import Gap, GapCause
from ocs.model.series import SeriesKey
from ocs.services.archiver.presence.feed_rows import NS, FeedRows, first_time
from ocs.wire.archive import decode_batch
from ocs.wire.feeds import encode_arrays

EPOCH = 1_700_000_000 * NS
BORN = 1_700_000_000.0


def message(*times: float, block: str = "fast", **data: list[Any]) -> dict[str, Any]:
    return {block: {"block_name": block, "timestamps": list(times), "data": data}}


@pytest.fixture
def rows() -> FeedRows:
    return FeedRows("oven", "fast", EPOCH)


def test_a_message_becomes_a_batch_of_each_of_its_blocks(rows: FeedRows) -> None:
    both = message(BORN, BORN + 0.5, block="left", a=[1.5, 2.5]) | message(BORN, block="right", n=[3], open=[True])

    parts, count = rows.parts(both)
    left, right = (decode_batch(part) for part in parts)

    assert count == 3
    assert (left.series, left.epoch, left.seq) == (SeriesKey("oven", "fast", "left"), EPOCH, 1)
    assert left.times.tolist() == [EPOCH, EPOCH + NS // 2]
    assert left.columns["a"].tolist() == [1.5, 2.5]
    assert {name: kind.dtype for name, kind in right.fields.items()} == {"n": DataType.INT64, "open": DataType.BOOL}


def test_rows_of_a_block_are_numbered_on(rows: FeedRows) -> None:
    numbers = []
    for second in range(3):
        parts, _ = rows.parts(message(BORN + second, BORN + second + 0.5, a=[1.0, 2.0]))
        numbers.append(decode_batch(parts[0]).seq)

    assert numbers == [1, 3, 5]


def test_integers_and_floats_of_one_field_widen(rows: FeedRows) -> None:
    kinds = [decode_batch(rows.parts(message(BORN, a=[value]))[0][0]).fields["a"].dtype for value in (1, 1.5, 2)]

    assert kinds == [DataType.INT64, DataType.FLOAT64, DataType.FLOAT64]


def test_columns_of_bytes_are_taken_too(rows: FeedRows) -> None:
    times = BORN + np.arange(4)
    parts, count = rows.parts(encode_arrays("adc", times, {"a": np.arange(4, dtype=np.int32)}))

    batch = decode_batch(parts[0])
    assert (count, batch.series.block, batch.fields["a"].dtype) == (4, "adc", DataType.INT32)
    assert batch.columns["a"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "junk",
    [
        None, 3, "text", [], {}, {"fast": 3}, message(float("nan"), a=[1.0]), message(1e30, a=[1.0]),
        message(BORN, a=[1.0, 2.0]), message(BORN, BORN, a=[1.0]), {"fast": {"timestamps": ["x"], "data": {"a": [1]}}},
        {"fast": {"timestamps": [BORN], "data": 3}}, {"fast": {"timestamps": [BORN], "data": {"a": 3}}},
        {"fast": {"timestamps": [[BORN]], "data": {"a": [1]}}}, message(BORN, a=[2**70]),
        {"block_name": "x"}, {"block_name": "x", "timestamps": [BORN], "data": {"a": {"dtype": "no", "data": b""}}},
    ],
)  # fmt: skip
def test_what_is_no_message_of_a_recorded_feed_becomes_a_part_that_is_refused(rows: FeedRows, junk: Any) -> None:
    parts, count = rows.parts(junk)

    assert (len(parts), count) == (1, 0)
    assert "columns" not in parts[0]
    assert (parts[0]["device"], parts[0]["message"]) == ("oven", junk)
    assert decode_batch(rows.parts(message(BORN, a=[1.0]))[0][0]).seq == 1


def test_a_block_without_rows_is_nothing(rows: FeedRows) -> None:
    assert rows.parts(message(a=[])) == ([], 0)


def told(rows: FeedRows, second: float, **info: Any) -> Gap | None:
    sent = message(BORN + second, a=[1.0])
    hole = rows.hole_before(sent, info)
    rows.parts(sent)
    return hole


def test_a_hole_in_the_numbers_of_messages_is_a_gap(rows: FeedRows) -> None:
    holes = [told(rows, second, epoch=1, seq=seq) for second, seq in enumerate([7, 8, 11, 12])]

    assert holes == [
        None, None,
        Gap("oven", EPOCH + NS, EPOCH + 2 * NS, GapCause.MISSED, "fast", detail="2 messages"),
        None,
    ]  # fmt: skip


def test_a_new_process_begins_its_numbers_anew_and_plain_agents_have_none(rows: FeedRows) -> None:
    infos: list[dict[str, Any]] = [{"epoch": 1, "seq": 7}, {"epoch": 2, "seq": 1}, {"epoch": 2, "seq": 1}, {}]

    assert [told(rows, second, **info) for second, info in enumerate(infos)] == [None] * 4
    assert told(rows, 9, epoch="x", seq=None) is None


def test_the_first_time_is_the_earliest_of_the_blocks() -> None:
    both = message(BORN + 2, block="left", a=[1]) | message(BORN + 1, block="right", a=[1])

    assert first_time(both) == EPOCH + NS
    assert first_time({"left": 3}) is None
    assert first_time(message(float("inf"), a=[1])) is None


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["fast", "timestamps", "data", "block_name", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(plain, max_size=4), st.dictionaries(st.sampled_from(["epoch", "seq"]), plain))
def test_whatever_somebody_publishes_on_a_feed_does_no_harm(messages: list[Any], info: dict[str, Any]) -> None:
    rows = FeedRows("oven", "fast", EPOCH)
    for each in messages:
        rows.hole_before(each, info)
        parts, count = rows.parts(each)
        assert sum(len(decode_batch(part)) for part in parts if "columns" in part) == count
