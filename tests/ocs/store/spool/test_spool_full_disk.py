"""The spool on a disk that is full: a file system in memory of 3 MB, mounted by a child process for itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ocs.model.gap import Gap, GapCause
from ocs.store.framed_log import FramedLog, check, scan
from ocs.store.spool.losses import gap_entry
from ocs.store.spool.spool import SpoolLimits
from tests.ocs.store.spool.desk import EPOCH, NS, ROWS, Desk, told_rows

LIMITS = SpoolLimits(segment_bytes=200_000, reserve_bytes=100_000, live_bytes=100_000)
MOUNTED = 'mount -t tmpfs -o size=3m none "$1" && exec "$2" "$3" "$4" "$1"'
LEAST = 4096
"""What the smallest piece of a disk has, in bytes."""


def fill(disk: Path, leave: int = 0) -> Path:
    """Have another program's file take the disk, all but some bytes of it."""
    path = disk / "others"
    with path.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(LEAST))
        except OSError:
            file.truncate(max(0, file.tell() - leave))
    return path


def a_frame_that_does_not_fit_leaves_the_file_as_it_was(disk: Path) -> None:
    log = FramedLog(disk / "a.log")
    log.append([b"before"])
    size = log.size
    others = fill(disk, leave=3 * LEAST)

    with pytest.raises(OSError, match="No space left"):
        log.append([b"small", bytes(10 * LEAST)])

    assert log.size == log.path.stat().st_size == size
    others.unlink()
    log.append([b"after"])
    assert [frame.payload for frame in scan(log.path)] == [b"before", b"after"]
    assert not check(log.path).damaged


def a_log_that_cannot_begin_leaves_no_file(disk: Path) -> None:
    fill(disk)

    with pytest.raises(OSError, match="No space left"):
        FramedLog(disk / "a.log")

    assert not (disk / "a.log").exists()


def the_oldest_of_the_lowest_priority_goes_and_every_row_is_accounted_for(disk: Path) -> None:
    desk = Desk(disk / "spool", LIMITS)
    for _ in range(60):
        desk.commit(size=50_000, priority=1)
        desk.commit(size=50_000, priority=2, number=1)
        desk.now += 1

    came, gaps = desk.drained_with_gaps()

    lost = set(range(120)) - set(came)
    assert len(came) >= 3_000_000 // 50_000 * 0.8
    assert desk.spool.dropped_rows == told_rows(gaps) == ROWS * len(lost)
    assert {gap.cause for gap in gaps} == {GapCause.DISK_FULL}
    assert set(range(1, 100, 2)) <= lost  # of the lowest priority; 58 of the other fit
    assert sum("dropped" in trouble for trouble in desk.troubles) == 1


def the_reserve_is_given_up_first_and_made_again_when_there_is_room(disk: Path) -> None:
    desk = Desk(disk / "spool", LIMITS)
    reserve = desk.folder / "reserve"
    others = fill(disk)

    desk.commit(size=50_000)
    assert not reserve.exists()
    assert desk.drained() == [0]
    others.unlink()
    desk.now += 2
    desk.commit()

    assert reserve.stat().st_size == LIMITS.reserve_bytes
    assert desk.spool.dropped_rows == 0


def what_cannot_be_kept_is_told_when_there_is_room_again(disk: Path) -> None:
    desk = Desk(disk / "spool", LIMITS)
    others = fill(disk)
    desk.commit(size=90_000)  # takes the reserve
    (kept,) = desk.drained()
    fill(disk)
    link_lost = Gap("device-0", 1, 2, GapCause.LINK_LOST)
    for _ in range(3):
        desk.now += 1
        desk.commit(size=90_000)
        desk.spool.commit([gap_entry(link_lost)] * 2000)
    others.unlink()

    desk.commit()
    came, gaps = desk.drained_with_gaps()

    assert kept == 0
    assert desk.spool.dropped_rows == 3 * ROWS
    assert came == [4]
    assert gaps.count(link_lost) == 6000
    (full,) = [gap for gap in gaps if gap.cause is GapCause.DISK_FULL]
    assert (full.rows, full.epoch, full.first, full.last) == (3 * ROWS, EPOCH, ROWS + 1, 4 * ROWS)
    assert sum("could not be put" in trouble for trouble in desk.troubles) == 1


def a_start_on_a_full_disk_goes_and_what_was_left_arrives_and_makes_room(disk: Path) -> None:
    desk = Desk(disk / "spool", LIMITS)
    for _ in range(20):
        desk.commit(size=50_000)
    desk.abandon()
    (desk.folder / "reserve").unlink()
    fill(disk)

    desk.kill()
    assert desk.opening.backlog_rows == 20 * ROWS
    assert desk.opening.last_commit is not None
    assert desk.drained() == list(range(20))
    desk.commit(10, size=50_000)
    assert desk.spool.dropped_rows == 0
    assert sorted(desk.drained()) == list(range(20, 30))


def a_first_start_on_a_full_disk_loses_rows_but_no_word_of_them(disk: Path) -> None:
    others = fill(disk)
    desk = Desk(disk / "spool", LIMITS)
    desk.commit(3)
    others.unlink()
    desk.commit()

    came, gaps = desk.drained_with_gaps()

    assert came == [3]
    assert [gap.rows for gap in gaps] == [3 * ROWS]


def who_is_killed_while_the_disk_is_full_has_said_since_when(disk: Path) -> None:
    desk = Desk(disk / "spool", LIMITS)
    others = fill(disk)
    desk.commit(size=90_000)  # takes the reserve
    desk.drained()
    fill(disk)
    link_lost = Gap("device-0", int((desk.now - 50) * NS), int((desk.now - 40) * NS), GapCause.LINK_LOST)
    desk.spool.commit([gap_entry(link_lost)] * 2000)  # as many as do not fit anywhere
    for _ in range(3):
        desk.now += 1
        desk.commit(size=90_000)
    first, last = link_lost.start, desk.committed[-1].last
    desk.now += 10

    desk.kill()
    assert desk.opening.untold == (first, last)
    desk.kill()
    assert desk.opening.untold == (first, last)
    others.unlink()
    desk.commit()
    desk.kill()
    assert desk.opening.untold is None


CASES: dict[str, Callable[[Path], None]] = {
    case.__name__: case
    for case in (
        a_frame_that_does_not_fit_leaves_the_file_as_it_was,
        a_log_that_cannot_begin_leaves_no_file,
        the_oldest_of_the_lowest_priority_goes_and_every_row_is_accounted_for,
        the_reserve_is_given_up_first_and_made_again_when_there_is_room,
        what_cannot_be_kept_is_told_when_there_is_room_again,
        a_start_on_a_full_disk_goes_and_what_was_left_arrives_and_makes_room,
        a_first_start_on_a_full_disk_loses_rows_but_no_word_of_them,
        who_is_killed_while_the_disk_is_full_has_said_since_when,
    )
}


def on_a_small_disk(disk: Path, case: str) -> subprocess.CompletedProcess[str]:
    unshare = shutil.which("unshare") or pytest.skip("there is no unshare here")
    arguments = ["sh", "-c", MOUNTED, "sh", str(disk), sys.executable, __file__, case]
    return subprocess.run([unshare, "-Urm", *arguments], capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.parametrize("case", CASES)
def test_on_a_small_disk(tmp_path: Path, case: str) -> None:
    ended = on_a_small_disk(tmp_path, case)

    if "unshare failed" in ended.stderr or "permission denied" in ended.stderr:
        pytest.skip(f"this machine lets nobody mount: {ended.stderr}")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"{case} holds\n"


if __name__ == "__main__":
    CASES[sys.argv[1]](Path(sys.argv[2]))
    sys.stdout.write(f"{sys.argv[1]} holds\n")
