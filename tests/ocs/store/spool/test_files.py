"""Files of a spool that were torn, damaged, or are of another kind: all others come, and what is missing is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.framed_log import FramedLog
from ocs.store.spool.files import DAMAGED_KEPT, make_reserve
from ocs.store.spool.spool import SpoolLimits
from tests.ocs.store.spool.desk import NS, ROWS, Desk

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


def test_a_file_cut_at_any_byte_loses_only_what_was_not_whole_and_tells_no_damage(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    contents = {path: path.read_bytes() for path in filled(Desk(folder, LIMITS))}
    newest, data = list(contents.items())[-1]
    for size in range(len(data)):
        for path, content in contents.items():
            path.write_bytes(content[:size] if path == newest else content)

        desk = Desk(folder, LIMITS)
        came = desk.drained()
        desk.abandon()

        assert desk.opening.damaged == []
        assert desk.opening.backlog_rows == ROWS * len(came)
        assert came == [0, 1, 2, 3, 4, 5][: 4 if size < len(data) // 2 + 4 else 5]


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


def test_a_file_that_somebody_deletes_while_the_agent_runs_stops_nothing(desk: Desk) -> None:
    path = filled(desk)[1]
    desk.kill()
    path.unlink()

    assert desk.drained() == [0, 1, 4, 5]
    assert str(path) in desk.troubles[0]


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
