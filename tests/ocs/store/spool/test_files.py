"""Files of a spool that were torn, damaged, or are of another kind: all others come, and what is missing is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.model.gap import GapCause
from ocs.store.framed_log import HEAD, FramedLog
from ocs.store.spool import mark as marks
from ocs.store.spool.files import DAMAGED_KEPT, make_reserve
from ocs.store.spool.spool import SpoolLimits
from tests.ocs.store.spool.desk import NS, ROWS, Desk, series

LIMITS = SpoolLimits(segment_bytes=250, reserve_bytes=100)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool", LIMITS)


def filled(desk: Desk) -> list[Path]:
    """Commit six entries in three files."""
    for _ in range(6):
        desk.commit(size=100)
        desk.now += 1
    assert len(desk.files) == 3
    desk.abandon()
    return desk.files


def test_of_a_file_cut_at_any_byte_what_was_committed_and_is_missing_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    desk = Desk(folder, LIMITS)
    contents = {path: path.read_bytes() for path in filled(desk)}
    mark = (folder / "last_commit").read_bytes()
    last = int((desk.now - 1) * NS)
    newest, data = list(contents.items())[-1]
    for size in range(len(data)):
        (folder / "last_commit").write_bytes(mark)
        for path, content in contents.items():
            path.write_bytes(content[:size] if path == newest else content)

        desk = Desk(folder, LIMITS)
        came = desk.drained()
        desk.abandon()

        (damage,) = desk.opening.damaged
        one_is_whole = size >= len(data) // 2 + 4
        assert came == [0, 1, 2, 3, 4][: 5 if one_is_whole else 4]
        assert (damage.path, damage.last) == (str(newest), last)
        assert damage.first == last - NS
        assert damage.cut_bytes == len(data) - (len(data) // 2 + 4 if one_is_whole else len(HEAD))
        assert str(damage.cut_bytes) in desk.troubles[0]


def test_a_committed_file_that_is_gone_is_told(desk: Desk) -> None:
    filled(desk)[-1].unlink()

    desk.kill()

    (damage,) = desk.opening.damaged
    assert (damage.first, damage.last) == (desk.committed[4].first, desk.committed[5].first)
    assert desk.drained() == [0, 1, 2, 3]


def test_an_end_that_was_never_committed_is_cut_and_not_told(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    newest = filled(Desk(folder, LIMITS))[-1]
    data = newest.read_bytes()
    mark = (folder / "last_commit").read_bytes()
    more = FramedLog(folder / "more")
    more.append([b"the entry in which the process was killed"])
    more.close()
    torn = (folder / "more").read_bytes()[len(HEAD) :]
    for size in range(len(torn)):
        newest.write_bytes(data + torn[:size])
        (folder / "last_commit").write_bytes(mark)

        desk = Desk(folder, LIMITS)
        came = desk.drained()
        desk.abandon()

        assert desk.opening.damaged == []
        assert came[-1] == 5


def test_what_has_arrived_is_not_missed(desk: Desk) -> None:
    filled(desk)
    desk.kill()
    desk.drained()
    desk.kill()
    assert desk.opening.damaged == []

    desk.commit()
    desk.drained()
    desk.restart()
    assert desk.opening.damaged == []
    assert desk.files == []


def test_after_an_orderly_end_a_cut_is_told_too(desk: Desk) -> None:
    desk.commit(2)
    desk.spool.close()
    (path,) = desk.files
    path.write_bytes(path.read_bytes()[:-1])

    desk.kill()

    assert [damage.path for damage in desk.opening.damaged] == [str(path)]
    assert desk.drained() == [0]


def test_after_a_loss_of_power_what_was_synced_and_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "spool")
    desk.commit(size=100)
    desk.now += 2
    desk.commit(size=100)  # syncs
    synced = desk.files[0].stat().st_size
    desk.commit(size=50)
    desk.abandon()
    (path,) = desk.files
    data = path.read_bytes()
    mark = (desk.folder / "last_commit").read_bytes()
    monkeypatch.setattr(marks, "boot_id", lambda: b"another start...")
    found = {}
    for size in (len(data), synced, synced - 1, len(HEAD), 0):
        path.write_bytes(data[:size])
        (desk.folder / "last_commit").write_bytes(mark)
        desk = Desk(desk.folder)
        found[size] = [damage.cut_bytes for damage in desk.opening.damaged]
        desk.abandon()

    # An empty file may as well be one of which all had arrived: the mark that says so was not on the disk yet.
    assert list(found.values()) == [[], [], [(synced - len(HEAD)) // 2], [], []]


def test_after_a_torn_end_the_file_is_gone_on_with(desk: Desk) -> None:
    path = filled(desk)[-1]
    path.write_bytes(path.read_bytes()[:-5])

    desk.kill()
    desk.commit()
    desk.kill()

    assert desk.opening.damaged == []
    assert desk.drained() == [0, 1, 2, 3, 4, 6]


@pytest.mark.parametrize("zeros", [8, 100, 5000])
def test_zeros_at_the_end_are_told_as_damage_of_the_last_moments(desk: Desk, zeros: int) -> None:
    path = filled(desk)[-1]
    path.write_bytes(path.read_bytes() + bytes(zeros))
    os.utime(path, (desk.now, desk.now + 5))

    desk.kill()

    (damage,) = desk.opening.damaged
    assert (damage.first, damage.last) == (int((desk.now - 1) * NS), int((desk.now + 5) * NS))
    assert Path(damage.path).stat().st_size > path.stat().st_size
    assert damage.path in desk.troubles[0]
    assert desk.drained() == list(range(6))


def test_damage_costs_what_follows_it_in_its_file_and_is_told_once(desk: Desk) -> None:
    path = filled(desk)[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2 + 30] ^= 0xFF
    path.write_bytes(data)

    desk.kill()

    (damage,) = desk.opening.damaged
    assert damage.first == desk.committed[2].first
    assert Path(damage.path).read_bytes() == data
    assert desk.opening.backlog_rows == 5 * ROWS
    desk.kill()
    assert desk.opening.damaged == []
    assert desk.drained() == [0, 1, 2, 4, 5]


def test_damage_of_the_very_first_entry_is_told_from_its_time_on(desk: Desk) -> None:
    path = filled(desk)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2 - 10] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, (desk.now, desk.now))

    desk.kill()

    (damage,) = desk.opening.damaged
    assert (damage.first, damage.last) == (desk.committed[0].first, int(desk.now * NS))
    assert desk.drained() == [2, 3, 4, 5]


def test_an_incomplete_entry_anywhere_but_at_the_very_end_was_committed_and_is_told(desk: Desk) -> None:
    path = filled(desk)[1]
    path.write_bytes(path.read_bytes()[:-5])

    desk.kill()

    assert len(desk.opening.damaged) == 1
    assert desk.drained() == [0, 1, 2, 4, 5]


@given(at=st.integers(0, 10**6), changed=st.binary(min_size=1, max_size=60), cut=st.booleans())
@settings(max_examples=100, deadline=None)
def test_whatever_is_written_over_a_file_the_others_come_and_nothing_comes_changed(
    tmp_path_factory: pytest.TempPathFactory, *, at: int, changed: bytes, cut: bool
) -> None:
    desk = Desk(tmp_path_factory.mktemp("damage") / "spool", LIMITS)
    path = filled(desk)[1]
    data = path.read_bytes()
    at %= len(data)
    path.write_bytes(data[:at] + changed + (b"" if cut else data[at + len(changed) :]))

    desk.kill()
    bodies = [body for taken in desk.drain() for body in taken.bodies]
    desk.abandon()

    assert set(bodies) <= {entry.body for entry in desk.committed}
    assert {desk.committed[number].body for number in (0, 1, 4, 5)} <= set(bodies)
    assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize("content", [b"SQLite format 3\0" * 20, bytes(1000), b"OCSLOG9\n"])
def test_a_file_of_another_kind_is_set_aside_as_it_is(desk: Desk, content: bytes) -> None:
    path = filled(desk)[1]
    path.write_bytes(content)

    desk.kill()

    (damage,) = desk.opening.damaged
    assert Path(damage.path).read_bytes() == content
    assert damage.first == desk.committed[1].first  # the last that is known before it
    assert desk.drained() == [0, 1, 4, 5]


def test_a_file_with_a_strange_name_is_set_aside(desk: Desk) -> None:
    filled(desk)
    (desk.folder / "strange.segment").write_bytes(b"?")

    desk.kill()

    assert len(desk.opening.damaged) == 1
    assert desk.drained() == list(range(6))


def test_frames_that_are_no_entries_are_not_deleted_but_set_aside(desk: Desk) -> None:
    path = filled(desk)[1]
    path.unlink()
    log = FramedLog(path)
    log.append([b"\xff\xffof a later release"])
    log.close()
    content = path.read_bytes()

    desk.kill()

    (damage,) = desk.opening.damaged
    assert Path(damage.path).read_bytes() == content


def test_not_every_damaged_file_is_kept_for_ever(desk: Desk) -> None:
    for number in range(DAMAGED_KEPT + 3):
        (desk.folder / f"1-{900 + number:012d}.segment").write_bytes(b"damaged")
    desk.kill()

    assert len(desk.opening.damaged) == DAMAGED_KEPT + 3
    assert len(list(desk.folder.glob("*.damaged"))) == DAMAGED_KEPT


def test_a_file_that_is_damaged_while_the_agent_runs_is_told_and_the_others_come(desk: Desk) -> None:
    path = filled(desk)[1]
    desk.kill()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 + 4] + bytes([0xFF]) + data[len(data) // 2 + 5 :])

    assert desk.drained() == [0, 1, 2, 4, 5]
    assert desk.spool.depth_rows == ROWS
    assert [str(path) in trouble for trouble in desk.troubles] == [True]

    desk.kill()
    assert len(desk.opening.damaged) == 1


def test_a_file_that_somebody_deletes_while_the_agent_runs_stops_nothing_and_is_told_by_a_gap(desk: Desk) -> None:
    path = filled(desk)[1]
    desk.kill()
    path.unlink()

    assert desk.drained() == [0, 1, 4, 5]
    assert str(path) in desk.troubles[0]
    desk.spool.nothing_new(desk.now)
    came, gaps = desk.drained_with_gaps()
    assert came == []
    assert [(gap.cause, gap.device, gap.detail) for gap in gaps] == [
        (GapCause.SPOOL_DAMAGED, series().device, str(path))
    ]
    assert [(gap.start, gap.end) for gap in gaps] == [(desk.committed[2].first, desk.committed[3].first)]
    assert desk.spool.depth_rows == 0


def test_what_cannot_be_read_when_a_file_has_to_go_is_told_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "spool", LIMITS)
    path = filled(desk)[1]
    desk.kill()
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF  # in the second of its entries
    path.write_bytes(data)
    desk.now += 8 * 86400

    desk.commit()
    came, gaps = desk.drained_with_gaps()

    assert came == [6]
    assert [gap.cause for gap in gaps].count(GapCause.SPOOL_DAMAGED) == 1
    (damaged,) = [gap for gap in gaps if gap.cause is GapCause.SPOOL_DAMAGED]
    assert damaged.end is not None
    assert damaged.start <= desk.committed[3].first <= damaged.end
    assert desk.spool.dropped_rows == 6 * ROWS


def test_a_file_that_cannot_be_read_for_a_while_comes_after_that(desk: Desk) -> None:
    desk.commit()
    desk.kill()
    (path,) = desk.files
    path.rename(desk.folder / "elsewhere")
    path.mkdir()

    assert desk.spool.take(1000) is None
    assert str(path) in desk.troubles[0]
    path.rmdir()
    (desk.folder / "elsewhere").rename(path)

    assert desk.drained() == [0]


def test_the_reserve_is_there_with_its_size_and_is_not_made_twice(tmp_path: Path) -> None:
    path = tmp_path / "reserve"

    make_reserve(path, 5000)
    first = path.stat().st_ino
    make_reserve(path, 5000)

    assert path.stat().st_size == 5000
    assert path.stat().st_blocks * 512 >= 5000
    assert path.stat().st_ino == first


def test_a_reserve_for_which_there_is_no_room_leaves_nothing(tmp_path: Path) -> None:
    make_reserve(tmp_path / "reserve", 1 << 62)

    assert list(tmp_path.iterdir()) == []
