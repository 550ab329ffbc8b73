from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.gap import GapCause
from ocs.model.series import Batch, FieldType
from ocs.store.archive.intake.taking import Selected
from ocs.store.archive.journal import journal
from ocs.store.archive.journal.journal import LeftOut, Rows, read_journal
from ocs.store.archive.layout import Layout
from tests.ocs.store.archive.filling import SECOND, START, feed_of
from tests.ocs.store.archive.putting import Putting, answer, numbers_in, part_of


def frames(folder: Path) -> list[tuple[str, int, int]]:
    """Return device, first and last number of each frame of rows in the journal."""
    layout = Layout(folder)
    return [
        (item.form.key.device, item.first, item.last)
        for number in layout.journal_numbers()
        for item in read_journal(layout.journal(number))
        if isinstance(item, Rows)
    ]


def test_parts_that_continue_each_other_are_written_as_one(tmp_path: Path) -> None:
    other = feed_of("other")
    with Putting(tmp_path) as putting:
        parts = [part_of(1, 3), part_of(1, 2, series=other), part_of(4, 4), part_of(5, 9), part_of(3, 3, series=other)]
        assert putting.put(*parts) == answer(stored=12)

    assert frames(tmp_path) == [("thermo-1", 1, 9), ("other", 1, 3)]


def test_parts_with_a_hole_between_or_of_another_epoch_are_written_each_by_itself(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(1, 3), part_of(5, 6), part_of(7, 8, epoch=2))

    assert frames(tmp_path) == [("thermo-1", 1, 3), ("thermo-1", 5, 6), ("thermo-1", 7, 8)]


def test_parts_that_would_not_fit_into_a_frame_together_are_written_each_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LARGEST_BODY", 4000)
    with Putting(tmp_path) as putting:
        assert putting.put(part_of(1, 150), part_of(151, 300)) == answer(stored=300)
        assert putting.put(part_of(301, 900), part_of(901, 901))["stored"] == 1

    assert frames(tmp_path) == [("thermo-1", 1, 150), ("thermo-1", 151, 300), ("thermo-1", 901, 901)]


def test_arrays_of_different_lengths_and_lists_are_taken_one_after_the_other(tmp_path: Path) -> None:
    fields = {"x": FieldType(DataType.FLOAT64, 1)}
    with Putting(tmp_path) as putting:
        columns: list[Any] = [np.ones((1, 2)), np.ones((1, 3)), [[1.0, 2.0]], [[], None]]
        parts = [
            part_of(first, first + len(column) - 1, fields=fields, columns={"x": column})
            for first, column in enumerate(columns, 1)
        ]
        assert putting.put(*parts) == answer(stored=5)

    assert numbers_in(tmp_path) == [[1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 2.0], [], None]


BAD_PARTS = [
    ({**part_of(1, 3), "version": 2}, "version"),
    ({**part_of(1, 3), "device": ""}, "wrong_type"),
    ({**part_of(1, 3), "time": 5}, "wrong_type"),
    ({**part_of(1, 3), "columns": {}}, "wrong_type"),
    ({**part_of(1, 3), "seq": 0}, "wrong_type"),
    ({**part_of(1, 3), "epoch": None}, "wrong_type"),
    (part_of(1, 3, columns={"x": ["a", "b", "c"]}), "wrong_type"),
    (part_of(1, 3, series=feed_of("d" * 300)), "wrong_type"),
    (part_of(1, 3, fields={"x:min": FieldType(DataType.FLOAT64)}, columns={"x:min": np.ones(3)}), "wrong_type"),
    ({"gap": {"device": "thermo-1"}}, "wrong_type"),
    ("text", "wrong_type"),
    (None, "wrong_type"),
    ({}, "wrong_type"),
]


@pytest.mark.parametrize(("bad", "code"), BAD_PARTS, ids=range(len(BAD_PARTS)))
def test_a_bad_part_is_refused_and_the_good_ones_beside_it_are_stored(tmp_path: Path, bad: Any, code: str) -> None:
    good = feed_of("good")
    with Putting(tmp_path) as putting:
        told = putting.put(part_of(1, 3, series=good), bad, part_of(4, 6, series=good))

    assert (told["stored"], [each["index"] for each in told["refused"]]) == (6, [1])
    assert told["refused"][0]["code"] == code
    assert len(told["refused"][0]["message"]) > 20
    assert numbers_in(tmp_path, "good", "good.x") == [1, 2, 3, 4, 5, 6]
    (kept,) = (tmp_path / "quarantine").iterdir()
    assert f'"code": "{code}"' in kept.read_text()


def test_a_refused_batch_whose_times_are_known_leaves_a_gap(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(4, 6, columns={"x": ["a", "b", "c"]}))
        (gap,) = putting.archive._catalogue.gaps()

    assert (gap.device, gap.cause, gap.rows, gap.epoch, gap.first, gap.last) == (
        "thermo-1", GapCause.REFUSED, 3, 1, 4, 6,
    )  # fmt: skip
    assert (gap.start, gap.end) == (START + 4 * SECOND, START + 6 * SECOND)
    assert "no float64" in gap.detail


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoiled(draw: Any) -> Any:
    """A part of which something is something else."""
    part: Any = part_of(1, 3)
    at = part
    while True:
        key = draw(st.sampled_from(sorted(at)))
        if not isinstance(at[key], dict) or not at[key] or draw(st.booleans()):
            at[key] = draw(anything)
            return part
        at = at[key]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Putting]:
    with Putting(tmp_path_factory.mktemp("shared")) as putting:
        yield putting


numbers = count(1, 5)


@given(parts=st.lists(anything | spoiled(), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_whatever_is_put_the_good_part_beside_it_is_stored(shared: Putting, parts: list[Any]) -> None:
    first = next(numbers)
    told = shared.put(*parts, part_of(first, first + 4, series=feed_of("good")))

    assert not [each for each in told["refused"] if each["index"] == len(parts)]
    assert told["stored"] >= 5
    assert shared.put(part_of(first, first + 4, series=feed_of("good"))) == answer(known=5)


def even(batch: Batch) -> Selected | None:
    """Keep the rows with even numbers, and nothing of the device `unwanted`."""
    if batch.series.device == "unwanted":
        return None
    numbers = np.arange(batch.seq, batch.last + 1)
    places = np.flatnonzero(numbers % 2 == 0)
    kept = Batch(
        batch.series, batch.epoch, batch.seq, batch.times[places], batch.fields,
        {"x": batch.columns["x"][places]},
    )  # fmt: skip
    return Selected(kept, numbers[places]) if len(places) else None


def test_rows_that_the_policy_leaves_out_are_not_there_but_known(tmp_path: Path) -> None:
    with Putting(tmp_path, select=even) as putting:
        assert putting.put(part_of(1, 5), part_of(1, 4, series=feed_of("unwanted"))) == answer(stored=2, skipped=7)
        assert putting.put(part_of(1, 7), part_of(1, 4, series=feed_of("unwanted"))) == answer(
            known=9, stored=1, skipped=1
        )
    with Putting(tmp_path, select=even) as putting:
        assert putting.put(part_of(1, 7), part_of(1, 4, series=feed_of("unwanted"))) == answer(known=11)
        assert putting.archive.seal()
    with Putting(tmp_path, select=even) as putting:
        assert putting.put(part_of(1, 7), part_of(1, 4, series=feed_of("unwanted"))) == answer(known=11)

    assert numbers_in(tmp_path) == [2, 4, 6]


def test_what_is_left_out_of_many_parts_is_told_once(tmp_path: Path) -> None:
    with Putting(tmp_path, select=lambda _: None) as putting:
        assert putting.put(*(part_of(number, number) for number in range(1, 101))) == answer(skipped=100)

        (item,) = read_journal(Layout(tmp_path).journal(1))
        assert isinstance(item, LeftOut)
        assert (item.first, item.last) == (1, 100)


def test_a_policy_that_fails_refuses_that_part_only(tmp_path: Path) -> None:
    def select(batch: Batch) -> Selected | None:
        if batch.seq == 3:
            raise ZeroDivisionError
        return Selected(batch, np.arange(batch.seq, batch.last + 1))

    with Putting(tmp_path, select=select) as putting:
        told = putting.put(part_of(1, 2), part_of(3, 4), part_of(5, 6))

    assert (told["stored"], [each["index"] for each in told["refused"]]) == (4, [1])


def test_a_catalogue_that_refuses_is_no_fault_of_the_part(tmp_path: Path) -> None:
    def select(_: Batch) -> Selected | None:
        raise sqlite3.OperationalError("database or disk is full")

    with Putting(tmp_path, select=select) as putting, pytest.raises(Exception, match="disk refuses"):
        putting.put(part_of(1, 2))

    assert not (tmp_path / "quarantine").exists()


def test_fields_in_another_order_stay_in_their_columns(tmp_path: Path) -> None:
    kind = FieldType(DataType.FLOAT64)
    with Putting(tmp_path) as putting:
        for first, fields in ((1, {"a": kind, "b": kind}), (2, {"b": kind, "a": kind})):
            putting.put(part_of(first, first, fields=fields, columns={"a": np.zeros(1), "b": np.ones(1)}))

    assert numbers_in(tmp_path, "thermo-1.a", "thermo-1.a") == [0, 0]
    assert numbers_in(tmp_path, "thermo-1.b", "thermo-1.b") == [1, 1]


def test_a_field_may_be_called_as_a_column_of_the_archive(tmp_path: Path) -> None:
    fields = {name: FieldType(DataType.FLOAT64) for name in ("time", "seq", "epoch", "x")}
    with Putting(tmp_path) as putting:
        columns = {name: np.full(2, number, float) for number, name in enumerate(fields)}
        assert putting.put(part_of(1, 2, fields=fields, columns=columns)) == answer(stored=2)
        assert numbers_in(tmp_path, "thermo-1.seq", "thermo-1.seq") == [1, 1]
        assert putting.archive.seal()

    assert numbers_in(tmp_path, "thermo-1.epoch", "thermo-1.epoch") == [2, 2]
    assert numbers_in(tmp_path, "thermo-1.time", "thermo-1.time") == [0, 0]


def test_a_put_of_rows_that_are_partly_known_stores_the_rest(tmp_path: Path) -> None:
    with Putting(tmp_path) as putting:
        putting.put(part_of(3, 4), part_of(7, 8))

        assert putting.put(part_of(1, 10)) == answer(stored=6, known=4)
        assert putting.put(part_of(1, 10), part_of(5, 12)) == answer(stored=2, known=16)

    assert numbers_in(tmp_path) == list(range(1, 13))
