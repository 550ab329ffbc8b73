"""What a plot shows of an answer."""

from __future__ import annotations

import numpy as np
import pytest

from ocs.cli.traces import MOST_WORDS, broken, held, panels, shaded, traces
from ocs.model.gap import Gap, GapCause
from ocs.model.series import CHANNELS_FEED
from tests.ocs.cli.answers import SECOND, START, answer, part

GAP = Gap("thermo-1", START + 2 * SECOND, START + 4 * SECOND, GapCause.AGENT_DOWN)


def test_numbers_share_an_axis_with_those_of_their_unit_and_words_have_their_own() -> None:
    history = answer(
        part("thermo-1", "f", [0, 1], {"inner": [1, 2], "outer": [1.5, 2.5], "p": [7, 8]},
             {"inner": "K", "outer": "K", "p": "hPa"}),
        part("stage-1", "_channels", [0, 1], {"State": ["ON", "OFF"], "homed": [True, None]}),
    )  # fmt: skip

    found = panels(traces(history)[0])

    assert [(panel.unit, [trace.name for trace in panel.traces], panel.words) for panel in found] == [
        ("K", ["thermo-1.inner", "thermo-1.outer"], ()),
        ("hPa", ["thermo-1.p"], ()),
        ("", ["stage-1.State"], ("ON", "OFF")),
        ("", ["stage-1.homed"], ("no", "yes")),
    ]
    assert [panel.title for panel in found] == ["[K]", "p [hPa]", "State", "homed"]
    assert found[3].traces[0].values.tolist()[0] == 1.0
    assert np.isnan(found[3].traces[0].values[1])


def test_decimated_numbers_have_a_band() -> None:
    history = answer(part("a", "f", [0, 1], {"x": [1.0, 2.0], "x:min": [0.5, 1.0], "x:max": [3.0, 4.0]}))

    (trace,) = traces(history)[0]

    assert trace.low is not None
    assert trace.high is not None
    assert (trace.low.tolist(), trace.high.tolist()) == ([0.5, 1.0], [3.0, 4.0])


def test_truth_values_have_an_axis_of_their_own_when_they_are_decimated_too() -> None:
    part_of_time = {"on": [0.25, 1.0], "on:min": [0.0, 1.0], "on:max": [1.0, 1.0]}
    history = answer(part("a", CHANNELS_FEED, [0, 1], part_of_time, told={"on": {"dtype": "bool"}}))

    (panel,) = panels(traces(history)[0])
    lasting = held(panel.traces[0], [], history.end)

    assert panel.words == ("no", "yes")
    assert lasting.values.tolist() == [0.25, 1.0, 1.0]
    assert lasting.low is not None
    assert lasting.low.tolist() == [0.0, 1.0, 1.0]


def test_the_words_of_an_enum_stand_in_the_order_of_its_labels() -> None:
    words = ["CLOSED", None, "OPEN", "AJAR", "OPEN"]
    labels = {"shutter": {"dtype": "enum", "labels": '["OPEN", "HALF", "CLOSED"]'}}

    (trace,) = traces(answer(part("a", "f", range(5), {"shutter": words}, told=labels)))[0]

    assert trace.words == ("OPEN", "CLOSED", "AJAR")
    np.testing.assert_array_equal(trace.values, [1, np.nan, 0, 2, 0])


def test_no_line_leads_across_a_gap() -> None:
    history = answer(part("thermo-1", "f", [0, 1, 5, 6], {"x": [1, 2, 3, 4]}), gaps=[GAP])
    (trace,) = traces(history)[0]

    cut = broken(trace, history.gaps)

    assert np.isnan(cut.values).tolist() == [False, False, True, False, False]
    assert (np.diff(cut.times) > np.timedelta64(0, "ns")).all()


@pytest.mark.parametrize(
    ("first", "last", "span"),
    [
        (100, 300, (100, 300)), (-500, 300, (0, 300)), (900, None, (900, 1000)), (100, 101, (100, 102)),
        (-9, 1, (0, 2)), (999, None, (998, 1000)), (1000, 1100, (998, 1000)), (1001, None, None), (-9, -1, None),
    ],
)  # fmt: skip
def test_a_gap_is_shaded_so_wide_that_it_is_seen(first: int, last: int | None, span: tuple[int, int] | None) -> None:
    assert shaded(Gap("a", first, last, GapCause.AGENT_DOWN), 0, 1000) == span


@pytest.mark.parametrize(
    "gap",
    [
        Gap("thermo-2", START + 2 * SECOND, None, GapCause.AGENT_DOWN),
        Gap("thermo-1", START + 2 * SECOND, None, GapCause.AGENT_DOWN, feed="other"),
        Gap("thermo-1", START - 2 * SECOND, START - SECOND, GapCause.AGENT_DOWN),
        Gap("thermo-1", START + 7 * SECOND, None, GapCause.AGENT_DOWN),
    ],
)
def test_a_gap_of_something_else_or_of_another_time_breaks_nothing(gap: Gap) -> None:
    (trace,) = traces(answer(part("thermo-1", "f", [0, 1, 5, 6], {"x": [1, 2, 3, 4]})))[0]

    assert broken(trace, [gap]).values.tolist() == [1, 2, 3, 4]


def test_values_that_are_not_valid_are_marked() -> None:
    quality = {"x": ["VALID", "ALARM", "CHANGING", "WARNING", "ALARM"]}
    (trace,) = traces(answer(part("a", "f", range(5), {"x": [1.0, 2.0, 3.0, 4.0, None]}, quality=quality)))[0]

    assert {word: places.tolist() for word, places in trace.flagged().items()} == {
        "ALARM": [False, True, False, False, False],
        "WARNING": [False, False, False, True, False],
    }


@pytest.mark.parametrize("values", [[[1, 2], [3, 4]], [[1], [2, 3]], [b"ab", b"c"], [None, [1]]])
def test_arrays_are_left_out_with_a_way_to_have_them(values: list[object]) -> None:
    shown, left_out = traces(answer(part("a", "f", [0, 1], {"x": values, "y": [1, 2]})))

    assert [trace.name for trace in shown] == ["a.y"]
    assert left_out[0].message.startswith("a.x has no single numbers; `ocs export` writes")


def test_more_words_than_an_axis_has_room_for_are_left_out() -> None:
    words = [f"line {number}" for number in range(MOST_WORDS + 1)]

    shown, left_out = traces(answer(part("a", "f", range(len(words)), {"log": words})))

    assert not shown
    assert left_out[0].message.startswith("a.log has 13 different texts")


def test_records_and_long_messages_are_left_out() -> None:
    shown, left_out = traces(answer(part("a", "f", [0], {"record": ["x" * 61], "word": ["x" * 60]})))

    assert [trace.name for trace in shown] == ["a.word"]
    assert left_out[0].message == "a.record has texts of more than 60 characters; `ocs history` shows them"


def test_a_channel_without_rows_is_not_drawn() -> None:
    assert traces(answer(part("a", "f", [], {"x": []}))) == ([], [])


def test_a_state_lasts_until_the_end_unless_there_is_a_gap() -> None:
    history = answer(part("thermo-1", CHANNELS_FEED, [0, 1], {"State": ["OFF", "ON"]}))
    (trace,) = traces(history)[0]

    assert held(trace, [], history.end).values.tolist() == [0, 1, 1]
    assert held(trace, [], history.end).times[-1].astype(int) == history.end
    assert held(trace, [GAP], history.end).values.tolist() == [0, 1]


def test_a_word_that_is_polled_does_not_last() -> None:
    history = answer(part("thermo-1", "f", [0, 1], {"mode": ["A", "B"]}))
    (trace,) = traces(history)[0]

    assert held(trace, [], history.end).values.tolist() == [0, 1]
