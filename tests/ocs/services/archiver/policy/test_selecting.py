from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from ocs.model.archive_policy import read_policy
from ocs.model.datatype import DataType
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver.policy.pauses import PauseGaps, Pauses
from ocs.services.archiver.policy.selecting import Selector

FAST = SeriesKey("thermo-1", "fast", "fast")
NS = 1_000_000_000
TYPES = {"a": FieldType(DataType.FLOAT64), "b": FieldType(DataType.FLOAT64), "s": FieldType(DataType.STR)}


def batch(seq: int, columns: Mapping[str, Any], **quality: list[int]) -> Batch:
    count = len(next(iter(columns.values())))
    times = np.arange(seq, seq + count, dtype=np.int64) * NS
    data = {name: column if name == "s" else np.array(column) for name, column in columns.items()}
    worth = {name: np.array(column, dtype=np.uint8) for name, column in quality.items()}
    return Batch(FAST, 7, seq, times, {name: TYPES[name] for name in columns}, data, worth)


class Judge:
    """A selector, its gaps and its troubles."""

    def __init__(self, *rules: Mapping[str, Any], pauses: Pauses | None = None, lasting: Sequence[Gap] = ()) -> None:
        self.gaps: list[Gap] = []
        self.told: list[str] = []
        gaps = PauseGaps(self.gaps.append, lasting)
        self.selector = Selector(read_policy(rules), pauses or Pauses(), gaps, self.told.append)

    def kept(self, rows: Batch) -> tuple[list[int], dict[str, list[Any]]] | None:
        """Return numbers and columns of what stays."""
        selected = self.selector(rows)
        if selected is None:
            return None
        part = selected.batch
        assert part.seq == rows.seq
        assert len(part) == len(selected.numbers)
        assert all(len(column) == len(part) for column in [*part.columns.values(), *part.quality.values()])
        assert part.times.tolist() == [number * NS for number in selected.numbers]
        return selected.numbers.tolist(), {name: list(column) for name, column in part.columns.items()}


def test_without_rules_all_stays_as_it_is() -> None:
    rows = batch(5, {"a": [1.0, 2.0], "s": ["x", "y"]}, a=[0, 1])
    selected = Judge().selector(rows)

    assert selected is not None
    assert selected.batch is rows
    assert selected.numbers.tolist() == [5, 6]


def test_a_field_that_is_not_archived_is_left_out_with_its_quality() -> None:
    judge = Judge({"match": "*.b", "archive": False})
    rows = batch(1, {"a": [1.0, 2.0], "b": [3.0, 4.0]}, a=[0, 1], b=[1, 0])

    assert judge.kept(rows) == ([1, 2], {"a": [1.0, 2.0]})
    selected = judge.selector(rows)
    assert selected is not None
    assert (list(selected.batch.fields), list(selected.batch.quality)) == (["a"], ["a"])


def test_a_series_of_which_nothing_is_archived_is_left_out() -> None:
    assert Judge({"match": "thermo-1", "archive": False}).kept(batch(1, {"a": [1.0]})) is None


def test_rows_within_a_dead_band_are_left_out_with_all_their_columns() -> None:
    judge = Judge({"match": "*", "dead_band": 1.0})

    assert judge.kept(batch(1, {"a": [0.0, 0.5, 2.0], "s": ["x", "x", "x"]})) == (
        [1, 3],
        {"a": [0.0, 2.0], "s": ["x", "x"]},
    )
    assert judge.kept(batch(4, {"a": [2.0, 2.5], "s": ["x", "x"]})) is None


def test_a_field_without_archive_decides_on_no_row() -> None:
    judge = Judge({"match": "*.b", "archive": False}, {"match": "*", "dead_band": 1.0})

    assert judge.kept(batch(1, {"a": [0.0, 0.0], "b": [0.0, 99.0]})) == ([1], {"a": [0.0]})


def test_other_rules_hold_from_the_next_batch_on() -> None:
    judge = Judge()
    assert judge.kept(batch(1, {"a": [0.0, 0.0]})) == ([1, 2], {"a": [0.0, 0.0]})

    judge.selector.change(read_policy([{"match": "*", "dead_band": 1.0}]), Pauses(), 0)
    assert judge.kept(batch(3, {"a": [0.0, 0.0]})) == ([3], {"a": [0.0]})

    judge.selector.change(read_policy([]), Pauses(), 0)
    assert judge.kept(batch(5, {"a": [0.0]})) == ([5], {"a": [0.0]})


def test_other_fields_of_a_series_are_judged_by_their_own_rules() -> None:
    judge = Judge({"match": "*.a", "dead_band": 1.0}, {"match": "*.b", "archive": False})

    assert judge.kept(batch(1, {"a": [0.0, 0.0]})) == ([1], {"a": [0.0]})
    assert judge.kept(batch(3, {"b": [0.0, 0.0]})) is None
    assert judge.kept(batch(5, {"s": ["x", "x"]})) == ([5, 6], {"s": ["x", "x"]})


def test_what_is_paused_is_left_out_and_leaves_a_gap() -> None:
    judge = Judge(pauses=Pauses().begun("*.b", "noisy", 0))

    assert judge.kept(batch(1, {"a": [1.0], "b": [2.0]})) == ([1], {"a": [1.0]})
    assert judge.kept(batch(2, {"b": [2.0]})) is None
    judge.selector.change(read_policy([]), Pauses(), 9 * NS)

    assert [(gap.end, gap.rows) for gap in judge.gaps] == [(None, 0), (9 * NS, 2)]
    assert judge.kept(batch(3, {"b": [2.0]})) == ([3], {"b": [2.0]})


def test_a_gap_that_an_earlier_archiver_left_open_ends_when_all_of_its_series_is_taken_again() -> None:
    lasting = Gap("thermo-1", 1, None, GapCause.PAUSED, "fast", "fast")
    judge = Judge(pauses=Pauses().begun("thermo-1.b", "noisy", 0), lasting=[lasting])

    assert judge.kept(batch(5, {"a": [1.0]})) == ([5], {"a": [1.0]})

    assert judge.gaps == [Gap("thermo-1", 1, 5 * NS, GapCause.PAUSED, "fast", "fast")]


def test_what_no_rule_archives_leaves_no_gap_when_it_is_paused() -> None:
    judge = Judge({"match": "*", "archive": False}, pauses=Pauses().begun("*", "", 0))

    assert judge.kept(batch(1, {"a": [1.0]})) is None
    assert judge.gaps == []


@pytest.mark.parametrize("column", [["x", "y"], [b"x", b"y"], [{}, {}], [[1], [2]]])
def test_a_batch_that_cannot_be_judged_stays_whole_and_is_told_once(column: list[Any]) -> None:
    judge = Judge({"match": "*", "dead_band": 1.0})
    for seq in (1, 3):
        rows = Batch(FAST, 7, seq, np.array([1, 2]) * NS, {"a": TYPES["a"]}, {"a": column})
        selected = judge.selector(rows)
        assert selected is not None
        assert selected.batch is rows

    assert (judge.selector.failures, len(judge.told)) == (2, 1)
    assert "thermo-1.fast" in judge.told[0]
