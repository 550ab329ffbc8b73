"""What the catalogue holds: which files a window means."""

from __future__ import annotations

import sqlite3

import pytest

from ocs.store.archive.catalogue.records import Window

FILES = [(1, 0, 9, "2026-03-01"), (1, 10, 19, "2026-03-01"), (2, 5, 25, "2026-03-02")]


@pytest.fixture
def files() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE files (series INTEGER, first INTEGER, last INTEGER, day TEXT)")
    made.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", FILES)
    return made


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (Window(), FILES),
        (Window(series=(1,)), FILES[:2]),
        (Window(series=()), []),
        (Window(series=(1, 2), first=20), FILES[2:]),
        (Window(first=9), FILES),
        (Window(first=10), FILES[1:]),
        (Window(last=4), FILES[:1]),
        (Window(first=10, last=10), FILES[1:]),
        (Window(day="2026-03-02"), FILES[2:]),
        (Window(series=(1,), day="2026-03-02"), []),
    ],
)
def test_a_window_means_the_files_that_reach_into_it(
    files: sqlite3.Connection, window: Window, found: list[object]
) -> None:
    condition, values = window.condition()

    question = f"SELECT * FROM files WHERE {condition} ORDER BY series, first"  # noqa: S608 - the condition is tested
    assert files.execute(question, values).fetchall() == found


def test_a_series_of_numbers_that_comes_once_is_enough() -> None:
    _, values = Window(series=iter((3, 1))).condition()

    assert values == ["[3, 1]"]
