"""What a damaged, cut or deleted journal has lost, told row by row where that is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ocs.model.errors import VersionError
from ocs.model.gap import Gap, GapCause
from ocs.store.archive.catalogue.catalogue import Catalogue
from ocs.store.archive.journal.journal import JournalWriter
from ocs.store.archive.layout import SYNCED, Layout
from ocs.store.archive.upkeep.sealing import seal
from ocs.store.framed_log import FramedLog
from tests.ocs.store.archive.sealed import PARTS, Part, batch_of, expected, files_of, rows_of, write_journal
from tests.ocs.store.archive.shelf import DAY, SECOND, START

LOST = Gap(
    "stage-1", START + 2900 * SECOND, START + 3099 * SECOND, GapCause.DAMAGED, "position", "position",
    200, 1, 2901, 3100, "5086 bytes of 000000000001.log cannot be read",
)  # fmt: skip


def damaged(path: Path, at: int) -> bytes:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x41
    path.write_bytes(content)
    return bytes(content)


@pytest.mark.parametrize("cut", [1, 3, 9, 40, 1000])
def test_a_torn_end_was_never_answered_and_is_left_out(catalogue: Catalogue, layout: Layout, cut: int) -> None:
    path = write_journal(layout, PARTS)
    os.truncate(path, path.stat().st_size - cut)
    path.with_suffix(SYNCED).unlink()

    report = seal(path, 1, catalogue, layout)

    assert rows_of(catalogue, layout) == expected(PARTS[:2])
    assert report.lost == 0
    assert catalogue.gaps() == []


def test_an_end_that_was_answered_and_is_cut_off_is_told_as_gaps(catalogue: Catalogue, layout: Layout) -> None:
    path = write_journal(layout, PARTS[:2])
    good = path.stat().st_size
    path.unlink()
    whole = write_journal(layout, PARTS).stat().st_size
    os.truncate(path, whole - 3)

    report = seal(path, 1, catalogue, layout)

    assert rows_of(catalogue, layout) == expected(PARTS[:2])
    assert report.lost == whole - good
    assert catalogue.gaps() == [LOST]


def test_zeros_that_a_loss_of_power_left_are_a_torn_end(catalogue: Catalogue, layout: Layout) -> None:
    path = write_journal(layout, PARTS)
    os.truncate(path, path.stat().st_size + 5000)

    assert seal(path, 1, catalogue, layout).lost == 0
    assert rows_of(catalogue, layout) == expected(PARTS)


def test_damage_within_a_journal_is_told_as_gaps_and_the_file_is_kept(catalogue: Catalogue, layout: Layout) -> None:
    path = write_journal(layout, PARTS[:2])
    good = path.stat().st_size
    path.unlink()
    content = damaged(write_journal(layout, PARTS), good + 20)

    report = seal(path, 1, catalogue, layout)

    assert rows_of(catalogue, layout) == expected(PARTS[:2])
    assert report.lost == len(content) - good
    assert path.with_name(f"{path.name}.damaged").read_bytes() == content
    assert catalogue.gaps() == [LOST]
    assert list(catalogue.spans(1, 1)) == [(1, 3000)]


def test_of_a_series_that_lies_wholly_in_the_lost_part_the_gap_names_the_rows(
    catalogue: Catalogue, layout: Layout
) -> None:
    late: list[Part] = [(0, 1, 1, [START + DAY], False), (1, 4, 7, [START + 50, START + 40], False)]
    path = write_journal(layout, late)
    os.truncate(path, path.stat().st_size - 1)

    seal(path, 1, catalogue, layout)

    assert rows_of(catalogue, layout) == expected(late[:1])
    (gap,) = catalogue.gaps()
    assert gap == Gap(
        "lab/thermo", START + 40, START + 50, GapCause.DAMAGED, "_channels", "t.1", 2, 4, 7, 8, gap.detail
    )


@pytest.mark.parametrize(("frame", "at"), [(0, 3), (1, 0), (1, 6), (1, 100)], ids=["head", "length", "crc", "payload"])
def test_what_is_good_behind_a_damaged_part_is_not_lost(
    catalogue: Catalogue, layout: Layout, frame: int, at: int
) -> None:
    journal = JournalWriter(layout.journal(1))
    parts: list[Part] = [(0, 1, 1 + 300 * number, [START + number], False) for number in range(3)]
    ends = [0]
    for part in parts:
        journal.add(1, 1, batch_of(part))
        journal.flush()
        ends.append(journal.size)
    journal.close()
    damaged(layout.journal(1), ends[frame] + at)

    report = seal(layout.journal(1), 1, catalogue, layout)

    assert report.lost > 0
    lost = [1] if frame else []
    assert rows_of(catalogue, layout) == expected([part for number, part in enumerate(parts) if number not in lost])
    assert [(gap.first, gap.last, gap.rows) for gap in catalogue.gaps()] == [(301, 301, 1)] * len(lost)


def test_a_journal_that_somebody_deleted_becomes_gaps(catalogue: Catalogue, layout: Layout) -> None:
    path = write_journal(layout, PARTS[:2])
    path.unlink()

    report = seal(path, 1, catalogue, layout)

    assert (report.blocks, catalogue.sealed) == (0, 1)
    assert report.lost > 0
    assert [(gap.device, gap.start, gap.end, gap.rows, gap.detail) for gap in catalogue.gaps()] == [
        ("stage-1", START, START + 2999 * SECOND, 3000, "000000000001.log is gone"),
        ("lab/thermo", START + 3, START + DAY + 5, 3, "000000000001.log is gone"),
    ]


def test_where_nobody_knows_what_was_lost_any_series_may_have_lost_rows_since_its_blocks_end(
    catalogue: Catalogue, layout: Layout
) -> None:
    seal(write_journal(layout, PARTS[:2]), 1, catalogue, layout)
    path = write_journal(layout, PARTS[2:], 2)
    damaged(path, path.stat().st_size - 9)
    path.with_suffix(SYNCED).unlink()

    assert seal(path, 2, catalogue, layout).lost > 0

    assert [(gap.device, gap.start, gap.end) for gap in catalogue.gaps()] == [
        ("stage-1", START + 2999 * SECOND, path.stat().st_mtime_ns),
        ("lab/thermo", START + DAY + 5, path.stat().st_mtime_ns),
    ]


@pytest.mark.parametrize(
    "payload", [b"Z with a new kind of frame", b"S\x01", b"R\x01\0\0\0\xc1", b"K\x93\x01\x02\x03"], ids=repr
)
def test_a_journal_with_frames_of_a_newer_ocs_is_left_alone(
    catalogue: Catalogue, layout: Layout, payload: bytes
) -> None:
    path = write_journal(layout, PARTS[:1])
    newer = FramedLog(path, keep=path.stat().st_size)
    newer.append([payload])
    newer.close()
    before = path.read_bytes()

    with pytest.raises(VersionError, match="was written by a newer OCS") as refused:
        seal(path, 1, catalogue, layout)

    assert str(path) in refused.value.message
    assert (path.read_bytes(), catalogue.sealed, catalogue.gaps(), files_of(layout)) == (before, 0, [], set())
