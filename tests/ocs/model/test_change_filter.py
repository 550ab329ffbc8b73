from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.change_filter import ChangeFilter
from ocs.model.errors import DeviceError, LinkLostError, OcsError
from ocs.model.event import Reason
from ocs.model.quality import Quality
from ocs.model.reading import Reading

NEVER = math.inf


def reading(value: Any, quality: Quality = Quality.VALID, error: OcsError | None = None) -> Reading:
    return Reading(value, Quality.INVALID if error else quality, 0.0, error=error)


def sent(changes: ChangeFilter, values: Sequence[Any]) -> list[Any]:
    """Return the values of which an event goes out."""
    events = []
    for value in values:
        if changes.due(reading(value)) is not None:
            changes.sent(reading(value))
            events.append(value)
    return events


def both(abs_change: float | None = None, rel_change: float | None = None) -> ChangeFilter:
    return ChangeFilter(
        None if abs_change is None else (abs_change, abs_change),
        None if rel_change is None else (rel_change, rel_change),
        numeric=True,
    )


def after(value: Any, changes: ChangeFilter) -> ChangeFilter:
    changes.sent(reading(value))
    return changes


def test_an_absolute_threshold_does_what_tango_was_seen_to_do() -> None:
    assert sent(both(abs_change=1), [0, 0.5, 1, 1.5, 2.6, 1.6, 1.5]) == [0, 1, 2.6, 1.6]


def test_a_relative_threshold_does_what_tango_was_seen_to_do() -> None:
    # Tango sent 10, 10.9, 12, 0, .001: the 10 is the read of the subscription, 10.9 the first value polled after it
    assert sent(both(rel_change=10), [10.9, 11, 12, 12.2, 0, 0.001]) == [10.9, 12, 0, 0.001]


def test_pushed_values_are_filtered_as_tango_was_seen_to_do() -> None:
    assert sent(both(abs_change=1), [1.3, 3, 3.1, 5]) == [1.3, 3, 5]


@given(st.lists(st.floats(-1e6, 1e6)), st.floats(1e-3, 1e6))
def test_each_event_moved_by_the_threshold_and_nothing_between_did(values: list[float], threshold: float) -> None:
    changes, last = both(abs_change=threshold), None
    near = 1e-9  # of the threshold itself either answer is right, up to rounding

    for value in values:
        due = changes.due(reading(value))
        if last is None:
            assert due is Reason.FIRST
        elif abs(abs(value - last) - threshold) > near:
            assert (due is Reason.VALUE) is (abs(value - last) > threshold)
        if due:
            changes.sent(reading(value))
            last = value


@given(st.integers(1, 500), st.integers(1, 100), st.sampled_from([0.1, 0.01, 0.001]))
def test_a_step_of_exactly_the_threshold_counts_in_decimal_fractions(start: int, steps: int, unit: float) -> None:
    digits = len(str(unit)) - 2
    value, other = round(start * unit, digits), round((start + steps) * unit, digits)
    threshold = round(steps * unit, digits)

    assert after(value, both(abs_change=threshold)).due(reading(other)) is Reason.VALUE
    assert after(other, both(abs_change=threshold)).due(reading(value)) is Reason.VALUE
    assert after(value, both(abs_change=threshold * 1.001)).due(reading(other)) is None


@given(
    st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=4),
    st.lists(st.floats(allow_nan=True, width=32), min_size=4, max_size=4),
    st.sampled_from([None, (1.0, 2.0), (NEVER, 1.0), (0.0, 0.0)]),
    st.sampled_from([None, (10.0, 20.0), (5.0, NEVER), (200.0, 0.0)]),
)
def test_an_array_changed_exactly_when_one_of_its_elements_did(
    old: list[float], new: list[float], absolute: Any, relative: Any
) -> None:
    new = new[: len(old)]
    numeric = ChangeFilter(absolute, relative, numeric=True)

    each = [
        after(a, ChangeFilter(absolute, relative, numeric=True)).due(reading(b)) for a, b in zip(old, new, strict=True)
    ]

    due = after(np.array(old), numeric).due(reading(np.array(new)))
    assert due is (Reason.VALUE if any(each) else None)


@given(st.floats(allow_nan=True), st.sampled_from([0.0, 1.0, NEVER]))
def test_the_same_value_is_no_change(value: float, threshold: float) -> None:
    assert after(value, both(abs_change=threshold, rel_change=threshold)).due(reading(value)) is None


def test_a_threshold_of_zero_sends_every_change() -> None:
    assert sent(both(abs_change=0), [1, 1, 1.0000001, 1.0000001, 1]) == [1, 1.0000001, 1]


@pytest.mark.parametrize(("value", "due"), [(11, Reason.VALUE), (10.9, None), (0, None), (-1000, None)])
def test_down_may_be_never(value: float, due: Reason | None) -> None:
    assert after(10, ChangeFilter((NEVER, 1), None, numeric=True)).due(reading(value)) is due


@pytest.mark.parametrize(("value", "due"), [(8, Reason.VALUE), (8.1, None), (14.9, None), (15, Reason.VALUE)])
def test_down_and_up_may_differ(value: float, due: Reason | None) -> None:
    assert after(10, ChangeFilter((2, 5), None, numeric=True)).due(reading(value)) is due


def test_never_holds_for_infinite_steps_too() -> None:
    assert after(0.0, ChangeFilter((1, NEVER), None, numeric=True)).due(reading(math.inf)) is None
    assert after(0.0, ChangeFilter((1, NEVER), None, numeric=True)).due(reading(-math.inf)) is Reason.VALUE


@pytest.mark.parametrize(("value", "due"), [(-9.1, None), (-9, Reason.VALUE), (-12, Reason.VALUE), (-11.9, None)])
def test_per_cent_of_a_negative_value_rise_and_fall_alike(value: float, due: Reason | None) -> None:
    assert after(-10, ChangeFilter(None, (20, 10), numeric=True)).due(reading(value)) is due


@pytest.mark.parametrize(("rel_change", "due"), [(100, Reason.VALUE), (100.1, None)])
def test_any_change_from_zero_is_one_of_100_per_cent(rel_change: float, due: Reason | None) -> None:
    assert after(0, both(rel_change=rel_change)).due(reading(1e-12)) is due
    assert after(np.zeros(2), both(rel_change=rel_change)).due(reading(np.array([0, 1e-12]))) is due


def test_either_threshold_is_enough() -> None:
    changes = after(100, both(abs_change=5, rel_change=1))

    assert changes.due(reading(101)) is Reason.VALUE
    assert after(1, both(abs_change=5, rel_change=1000)).due(reading(6)) is Reason.VALUE


def test_whole_numbers_of_64_bit_are_compared_exactly() -> None:
    assert after(2**60, both(abs_change=2)).due(reading(2**60 + 1)) is None
    assert after(2**60, both(abs_change=2)).due(reading(2**60 + 2)) is Reason.VALUE


def test_unsigned_elements_do_not_wrap_around() -> None:
    small, large = np.array([1], dtype=np.uint8), np.array([2], dtype=np.uint8)

    assert after(large, both(abs_change=5)).due(reading(small)) is None


@pytest.mark.parametrize(("old", "new"), [(math.nan, 1.0), (1.0, math.nan), (None, 1.0), (1.0, None)])
def test_beginning_and_ceasing_to_be_a_number_are_changes(old: Any, new: Any) -> None:
    assert after(old, both(abs_change=1e9)).due(reading(new)) is Reason.VALUE


def test_an_element_that_begins_to_be_nan_is_a_change_and_one_that_stays_is_not() -> None:
    changes = after(np.array([math.nan, 1.0]), both(abs_change=5))

    assert changes.due(reading(np.array([math.nan, 1.0]))) is None
    assert changes.due(reading(np.array([math.nan, math.nan]))) is Reason.VALUE


def test_numbers_without_threshold_never_change_but_everything_else_is_told() -> None:
    changes = after(1.0, both())

    assert changes.due(reading(1e9)) is None
    assert changes.due(reading(1.0, Quality.ALARM)) is Reason.QUALITY
    assert changes.due(reading(None, error=LinkLostError("gone"))) is Reason.FAILING


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (True, False), ("a", "b"), (b"a", b"b"), ({"a": 1}, {"a": 2}), (["a"], ["b"]), ({"a": [1]}, {"a": [1, 2]}),
        (np.array([True]), np.array([False])), (1.0, 1.0000001), (np.array([1.0]), np.array([2.0])), (None, "a"),
        ({"a": math.nan}, {"a": 1.0}),
    ],
)  # fmt: skip
def test_what_is_no_number_changes_when_it_differs(old: Any, new: Any) -> None:
    changes = after(old, ChangeFilter(None, None, numeric=False))

    assert changes.due(reading(new)) is Reason.VALUE
    assert changes.due(reading(old)) is None


def test_a_record_that_was_made_again_has_not_changed_even_with_nan_in_it() -> None:
    changes = after({"a": [float("nan")], "b": {}}, ChangeFilter(None, None, numeric=False))

    assert changes.due(reading({"a": [float("nan")], "b": {}})) is None


@pytest.mark.parametrize(
    ("old", "new", "numeric"),
    [
        (np.zeros(2), np.zeros(3), True), (np.zeros((1, 2)), np.zeros((2, 1)), True), (["a"], ["a", "a"], False),
        ([["a", "b"]], [["a"], ["b"]], False), ([], ["a"], False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("threshold", [None, (NEVER, NEVER)])
def test_another_size_is_an_event_without_any_threshold(old: Any, new: Any, numeric: bool, threshold: Any) -> None:  # noqa: FBT001
    changes = after(old, ChangeFilter(threshold, None, numeric))

    assert changes.due(reading(new)) is Reason.SIZE


def test_the_quality_comes_before_the_value() -> None:
    changes = after(1.0, both(abs_change=1))

    assert changes.due(reading(5.0, Quality.ALARM)) is Reason.QUALITY


def test_a_failing_read_makes_one_event_until_it_fails_differently_or_recovers() -> None:
    changes = after(1.0, both(abs_change=1))
    errors = [LinkLostError("gone"), LinkLostError("gone"), LinkLostError("gone again"), DeviceError("gone again")]
    reasons = []
    for each in (*(reading(None, error=error) for error in errors), reading(1.0), reading(1.0)):
        reason = changes.due(each)
        reasons.append(reason)
        if reason is not None:
            changes.sent(each)

    assert reasons == [Reason.FAILING, None, Reason.FAILING, Reason.FAILING, Reason.RECOVERED, None]


def test_the_first_reading_is_an_event_good_or_bad() -> None:
    assert both().due(reading(1.0)) is Reason.FIRST
    assert both().due(reading(None, error=LinkLostError("gone"))) is Reason.FIRST


def test_changes_count_from_what_was_sent_not_from_what_was_seen() -> None:
    changes = after(0.0, both(abs_change=1))

    assert [changes.due(reading(value)) for value in (0.6, 0.9)] == [None, None]
    assert changes.due(reading(1.2)) is Reason.VALUE
    assert changes.due(dataclasses.replace(reading(1.2), time=5.0)) is Reason.VALUE
