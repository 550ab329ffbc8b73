"""Spans beside a set of numbers: whatever was put in is in, nothing else, and no two spans touch."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ocs.model.spans import Spans

NUMBERS = st.integers(-5, 40)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12)


def of(pairs: list[tuple[int, int]]) -> set[int]:
    return {number for first, last in pairs for number in range(first, last + 1)}


@given(pairs=PAIRS)
def test_all_that_was_put_in_is_in_and_nothing_else(pairs: list[tuple[int, int]]) -> None:
    spans, expected = Spans(pairs), of(pairs)

    assert {number for number in range(-10, 50) if number in spans} == expected
    assert of(list(spans)) == expected
    assert spans.count == len(expected)


@given(pairs=PAIRS)
def test_spans_are_in_order_and_do_not_touch(pairs: list[tuple[int, int]]) -> None:
    spans = list(Spans(pairs))

    assert all(first <= last for first, last in spans)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(spans))


@given(pairs=PAIRS, first=NUMBERS, last=NUMBERS)
def test_what_is_missing_is_what_is_not_in(pairs: list[tuple[int, int]], first: int, last: int) -> None:
    spans = Spans(pairs)

    missing = spans.missing(first, last)

    assert of(missing) == set(range(first, last + 1)) - of(pairs)
    assert len(of(missing)) == sum(end - begin + 1 for begin, end in missing)
    for begin, end in missing:
        spans.add(begin, end)
    assert spans.missing(first, last) == []


@given(pairs=PAIRS)
def test_holes_are_what_is_missing_between_the_first_and_the_last(pairs: list[tuple[int, int]]) -> None:
    expected = of(pairs)

    holes = Spans(pairs).holes()

    assert of(holes) == (set(range(min(expected), max(expected) + 1)) - expected if expected else set())


@given(pairs=PAIRS)
def test_the_order_in_which_spans_come_does_not_matter(pairs: list[tuple[int, int]]) -> None:
    assert list(Spans(pairs)) == list(Spans(reversed(pairs)))


def test_while_it_is_gone_through_it_may_grow() -> None:
    spans = Spans([(1, 2), (5, 6)])

    for first, _last in spans:
        spans.add(first + 100, first + 100)

    assert list(spans) == [(1, 2), (5, 6), (101, 101), (105, 105)]


def test_a_span_may_be_as_large_as_numbers_are() -> None:
    spans = Spans([(1, 2**62)])

    assert 2**61 in spans
    assert spans.missing(2**62, 2**62 + 5) == [(2**62 + 1, 2**62 + 5)]
    assert list(spans) == [(1, 2**62)]
