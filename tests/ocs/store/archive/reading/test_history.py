from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.gap import Gap, GapCause
from ocs.model.series import CHANNELS_FEED, SeriesKey
from ocs.store.archive.reading.chunk import Chunk
from ocs.store.archive.reading.conversion import told
from ocs.store.archive.reading.history import STAMP, History, Part
from ocs.store.archive.reading.widening import valid

FAST, SLOW = SeriesKey("thermo-1", "fast", "fast"), SeriesKey("thermo-1", "slow", "slow")
SECOND = 1_000_000_000


def table(times: list[int], **columns: Any) -> pa.Table:
    return pa.table({"time": pa.array(times, STAMP), **columns})


def with_unit(given: pa.Table, name: str, unit: str) -> pa.Table:
    at = given.schema.get_field_index(name)
    return given.set_column(at, given.schema.field(name).with_metadata({"unit": unit}), given[name])


def times_of(history: History) -> list[int]:
    return list(history.table["time"].cast(pa.int64()).to_pylist())


def test_one_series_is_its_own_time_base() -> None:
    history = History([Part(FAST, with_unit(table([1, 2], x=[0.5, 1.5], on=[True, None]), "x", "K"))])

    assert history.names == ["thermo-1.x", "thermo-1.on"]
    assert history.units == {"thermo-1.x": "K", "thermo-1.on": ""}
    assert history.table.column_names == ["time", "thermo-1.x", "thermo-1.on"]
    assert history.table["thermo-1.on"].to_pylist() == [True, None]
    assert history.table.schema.field("thermo-1.x").metadata == {b"unit": b"K"}
    assert len(history) == 2


def test_rows_of_several_series_meet_where_their_times_are_the_same() -> None:
    history = History([Part(FAST, table([1, 2, 3], x=[1, 2, 3])), Part(SLOW, table([2, 4], y=["b", "d"]))])

    assert times_of(history) == [1, 2, 3, 4]
    assert history.table["thermo-1.x"].to_pylist() == [1, 2, 3, None]
    assert history.table["thermo-1.y"].to_pylist() == [None, "b", None, "d"]
    assert len(history) == 4


def test_rows_of_the_same_time_stay_apart_when_a_clock_was_set_back() -> None:
    history = History([Part(FAST, table([1, 1, 2], x=[1, 2, 3])), Part(SLOW, table([1, 2, 2], y=[7, 8, 9]))])

    assert times_of(history) == [1, 1, 2, 2]
    assert history.table["thermo-1.x"].to_pylist() == [1, 2, 3, None]
    assert history.table["thermo-1.y"].to_pylist() == [7, None, 8, 9]


@given(st.lists(st.lists(st.integers(0, 12), max_size=12), min_size=1, max_size=4))
@settings(deadline=None)
def test_joining_keeps_each_row_of_each_series_once_in_order(times: list[list[int]]) -> None:
    series = [SeriesKey(f"dev-{at}", "feed", "feed") for at in range(len(times))]
    parts = [
        Part(key, table(sorted(each), x=[100 * at + row for row in range(len(each))]))
        for at, (key, each) in enumerate(zip(series, times, strict=True))
    ]

    history = History(parts)

    base = times_of(history)
    assert base == sorted(base)
    for moment in set(base):
        assert base.count(moment) == max(each.count(moment) for each in times)
    for at, each in enumerate(times):
        told = history.table[f"dev-{at}.x"].to_pylist()
        rows = [(moment, value) for moment, value in zip(base, told, strict=True) if value is not None]
        assert rows == [(moment, 100 * at + row) for row, moment in enumerate(sorted(each))]


def test_fields_of_two_feeds_are_told_apart_by_their_feed() -> None:
    channel = SeriesKey("thermo-1", CHANNELS_FEED, "x")
    history = History([Part(FAST, table([1], x=[1], y=[2])), Part(channel, table([1], x=[3]))])

    assert history.names == ["thermo-1.fast.x", "thermo-1.y", "thermo-1._channels.x"]


def test_fields_of_two_blocks_are_told_apart_by_their_block() -> None:
    left, right = SeriesKey("dev", "feed", "left"), SeriesKey("dev", "feed", "right")
    history = History([Part(left, table([1], x=[1], y=[2])), Part(right, table([1], x=[3]))])

    assert history.names == ["dev.feed.left.x", "dev.y", "dev.feed.right.x"]


def test_columns_that_go_with_a_field_follow_it_and_are_no_channels() -> None:
    decimated = table([1], **{"x": [1.0], "x:min": [0.5], "x:max": [2.0], "x:count": [9], "y": ["a"]})
    exact = table([1], **{"z": [1.0], "z:quality": valid(1)})
    history = History([Part(FAST, decimated), Part(SLOW, exact)])

    assert history.names == ["thermo-1.x", "thermo-1.y", "thermo-1.z"]
    assert history.table.column_names == [
        "time", "thermo-1.x", "thermo-1.x:min", "thermo-1.x:max", "thermo-1.x:count", "thermo-1.y", "thermo-1.z",
        "thermo-1.z:quality",
    ]  # fmt: skip


def test_an_empty_answer_has_its_columns() -> None:
    empty = table([], x=pa.array([], pa.float64()))
    history = History([Part(FAST, empty), Part(SLOW, empty)])

    assert history.names == ["thermo-1.fast.x", "thermo-1.slow.x"]
    assert history.table.column_names == ["time", *history.names]
    assert len(history) == 0
    assert len(History([]).to_arrow()) == 0


def test_chunks_of_a_series_are_put_together_and_widen() -> None:
    history = History.from_chunks(
        [
            Chunk(FAST, table([1, 2], x=pa.array([1, 2]))),
            Chunk(SLOW, table([1], y=[True])),
            Chunk(FAST, table([3], **{"x": [0.5], "x:quality": valid(1)})),
        ]
    )

    assert [part.series for part in history.parts] == [FAST, SLOW]
    assert history.parts[0].table["x"].to_pylist() == [1.0, 2.0, 0.5]
    assert history.parts[0].table["x:quality"].to_pylist() == ["VALID"] * 3


def test_gaps_are_in_the_order_of_their_start() -> None:
    gaps = [Gap("dev", 5, None, GapCause.LINK_LOST), Gap("dev", 1, 2, GapCause.MISSED)]

    assert [gap.start for gap in History([], gaps).gaps] == [1, 5]


def test_it_shows_what_is_in_it() -> None:
    gap = Gap("thermo-1", 10 * SECOND, 20 * SECOND, GapCause.PROCESS_KILLED, feed="fast", rows=3)
    history = History([Part(FAST, with_unit(table([1, 2], x=[1, 2]), "x", "K"))], [gap], start=0, end=60 * SECOND)

    assert repr(history).splitlines() == [
        "History of 1 channels, 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z: 2 rows",
        "  thermo-1.x [K] 2",
        "  gap: " + told(gap),
    ]
    assert told(gap) == (
        "thermo-1.fast 1970-01-01T00:00:10Z to 1970-01-01T00:00:20Z (3 rows): the agent's process was killed or crashed"
    )


def test_it_shows_the_first_of_many() -> None:
    many = table([1], **{f"x{number}": [1] for number in range(30)})
    gaps = [Gap("dev", number, None, GapCause.MISSED) for number in range(30)]

    shown = repr(History([Part(FAST, many)], gaps))

    assert "  ... and 18 more in .names\n" in shown
    assert shown.endswith("  ... and 18 more in .gaps")


def test_a_field_called_time_has_its_own_name() -> None:
    history = History([Part(FAST, table([1], **{"time$": [0.5], "seq$[mK]": [7]}))])

    assert history.names == ["thermo-1.time", "thermo-1.seq[mK]"]
    assert history.table.column_names == ["time", *history.names]
