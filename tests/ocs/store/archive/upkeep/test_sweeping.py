from __future__ import annotations

from pathlib import Path

from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.layout import Layout
from ocs.store.archive.upkeep.sealing import seal
from ocs.store.archive.upkeep.sweeping import sweep
from ocs.store.archive.upkeep.verification import check
from tests.ocs.store.archive.sealed import PARTS, Part, crashed, expected, files_of, opened, rows_of, write_journal
from tests.ocs.store.archive.shelf import SECOND, START


def test_leftovers_of_a_seal_are_swept_before_it_is_done_again(
    catalogue: Catalogue, layout: Layout, tmp_path: Path
) -> None:
    write_journal(layout, PARTS)
    catalogue.close()
    *folders, _ = crashed("seal", layout.folder, tmp_path / "crashed")
    assert any(files_of(left) for left in folders)

    for left in folders:
        before = files_of(left)
        with Catalogue(left.catalogue) as after:
            assert set(sweep(after, left)) == before
            seal(left.journal(1), 1, after, left)
            assert rows_of(after, left) == expected(PARTS)


def test_merging_that_dies_at_any_step_leaves_each_row_once_and_its_leftovers_are_swept(
    catalogue: Catalogue, layout: Layout, tmp_path: Path
) -> None:
    rows: list[Part] = [(0, 1, 1 + 2000 * at, [START + (2000 * at + k) * SECOND for k in range(2000)], at > 1)
                        for at in range(3)]  # fmt: skip
    for number, part in enumerate(rows, start=1):
        seal(write_journal(layout, [part], number), number, catalogue, layout)
    catalogue.close()
    folders = crashed("compact", layout.folder, tmp_path / "crashed")
    counts = []

    for left in folders:
        with Catalogue(left.catalogue) as after:
            assert rows_of(after, left) == expected(rows)
            counts.append(len(after.blocks()))
            report = check(after, left)
            assert (report.damaged, files_of(left)) == ((), after.paths())
            assert rows_of(after, left) == expected(rows)

    assert counts == sorted(counts, reverse=True)
    assert set(counts) == {3, 1}


def test_a_catalogue_that_was_lost_has_nothing_swept(catalogue: Catalogue, layout: Layout) -> None:
    path = write_journal(layout, PARTS)
    seal(path, 1, catalogue, layout)
    path.unlink()
    catalogue.close()
    for part in layout.folder.glob("catalogue*"):
        part.unlink()
    files = files_of(layout)

    with opened(layout) as anew:
        assert sweep(anew, layout) == []

    assert files_of(layout) == files


def test_files_of_others_and_those_set_aside_stay(catalogue: Catalogue, layout: Layout) -> None:
    seal(write_journal(layout, PARTS), 1, catalogue, layout)
    day = (layout.folder / catalogue.blocks()[0].path).parent
    names = {"notes.txt": False, "000000000001-1-0.parquet.damaged": False, "000000000001-1-9.parquet": True,
             "000000000009-1-0.parquet": False, "000000000009-1-0.parquet.part": True}  # fmt: skip
    for name in names:
        (day / name).write_bytes(b"")

    swept = sweep(catalogue, layout)

    assert {Path(path).name for path in swept} == {name for name, goes in names.items() if goes}
    assert rows_of(catalogue, layout) == expected(PARTS)
