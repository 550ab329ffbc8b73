from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import ocs.store
from ocs.model.gap import Gap, GapCause
from ocs.store.archive.catalogue.catalogue import Catalogue, Cursor
from ocs.store.archive.layout import Layout
from tests.ocs.store.archive.filling import DAY, SECOND, START, THERMO, Filled, X, feed_of, ticks
from tests.ocs.store.archive.putting import Putting, answer, part_of

ALL = (START - DAY, START + 10 * DAY)
GAP = Gap("stage-1", START, START + 5, GapCause.LINK_LOST, detail="no answer")


def read(folder: Path) -> dict[str, list[object]]:
    with ocs.store.open(folder) as reader:
        table = reader.history("*", *ALL).to_arrow()
        return {name: table[name].to_pylist() for name in table.column_names}


def lose(folder: Path) -> None:
    for path in folder.glob("catalogue.sqlite*"):
        path.unlink()


def ruin(folder: Path) -> None:
    path = folder / "catalogue.sqlite"
    path.write_bytes(b"\xff" * path.stat().st_size)


def ruin_inside(folder: Path) -> None:
    path = folder / "catalogue.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def empty(folder: Path) -> None:
    (folder / "catalogue.sqlite").write_bytes(b"")


harm = pytest.mark.parametrize("harm", [lose, ruin, ruin_inside, empty])
Harm = Callable[[Path], None]


@harm
def test_an_archive_whose_catalogue_is_harmed_has_all_rows_after_the_next_start(tmp_path: Path, harm: Harm) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(3000, SECOND // 10))
        filled.put(ticks(5, DAY), series=feed_of("lab/other.one"))
        filled.seal()
        filled.put(ticks(10, first=DAY))
    before = read(tmp_path)
    harm(tmp_path)

    with Filled(tmp_path) as filled:
        assert read(tmp_path) == before
        filled.seal()

    assert read(tmp_path) == before
    assert any("made anew" in trouble for trouble in filled.troubles)


@harm
def test_rows_that_come_again_are_known_after_a_rebuild(tmp_path: Path, harm: Harm) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(20))
        filled.seal()
        filled.put(ticks(20, first=DAY))
    before = read(tmp_path)
    harm(tmp_path)

    with Putting(tmp_path) as again:
        assert again.put(part_of(1, 40)) == answer(known=40)

    assert read(tmp_path) == before


def test_a_series_that_was_left_out_does_not_lend_its_number_to_another(tmp_path: Path) -> None:
    with Putting(tmp_path, select=lambda _: None) as choosy:
        assert choosy.put(part_of(1, 20, series=feed_of("left-out"))) == answer(skipped=20)
    lose(tmp_path)

    with Putting(tmp_path) as again:
        assert again.put(part_of(1, 20, series=feed_of("wanted"))) == answer(stored=20)

    with ocs.store.open(tmp_path) as reader:
        assert {info.key.device: info.rows for info in reader.series()} == {"wanted": 20}


def test_what_a_damaged_catalogue_still_tells_is_taken_over(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with Filled(tmp_path) as filled:
        for day in range(60):
            filled.put(ticks(3, first=day * DAY), series=feed_of(f"device-{day}"))
        filled.gap(GAP)
        filled.seal()
    with Catalogue(layout.catalogue) as catalogue:
        catalogue.set_cursor("influx", Cursor(2, 100))
        catalogue._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = catalogue._connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'blocks_in_time'")
    with layout.catalogue.open("r+b") as file:
        file.seek((page[0] - 1) * 4096)
        file.write(b"\xff" * 4096)

    with Filled(tmp_path):
        pass

    with Catalogue(layout.catalogue) as catalogue:
        assert catalogue.gaps() == [GAP]
        assert catalogue.cursors() == {"influx": Cursor(2, 100)}
        assert catalogue.sealed == 1
        assert len(catalogue.blocks()) == 60
    assert (tmp_path / "catalogue.sqlite.damaged-1").exists()


def test_blocks_of_a_sealing_that_was_under_way_are_made_again(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(3000, SECOND // 10))
    before = read(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path, copy)
    with Filled(copy) as filled:
        filled.seal()
    for kind in ("blocks", "rollups"):
        shutil.copytree(copy / kind, tmp_path / kind)
    lose(tmp_path)

    with Filled(tmp_path) as filled:
        filled.seal()
        assert [block.rows for block in filled.archive._catalogue.blocks()] == [3000]

    assert read(tmp_path) == before


def test_what_was_merged_counts_once_though_its_parts_are_still_there(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        for part in range(15):
            filled.put(ticks(1000, SECOND // 10, first=part * 100 * SECOND))
            filled.seal()
        before = read(tmp_path)
        shutil.copytree(tmp_path / "blocks", tmp_path / "copy")
        assert filled.archive.compact().before > 1
    shutil.copytree(tmp_path / "copy", tmp_path / "blocks", dirs_exist_ok=True)
    lose(tmp_path)

    with Filled(tmp_path) as filled:
        assert sum(block.rows for block in filled.archive._catalogue.blocks()) == 15_000
        assert read(tmp_path) == before


def test_a_damaged_block_is_set_aside_and_told_as_a_gap(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(10))
        filled.put(ticks(10, first=DAY))
        filled.seal()
        (first, _) = filled.blocks()
    first.write_bytes(first.read_bytes()[:-20])
    lose(tmp_path)

    with Filled(tmp_path) as filled:
        (gap,) = filled.archive._catalogue.gaps()

    assert len(read(tmp_path)["time"]) == 10
    assert (gap.device, gap.feed, gap.cause) == (THERMO.device, THERMO.feed, GapCause.DAMAGED)
    assert (gap.start, gap.end) == (START, START + DAY - 1)
    assert first.with_name(first.name + ".damaged").exists()


def test_versions_with_their_units_come_back(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(10))
        filled.put(ticks(10, first=DAY), fields={"x": replace(X["x"], unit="mK")})
        filled.seal()
        known = filled.archive._catalogue.versions()
    lose(tmp_path)

    with Filled(tmp_path) as filled:
        assert filled.archive._catalogue.versions() == known


def test_a_new_archive_and_one_that_was_just_made_are_not_rebuilt(tmp_path: Path) -> None:
    for _ in range(2):
        with Filled(tmp_path) as filled:
            pass

        assert filled.troubles == []


def test_files_of_others_in_the_folder_do_no_harm(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(10))
        filled.seal()
        (block,) = filled.blocks()
    shutil.copy(block, block.with_name("copy of a block.parquet"))
    block.with_name("notes.txt").write_text("mine")
    (tmp_path / "rollups" / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "rollups" / "a" / "b" / "c" / "x.parquet").write_text("mine")
    lose(tmp_path)

    with Filled(tmp_path):
        pass

    assert len(read(tmp_path)["time"]) == 10


class Earlier:
    """A copy of the catalogue of an archive that is open, to be put back later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {path.name: path.read_bytes() for path in folder.glob("catalogue.sqlite*")}

    def put_back(self) -> None:
        lose(self._folder)
        for name, content in self._files.items():
            (self._folder / name).write_bytes(content)


def test_a_catalogue_from_before_the_last_sealing_is_made_anew_and_keeps_its_gaps(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.gap(GAP)
        filled.put(ticks(20))
        filled.seal()
        earlier = Earlier(tmp_path)
        filled.put(ticks(20, first=DAY), series=feed_of("other"))
        filled.seal()
    earlier.put_back()

    with Filled(tmp_path) as filled:
        assert any("is older than the files beside it" in trouble for trouble in filled.troubles)
        filled.put(ticks(5), series=feed_of("new"))
        filled.seal()
        assert filled.archive._catalogue.gaps() == [GAP]

    with ocs.store.open(tmp_path) as reader:
        assert {info.key.device: info.rows for info in reader.series()} == {"thermo-1": 20, "other": 20, "new": 5}


def test_a_catalogue_from_before_blocks_were_merged_does_not_have_the_merged_one_deleted(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        for part in range(3):
            filled.put(ticks(1000, SECOND // 10, first=part * 100 * SECOND))
            filled.seal()
        earlier = Earlier(tmp_path)
        assert filled.archive.compact().before == 3
    before = read(tmp_path)
    earlier.put_back()

    with Filled(tmp_path) as filled:
        assert filled.archive.check().damaged == ()

    assert read(tmp_path) == before


def test_a_series_that_only_the_journal_knows_does_not_lend_its_number_to_another(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(3))
        earlier = Earlier(tmp_path)
        filled.put(ticks(4), series=feed_of("second"))
    earlier.put_back()

    with Filled(tmp_path) as filled:
        filled.put(ticks(5), series=feed_of("third"))
        filled.seal()

    with ocs.store.open(tmp_path) as reader:
        assert {info.key.device: info.rows for info in reader.series()} == {"thermo-1": 3, "second": 4, "third": 5}


def test_a_gap_that_is_damaged_itself_does_not_cost_the_others(tmp_path: Path) -> None:
    with Filled(tmp_path) as filled:
        filled.put(ticks(3))
        filled.gap(GAP)
        filled.gap(replace(GAP, device="stage-2"))
    with Catalogue(tmp_path / "catalogue.sqlite") as catalogue:
        catalogue._connection.execute("UPDATE gaps SET cause = 'lunch' WHERE device = 'stage-2'")

    with Filled(tmp_path) as filled:
        assert filled.archive._catalogue.gaps() == [GAP]
