from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.gap import GapCause
from ocs.model.series import Batch
from ocs.model.spans import Spans
from ocs.store.archive.blocks.ordering import numbers_of
from ocs.store.archive.blocks.parquet import read_block
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.sealing import seal
from ocs.store.archive.upkeep.verification import check
from tests.ocs.store.archive.sealed import (
    KEYS,
    OTHER,
    PARTS,
    Part,
    batch_of,
    crashed,
    expected,
    files_of,
    opened,
    rows_of,
    write_journal,
)
from tests.ocs.store.archive.shelf import DAY, FAR_AHEAD, LONG_AGO, START

times_of_rows = st.lists(st.integers(-2 * DAY, 2 * DAY).map(lambda time: START + time), min_size=90, max_size=90)
spans_of_numbers = st.tuples(
    st.integers(0, 1), st.integers(1, 2), st.integers(1, 30), st.integers(1, 14), st.booleans()
)  # fmt: skip


@given(times_of_rows, st.lists(spans_of_numbers, min_size=1, max_size=12))
@settings(deadline=None, max_examples=40)
def test_all_rows_are_in_blocks_once_sorted_and_by_day(
    times: list[int], spans: list[tuple[int, int, int, int, bool]]
) -> None:
    """A row that comes again has the time that it had before; the clock steps back and forth."""
    parts: list[Part] = [
        (series, epoch, seq, [times[45 * (epoch - 1) + at] for at in range(seq, seq + count)], qualities)
        for series, epoch, seq, count, qualities in spans
    ]
    with TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        layout.journals.mkdir()
        path = write_journal(layout, parts)
        with opened(layout) as catalogue:
            report = seal(path, 1, catalogue, layout)

            assert rows_of(catalogue, layout) == expected(parts)
            assert report.rows == sum(map(len, expected(parts).values()))
            assert report.blocks == len(catalogue.blocks())
            assert catalogue.sealed == 1
            for series, rows in expected(parts).items():
                for epoch in {row[1] for row in rows}:
                    numbers = Spans((seq, seq) for _, at, seq in rows if at == epoch)
                    assert list(catalogue.spans(series + 1, epoch)) == list(numbers)


def test_qualities_of_some_rows_are_valid_in_the_others(catalogue: Catalogue, layout: Layout) -> None:
    parts: list[Part] = [(0, 1, 1, [START, START + 1], False), (0, 1, 3, [START + 2], True)]

    seal(write_journal(layout, parts), 1, catalogue, layout)

    (block,) = catalogue.blocks()
    table = read_block(layout.folder / block.path, LONG_AGO, FAR_AHEAD)
    assert table["x:quality"].to_pylist() == [0, 0, 2]
    assert table.schema.field("x").metadata == {b"dtype": b"float64", b"unit": b"K"}


def test_versions_lie_in_blocks_of_their_own(catalogue: Catalogue, layout: Layout) -> None:
    journal = JournalWriter(layout.journal(1))
    journal.add(1, 1, batch_of((0, 1, 1, [START], False)))
    numbers = {"n": np.array([7], np.int32)}
    journal.add(1, 2, Batch(KEYS[0], 1, 2, np.array([START + 5]), OTHER, numbers))
    journal.flush()
    journal.close()

    seal(layout.journal(1), 1, catalogue, layout)

    assert [(block.version, block.rows) for block in catalogue.blocks()] == [(1, 1), (2, 1)]
    assert rows_of(catalogue, layout) == {0: [(START, 1, 1), (START + 5, 1, 2)]}


def test_rows_left_out_on_purpose_count_as_known(catalogue: Catalogue, layout: Layout) -> None:
    journal = JournalWriter(layout.journal(1))
    kept = batch_of((0, 1, 1, [START, START + 9], False))
    journal.add(1, 1, kept, numbers=np.array([4, 8]), last=10)
    journal.leave_out(1, kept.series, 1, 11, 20)
    journal.flush()
    journal.close()

    seal(layout.journal(1), 1, catalogue, layout)

    (block,) = catalogue.blocks()
    assert numbers_of(read_block(layout.folder / block.path, LONG_AGO, FAR_AHEAD), "seq").tolist() == [4, 8]
    assert list(catalogue.spans(1, 1)) == [(1, 20)]


def test_many_rows_have_roll_ups_that_count_them(catalogue: Catalogue, layout: Layout) -> None:
    times = [START + at * 5_000_000 for at in range(5000)]

    seal(write_journal(layout, [(0, 1, 1, times, False)]), 1, catalogue, layout)

    assert [(rollup.level, rollup.rows) for rollup in catalogue.rollups()] == [("1s", 25), ("1m", 1), ("1h", 1)]
    for rollup in catalogue.rollups():
        table = read_block(layout.folder / rollup.path, LONG_AGO, FAR_AHEAD)
        assert sum(table["x:count"].to_pylist()) == 5000
        assert table.column_names == ["time", "x:min", "x:max", "x:mean", "x:count"]
        assert (rollup.first, rollup.last) == (times[0], times[-1])


def test_an_empty_journal_is_sealed_without_blocks(catalogue: Catalogue, layout: Layout) -> None:
    report = seal(write_journal(layout, []), 1, catalogue, layout)

    assert (report.blocks, report.rows, catalogue.sealed) == (0, 0, 1)


def test_a_seal_that_dies_at_any_step_leaves_the_journal_or_the_blocks_and_is_done_again(
    catalogue: Catalogue, layout: Layout, tmp_path: Path
) -> None:
    write_journal(layout, PARTS)
    catalogue.close()
    folders = crashed("seal", layout.folder, tmp_path / "crashed")
    assert len(folders) > 20

    for number, left in enumerate(folders, start=1):
        with Catalogue(left.catalogue) as after:
            done = number == len(folders)
            assert after.sealed == int(done)
            assert rows_of(after, left) == (expected(PARTS) if done else {})

            seal(left.journal(1), 1, after, left)

            assert rows_of(after, left) == expected(PARTS)
            assert files_of(left) == after.paths()
            assert check(after, left).damaged == ()


FULL_DISK = """
import errno, subprocess, sys
from pathlib import Path
from ocs.store.archive.upkeep.sealing import seal
from ocs.store.archive.layout import SYNCED, Layout
from tests.ocs.store.archive.sealed import expected, files_of, opened, rows_of, write_journal
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", folder], check=True)
layout = Layout(folder)
layout.journals.mkdir()
parts = [(0, 1, 1, [k * k * 7919 % 86_400_000_000_000 for k in range(20_000)], False)]
path = write_journal(layout, parts)
with opened(layout) as catalogue:
    ballast = folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        pass
    ballast.open("r+b").truncate(ballast.stat().st_size - 100_000)
    try:
        seal(path, 1, catalogue, layout)
    except OSError as error:
        print(errno.errorcode[error.errno], files_of(layout), catalogue.sealed, catalogue.blocks())
    ballast.unlink()
    seal(path, 1, catalogue, layout)
    print(rows_of(catalogue, layout) == expected(parts))
"""


def test_a_full_disk_leaves_the_journal_and_it_is_sealed_when_there_is_room(tmp_path: Path) -> None:
    if subprocess.run(["/usr/bin/unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("this machine allows no user namespaces")

    done = subprocess.run(
        ["/usr/bin/unshare", "-Urm", sys.executable, "-c", FULL_DISK, tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout == "ENOSPC set() 0 []\nTrue\n", done.stderr


def test_a_folder_that_was_removed_is_made_again(catalogue: Catalogue, layout: Layout) -> None:
    seal(write_journal(layout, [(0, 1, 1, [START], False)]), 1, catalogue, layout)
    shutil.rmtree(layout.folder / "blocks")

    seal(write_journal(layout, [(0, 1, 2, [START + 1], False)], 2), 2, catalogue, layout)

    report = check(catalogue, layout)
    assert [path.rpartition("/")[2] for path in report.damaged] == ["000000000001-1-0.parquet"]
    assert rows_of(catalogue, layout) == {0: [(START + 1, 1, 2)]}
    assert [(gap.cause, gap.rows) for gap in catalogue.gaps()] == [(GapCause.DAMAGED, 1)]


def test_blocks_where_nothing_can_be_written_leave_the_journal(catalogue: Catalogue, layout: Layout) -> None:
    path = write_journal(layout, PARTS)
    (layout.folder / "blocks").write_text("no folder")
    state: Any = (catalogue.sealed, catalogue.blocks())

    with pytest.raises(OSError, match="blocks"):
        seal(path, 1, catalogue, layout)

    assert (catalogue.sealed, catalogue.blocks()) == state
    assert path.exists()
