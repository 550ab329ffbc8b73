from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.datatype import DataType
from ocs.model.errors import NotFoundError, VersionError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import FieldType, SeriesKey
from ocs.store.archive.catalogue.catalogue import Block, Catalogue, Change, Cursor, Extent, Rollup, Version, Window
from ocs.store.archive.catalogue.file import DamagedCatalogueError

KEY = SeriesKey("thermo-1", "temperatures", "temperatures")
FIELDS = {
    "mode": FieldType(DataType.ENUM, labels=("off", "on")),
    "x": FieldType(DataType.FLOAT64, 1, unit="K"),
}
GAP = Gap("thermo-1", 10, None, GapCause.LINK_LOST)


def block(first: int, last: int, series: int = 1, day: str = "2026-03-01") -> Block:
    return Block(series, 1, f"blocks/{series}-{first}-{last}-{day}", 10, first, last, day, 100, 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite"


def test_a_series_keeps_its_number(path: Path) -> None:
    other = SeriesKey("thermo-1", "temperatures", "slow")
    with Catalogue(path) as catalogue:
        number = catalogue.add_series(KEY)
        assert catalogue.add_series(other) != number

    with Catalogue(path) as catalogue:
        assert catalogue.add_series(KEY) == catalogue.series_number(KEY) == number
        assert catalogue.series()[number] == KEY
        assert catalogue.series_number(SeriesKey("nobody", "a", "a")) is None


def test_versions_come_back_with_all_that_their_fields_say(path: Path) -> None:
    version = Version(1, 2, FIELDS, 5)
    with Catalogue(path) as catalogue:
        catalogue.add_version(version)
        catalogue.add_version(Version(1, 2, {}, 7))
        catalogue.add_version(Version(2, 1, {}, 7))

        assert catalogue.versions(1) == [version]
        assert list(catalogue.versions(1)[0].fields) == ["mode", "x"]
        assert [each.series for each in catalogue.versions()] == [1, 2]


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=20))
@settings(max_examples=30)
def test_rows_are_there_whatever_the_order_in_which_they_were_added(rows: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as folder, Catalogue(Path(folder) / "catalogue.sqlite") as catalogue:
        for first, more in rows:
            catalogue.add_spans(1, 7, [(first, first + more)])
            catalogue.add_spans(1, 8, [(100, 100)])

        found = list(catalogue.spans(1, 7))

    wanted = {number for first, more in rows for number in range(first, first + more + 1)}
    assert {number for first, last in found for number in range(first, last + 1)} == wanted
    assert all(left[1] + 1 < right[0] for left, right in pairwise(found))


def test_a_seal_is_seen_whole_or_not_at_all(path: Path) -> None:
    with Catalogue(path) as catalogue, Catalogue(path, read_only=True) as reader:
        with pytest.raises(sqlite3.IntegrityError):  # of the second block, whose path is there already
            catalogue.seal(1, Change([block(1, 5), block(1, 5)], gaps=[GAP]), {(1, 7): [(1, 10)]})
        assert (reader.sealed, reader.blocks(), reader.gaps(), list(reader.spans(1, 7))) == (0, [], [], [])

        catalogue.seal(1, Change([block(1, 5)], gaps=[GAP]), {(1, 7): [(1, 10)]})

        assert (reader.sealed, len(reader.blocks()), reader.gaps()) == (1, 1, [GAP])
        assert list(reader.spans(1, 7)) == [(1, 10)]


def test_the_mark_of_what_is_sealed_never_goes_back(path: Path) -> None:
    with Catalogue(path) as catalogue:
        catalogue.seal(5, Change(), {})
        catalogue.seal(3, Change(), {})

        assert catalogue.sealed == 5


def test_a_reader_sees_one_instant_within_a_snapshot(path: Path) -> None:
    with Catalogue(path) as catalogue, Catalogue(path, read_only=True) as reader:
        with reader.snapshot():
            assert reader.sealed == 0
            catalogue.seal(1, Change([block(1, 5)]), {})
            assert reader.blocks() == []

        assert [found.first for found in reader.blocks()] == [1]


def test_files_are_found_by_series_time_and_day(path: Path) -> None:
    blocks = [block(0, 9), block(10, 19), block(20, 29, day="2026-03-02"), block(0, 9, series=2)]
    with Catalogue(path) as catalogue:
        catalogue.change(Change(blocks))

        def found(window: Window) -> list[tuple[int, int]]:
            return [(each.series, each.first) for each in catalogue.blocks(window)]

        assert found(Window(series=[1])) == [(1, 0), (1, 10), (1, 20)]
        assert found(Window(series=[1], first=9, last=10)) == [(1, 0), (1, 10)]
        assert found(Window(first=10, last=19)) == [(1, 10)]
        assert found(Window(day="2026-03-02")) == [(1, 20)]
        assert found(Window(series=[])) == []
        assert len(catalogue.blocks()) == len(catalogue.paths()) == 4
        assert catalogue.extents() == {1: Extent(0, 29, 30, 300), 2: Extent(0, 9, 10, 100)}


def test_files_come_and_go_together(path: Path) -> None:
    rollup = Rollup(1, 1, "1s", "rollups/a", 3, 0, 9, "2026-03-01", 10)
    with Catalogue(path) as catalogue:
        catalogue.change(Change([block(0, 9), block(10, 19)], [rollup]))
        old = catalogue.blocks()
        (rolled,) = catalogue.rollups(level="1s")
        assert catalogue.rollups(level="1h") == []

        new = block(0, 19)
        catalogue.change(Change([new], gone_blocks=[each.id for each in old], gone_rollups=[rolled.id]))

        assert [(each.first, each.last) for each in catalogue.blocks()] == [(0, 19)]
        assert catalogue.rollups() == []


@pytest.mark.parametrize(
    ("start", "end", "there"),
    [(None, None, True), (10, None, True), (20, 30, True), (21, None, False), (None, 9, False), (None, 10, True)],
)
def test_gaps_are_found_by_time(path: Path, start: int | None, end: int | None, *, there: bool) -> None:
    gap = Gap("thermo-1", 10, 20, GapCause.MISSED)
    with Catalogue(path) as catalogue:
        catalogue.add_gaps([gap])

        assert catalogue.gaps(start, end) == ([gap] if there else [])


def test_a_gap_that_lasts_is_found_until_it_is_told_to_have_ended(path: Path) -> None:
    ended = Gap("thermo-1", 10, 20, GapCause.LINK_LOST, detail="back")
    with Catalogue(path) as catalogue:
        catalogue.add_gaps([GAP, Gap("thermo-2", 10, None, GapCause.LINK_LOST)])
        assert len(catalogue.gaps(start=1000)) == 2

        catalogue.add_gaps([ended])

        assert [gap.device for gap in catalogue.gaps(start=1000)] == ["thermo-2"]
        assert ended in catalogue.gaps()


def test_cursors_and_remarks_are_kept(path: Path) -> None:
    with Catalogue(path) as catalogue:
        catalogue.set_cursor("influx", Cursor(3, 100))
        catalogue.set_cursor("influx", Cursor(4))
        catalogue.set_cursor("other", Cursor(1))
        catalogue.remove_cursor("other")
        catalogue.set_meta("a", "b")

    with Catalogue(path) as catalogue:
        assert catalogue.cursors() == {"influx": Cursor(4)}
        assert (catalogue.meta("a"), catalogue.meta("c")) == ("b", None)


def test_threads_share_a_catalogue(path: Path) -> None:
    with Catalogue(path) as catalogue:

        def work(number: int) -> None:
            for step in range(20):
                catalogue.add_spans(1, number, [(2 * step, 2 * step)])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30.0)

        assert [len(list(catalogue.spans(1, number))) for number in range(4)] == [20] * 4


def test_a_reader_needs_a_catalogue_that_is_there(path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no archive in"):
        Catalogue(path, read_only=True)

    assert not path.exists()


def test_a_reader_changes_nothing(path: Path) -> None:
    with (
        Catalogue(path),
        Catalogue(path, read_only=True) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.add_gaps([GAP])


def test_a_copy_on_a_medium_that_cannot_be_written_is_read(path: Path) -> None:
    with Catalogue(path) as catalogue:
        catalogue.add_gaps([GAP])
    script = (
        f"mount --bind {path.parent} {path.parent} && mount -o remount,ro,bind {path.parent} && {sys.executable} -c "
        f"'from pathlib import Path; from ocs.store.archive.catalogue.catalogue import Catalogue; "
        f'print(Catalogue(Path("{path}"), read_only=True).gaps()[0].device)\''
    )

    done = subprocess.run(["unshare", "-Urm", "sh", "-c", script], capture_output=True, text=True, check=False)  # noqa: S607

    assert (done.stdout, done.returncode) == ("thermo-1\n", 0), done.stderr


@pytest.mark.parametrize("content", [b"no catalogue at all, but text" * 100, b"SQLite format 3\0" + b"\xff" * 8000])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_none_is_told_with_what_to_do(path: Path, content: bytes, *, read_only: bool) -> None:
    path.write_bytes(content)

    with pytest.raises(DamagedCatalogueError, match="start the archiver"):
        Catalogue(path, read_only=read_only)

    assert path.read_bytes() == content


def test_a_database_of_something_else_is_no_catalogue(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE birds (name TEXT)")
    other.close()

    with pytest.raises(DamagedCatalogueError, match="other tables"):
        Catalogue(path)


def test_a_catalogue_of_a_newer_kind_is_left_alone(path: Path) -> None:
    with Catalogue(path) as catalogue:
        catalogue.set_meta("schema_version", "99")

    for read_only in (True, False):
        with pytest.raises(VersionError, match="its version is 99"):
            Catalogue(path, read_only=read_only)


def test_a_folder_that_cannot_be_used_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be opened"):
        Catalogue(tmp_path / "missing" / "catalogue.sqlite")


def test_names_of_folders_may_have_any_sign(tmp_path: Path) -> None:
    folder = tmp_path / "100 % #1?"
    folder.mkdir()

    with Catalogue(folder / "catalogue.sqlite") as catalogue:
        catalogue.add_gaps([GAP])

    with Catalogue(folder / "catalogue.sqlite", read_only=True) as reader:
        assert reader.gaps() == [GAP]
