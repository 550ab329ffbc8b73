"""The spool: what is committed is taken once, newest first, and goes when it has arrived."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import tracemalloc
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from ocs.model.gap import Gap, GapCause
from ocs.store.framed_log import LARGEST_FRAME
from ocs.store.spool import mark as marks
from ocs.store.spool.losses import gap_entry
from ocs.store.spool.spool import SpoolLimits
from tests.ocs.store.spool.desk import EPOCH, NS, ROWS, Desk, numbers, series, told_rows

WAIT_S = 20.0
DAY = 86400.0


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "spool")


def small(tmp_path: Path, **limits: int) -> Desk:
    return Desk(tmp_path / "spool", SpoolLimits(**({"segment_bytes": 1000, "reserve_bytes": 100} | limits)))


# -- putting in and taking out ---------------------------------------------------------------------


def test_a_new_spool_is_empty(desk: Desk) -> None:
    assert (desk.opening.last_commit, desk.opening.orderly, desk.opening.damaged) == (None, False, [])
    assert desk.spool.take(1000) is None
    assert (desk.spool.depth_rows, desk.spool.depth_bytes, desk.spool.oldest_s, desk.spool.dropped_rows) == (0, 0, 0, 0)


def test_what_is_committed_is_taken_in_order_and_told_as_live(desk: Desk) -> None:
    entries = [desk.entry() for _ in range(3)]
    tickets = desk.spool.commit(entries)

    taken = desk.taken()

    assert taken.bodies == [entry.body for entry in entries]
    assert taken.tickets == tickets
    assert taken.rows == 3 * ROWS
    assert taken.live
    assert desk.spool.take(1000) is None


def test_no_more_is_taken_than_asked_but_one_entry_always(desk: Desk) -> None:
    desk.commit(4, size=100)

    assert [len(taken.bodies) for taken in desk.drain(250)] == [2, 2]

    desk.commit(2, size=100)
    assert [len(taken.bodies) for taken in desk.drain(1)] == [1, 1]


def test_depth_counts_what_has_not_arrived(desk: Desk) -> None:
    desk.commit(2, size=100)
    taken = desk.taken(100)

    assert (desk.spool.depth_rows, desk.spool.depth_bytes) == (2 * ROWS, 200)
    desk.spool.acknowledge(taken.tickets)
    assert (desk.spool.depth_rows, desk.spool.depth_bytes) == (ROWS, 100)


def test_what_is_given_back_is_taken_again_from_the_files(desk: Desk) -> None:
    desk.commit(3)
    desk.spool.give_back(desk.taken().tickets)

    taken = desk.taken()

    assert not taken.live
    assert taken.bodies == [entry.body for entry in desk.committed]
    assert desk.spool.take(1000) is None


def test_acknowledging_twice_or_after_giving_back_counts_once(desk: Desk) -> None:
    desk.commit(2)
    tickets = desk.taken().tickets
    desk.spool.give_back(tickets[:1])

    for _ in range(2):
        desk.spool.acknowledge(tickets)
    desk.spool.give_back(tickets)

    assert desk.spool.depth_rows == 0
    assert desk.spool.take(1000) is None


def test_when_older_entries_wait_every_second_take_is_of_those(desk: Desk) -> None:
    old = desk.commit(6)
    desk.kill()
    new = desk.commit(3)

    order = [(taken.live, *numbers(taken.bodies)) for taken in desk.drain(1)]

    assert (old, new) == ([0, 1, 2, 3, 4, 5], [6, 7, 8])
    in_turn = [(True, 6), (False, 0), (True, 7), (False, 1), (True, 8), (False, 2)]
    assert order == [*in_turn, (False, 3), (False, 4), (False, 5)]


def test_of_what_does_not_fit_into_memory_the_oldest_comes_from_the_files(tmp_path: Path) -> None:
    desk = small(tmp_path, live_bytes=250)
    for _ in range(5):
        desk.commit(size=100)

    order = [(taken.live, *numbers(taken.bodies)) for taken in desk.drain(1)]

    assert order == [(True, 3), (False, 0), (True, 4), (False, 1), (False, 2)]


def test_entries_of_all_priorities_are_taken_oldest_file_first_after_a_start(desk: Desk) -> None:
    for priority in (2, 0, 1):
        desk.now += 1
        desk.commit(priority=priority)
    desk.kill()

    assert desk.drained() == [0, 1, 2]


def test_a_large_backlog_is_taken_in_little_memory(tmp_path: Path) -> None:
    desk = small(tmp_path, segment_bytes=2_000_000, live_bytes=1_000_000)
    for _ in range(80):
        desk.commit(size=300_000)
    desk.kill()

    tracemalloc.start()
    try:
        rows = sum(taken.rows for taken in desk.drain(400_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert rows == 80 * ROWS
    assert peak < 3_000_000


# -- files -----------------------------------------------------------------------------------------


def test_files_of_which_all_has_arrived_are_gone(tmp_path: Path) -> None:
    desk = small(tmp_path)
    for _ in range(20):
        desk.commit(size=200)
    assert len(desk.files) > 3

    desk.drained()

    (current,) = desk.files
    assert current.stat().st_size < 20


def test_after_a_kill_what_has_arrived_does_not_come_again_as_long_as_nothing_waits(desk: Desk) -> None:
    desk.commit(3)
    desk.drained()

    desk.kill()

    assert desk.opening.backlog_rows == 0
    assert desk.spool.take(1000) is None


def test_many_short_lives_leave_one_file(desk: Desk) -> None:
    committed = []
    for _ in range(20):
        committed += desk.commit()
        desk.kill()

    assert len(desk.files) == 1
    assert desk.drained() == committed


def test_an_orderly_end_with_nothing_left_leaves_no_segment(desk: Desk) -> None:
    desk.commit(3)
    desk.drained()

    desk.spool.close()

    assert desk.files == []


# -- starts ----------------------------------------------------------------------------------------


def test_after_a_kill_the_next_start_knows_the_last_commit(desk: Desk) -> None:
    desk.commit()
    desk.now += 5.5
    desk.commit()
    last = int(desk.now * NS)
    desk.now += 100

    desk.kill()

    assert (desk.opening.last_commit, desk.opening.orderly) == (last, False)
    assert desk.opening.backlog_rows == 2 * ROWS


def test_after_an_orderly_end_the_next_start_knows_that_too(desk: Desk) -> None:
    desk.commit()
    desk.now += 100

    desk.restart()
    assert (desk.opening.last_commit, desk.opening.orderly) == (int(desk.now * NS), True)
    assert desk.drained() == [0]

    desk.commit()
    desk.kill()
    assert (desk.opening.last_commit, desk.opening.orderly) == (int(desk.now * NS), False)


def test_while_there_is_nothing_to_commit_nothing_is_missing(desk: Desk) -> None:
    desk.commit()
    desk.drained()
    desk.now += 100
    desk.spool.nothing_new(desk.now)
    at = int(desk.now * NS)
    desk.now += 100

    desk.kill()

    assert (desk.opening.last_commit, desk.opening.orderly) == (at, False)


def test_who_is_killed_after_nothing_more_was_to_come_ended_in_good_order(desk: Desk) -> None:
    desk.commit()
    settled = desk.now
    desk.spool.settle(settled)
    desk.now += 3
    desk.drained()

    desk.kill()

    assert (desk.opening.last_commit, desk.opening.orderly) == (int(settled * NS), True)
    assert desk.opening.damaged == []


def test_who_is_killed_after_something_came_all_the_same_was_killed(desk: Desk) -> None:
    desk.spool.settle(desk.now)
    desk.now += 1
    desk.commit()

    desk.kill()

    assert (desk.opening.last_commit, desk.opening.orderly) == (int(desk.now * NS), False)


def test_after_a_kill_before_any_commit_the_next_start_knows_when_the_spool_was_opened(desk: Desk) -> None:
    opened = int(desk.now * NS)
    desk.now += 100

    desk.kill()

    assert (desk.opening.last_commit, desk.opening.orderly) == (opened, False)


def test_who_finds_no_mark_goes_by_the_newest_entry(desk: Desk) -> None:
    desk.commit()
    desk.now += 5
    desk.commit()
    last = int(desk.now * NS)
    desk.abandon()
    (desk.folder / "last_commit").unlink()
    desk.now += 100

    desk.kill()

    assert (desk.opening.last_commit, desk.opening.orderly, desk.opening.damaged) == (last, False, [])


def test_rows_for_which_there_is_no_memory_are_lost_with_a_gap(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.commit()

    def none(*_: object) -> int:
        monkeypatch.undo()
        raise MemoryError

    monkeypatch.setattr(os, "pwrite", none)
    desk.commit(2)
    desk.commit()
    came, gaps = desk.drained_with_gaps()

    assert came == [0, 3]
    assert [(gap.rows, gap.detail) for gap in gaps] == [(2 * ROWS, "Cannot allocate memory")]


def test_what_the_disk_refuses_to_sync_is_not_said_to_be_safe(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.commit()
    safe = int(desk.now * NS)

    def refuse(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", refuse)
    for _ in range(3):
        desk.now += 2
        desk.commit()
    assert [trouble for trouble in desk.troubles if "loss of power" in trouble] == desk.troubles[:1]
    monkeypatch.setattr(marks, "boot_id", lambda: b"another start...")
    desk.kill()
    assert desk.opening.last_commit == safe

    monkeypatch.undo()
    desk.now += 2
    desk.commit()
    monkeypatch.setattr(marks, "boot_id", lambda: b"third start.....")
    desk.kill()
    assert desk.opening.last_commit == int(desk.now * NS)


def test_what_is_committed_after_the_end_is_kept_all_the_same(desk: Desk) -> None:
    desk.commit()
    desk.spool.close()

    desk.commit()
    desk.kill()

    assert desk.drained() == [0, 1]


# -- bounds ----------------------------------------------------------------------------------------


def test_a_full_spool_drops_the_oldest_of_the_lowest_priority_and_tells_exactly_what(tmp_path: Path) -> None:
    desk = small(tmp_path, max_bytes=8000, live_bytes=500)
    for _ in range(30):
        desk.commit(size=100, priority=1)
        desk.commit(size=100, priority=2, number=1)
        desk.now += 1

    came, gaps = desk.drained_with_gaps()

    lost = set(range(60)) - set(came)
    assert lost
    assert all(number % 2 for number in lost)  # of priority 2
    assert min(set(came) & set(range(1, 60, 2))) > max(lost)
    assert desk.spool.dropped_rows == told_rows(gaps) == ROWS * len(lost)
    assert {gap.cause for gap in gaps} == {GapCause.SPOOL_FULL}
    assert {gap.device for gap in gaps} == {series(1).device}
    assert {gap.epoch for gap in gaps} == {EPOCH}
    for number in lost:
        entry = desk.committed[number]
        (gap,) = [gap for gap in gaps if gap.first <= entry.seq and entry.seq + ROWS - 1 <= gap.last]
        assert gap.start <= entry.first
        assert gap.end is not None
        assert gap.end >= entry.last


def test_when_only_one_priority_is_left_its_oldest_goes(tmp_path: Path) -> None:
    desk = small(tmp_path, max_bytes=5000, live_bytes=500)
    for _ in range(60):
        desk.commit(size=100)

    came, gaps = desk.drained_with_gaps()

    assert sorted(came) == list(range(60))[-len(came) :]
    assert desk.spool.dropped_rows == told_rows(gaps) == ROWS * (60 - len(came)) > 0


def test_a_spool_that_becomes_full_is_told_before_anything_goes(tmp_path: Path) -> None:
    desk = small(tmp_path, max_bytes=6000)
    while not desk.troubles:
        desk.commit(size=100)
    assert desk.spool.dropped_rows == 0
    assert "archiver" in desk.troubles[0]

    for _ in range(5):
        desk.commit(size=100)
    assert len(desk.troubles) == 1

    desk.drained()
    desk.commit()
    while len(desk.troubles) == 1:
        desk.commit(size=100)
    assert desk.troubles[1][:30] == desk.troubles[0][:30]


def test_drops_are_told_once_and_again_while_they_go_on(tmp_path: Path) -> None:
    desk = small(tmp_path, max_bytes=3000, live_bytes=500)

    def fill() -> int:
        for _ in range(50):
            desk.commit(size=100)
        return sum("dropped" in trouble for trouble in desk.troubles)

    assert fill() == 1
    assert fill() == 1
    desk.now += 3601
    assert fill() == 2


def test_entries_that_wait_too_long_are_dropped_with_gaps(tmp_path: Path) -> None:
    desk = small(tmp_path, live_bytes=50)
    for _ in range(8):
        desk.commit(size=100)
        desk.now += DAY
    desk.now += 1

    fresh = desk.commit()
    came, gaps = desk.drained_with_gaps()

    assert fresh[0] in came
    assert 0 not in came  # it is 8 days old
    assert set(range(2, 8)) <= set(came)
    assert {gap.cause for gap in gaps} == {GapCause.SPOOL_OLD}
    assert told_rows(gaps) == desk.spool.dropped_rows == ROWS * (9 - len(came))


def test_gap_records_wait_for_as_long_as_it_takes(desk: Desk) -> None:
    desk.commit()
    desk.now += 8 * DAY
    desk.commit()
    desk.kill()
    desk.now += 100 * DAY
    desk.commit()

    came, gaps = desk.drained_with_gaps()

    assert came == [2]
    assert told_rows(gaps) == 2 * ROWS


def test_what_was_dropped_while_it_was_on_its_way_does_not_matter_any_more(desk: Desk) -> None:
    desk.commit()
    late = desk.taken()
    desk.now += 8 * DAY
    desk.commit()

    desk.spool.give_back(late.tickets)
    desk.spool.acknowledge(late.tickets)

    assert desk.spool.depth_rows == ROWS
    assert desk.drained() == [1]


def test_the_age_is_that_of_the_oldest_entry_wherever_it_is(desk: Desk) -> None:
    desk.commit()
    desk.now += 10
    desk.commit()
    desk.now += 1
    assert desk.spool.oldest_s == pytest.approx(11)

    first = desk.taken(1)
    assert desk.spool.oldest_s == pytest.approx(11)
    desk.spool.give_back(first.tickets)
    assert desk.spool.oldest_s == pytest.approx(11)
    desk.kill()
    assert desk.spool.oldest_s == pytest.approx(11)
    first = desk.taken(1)
    assert desk.spool.oldest_s == pytest.approx(11)
    desk.spool.acknowledge(first.tickets)
    second = desk.taken(1)
    assert desk.spool.oldest_s == pytest.approx(1)
    desk.spool.acknowledge(second.tickets)
    assert desk.spool.oldest_s == 0


def test_a_clock_that_steps_back_loses_nothing_and_keeps_syncing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.commit()
    desk.now -= 30 * DAY
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)

    desk.commit()

    assert synced
    assert desk.spool.oldest_s == 0
    assert desk.drained() == [0, 1]


def test_a_folder_that_is_gone_loses_rows_and_says_why_when_it_is_there_again(desk: Desk) -> None:
    shutil.rmtree(desk.folder)
    desk.commit(2)
    desk.folder.mkdir()

    desk.commit()
    came, gaps = desk.drained_with_gaps()

    assert came == [2]
    assert [(gap.rows, gap.detail) for gap in gaps] == [(2 * ROWS, "No such file or directory")]
    assert desk.spool.dropped_rows == 2 * ROWS


def test_an_entry_that_is_too_large_is_lost_alone_with_a_gap(desk: Desk) -> None:
    desk.commit(size=LARGEST_FRAME + 1)
    desk.commit()

    came, gaps = desk.drained_with_gaps()

    assert came == [1]
    assert [gap.rows for gap in gaps] == [ROWS]


# -- threads ---------------------------------------------------------------------------------------


def test_taking_and_acknowledging_do_not_wait_for_a_disk_that_stands_still(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands, goes_on = threading.Event(), threading.Event()

    def stand_still(_file: int) -> None:
        stands.set()
        goes_on.wait(WAIT_S)

    monkeypatch.setattr(os, "fdatasync", stand_still)
    committing = threading.Thread(target=desk.commit, args=(2,))
    committing.start()
    assert stands.wait(WAIT_S)

    taken = desk.taken(1)
    desk.spool.give_back(taken.tickets)
    arrived = [body for taken in desk.drain() for body in taken.bodies]
    depth = desk.spool.depth_rows, desk.spool.oldest_s
    still_standing = committing.is_alive()
    goes_on.set()
    committing.join(WAIT_S)

    assert still_standing
    assert sorted(arrived) == [entry.body for entry in desk.committed]
    assert depth == (0, 0.0)
    desk.kill()
    assert desk.opening.backlog_rows == 0


def test_each_entry_arrives_once_while_another_thread_commits(tmp_path: Path) -> None:
    desk = small(tmp_path, segment_bytes=5000, live_bytes=2000)
    random, arrived = Random(1), Counter[int]()
    ended = threading.Event()

    def pour() -> None:
        for _ in range(400):
            desk.commit(random.randint(1, 4), size=random.randint(10, 300), priority=random.randint(0, 2))
        ended.set()

    pouring = threading.Thread(target=pour)
    pouring.start()
    chance = Random(2)
    while not ended.is_set() or desk.spool.depth_rows:
        taken = desk.spool.take(1000)
        if taken is None:
            continue
        if chance.random() < 0.2:
            desk.spool.give_back(taken.tickets)
        else:
            arrived.update(int(body[:8]) for body in taken.bodies)
            desk.spool.acknowledge(taken.tickets)
    pouring.join(WAIT_S)

    assert arrived == Counter(range(len(desk.committed)))
    assert not desk.troubles
    desk.commit()
    desk.drained()
    assert sum(path.stat().st_size for path in desk.files) < 100


def test_a_spool_of_nothing_but_gap_records_is_bounded_too(tmp_path: Path) -> None:
    desk = small(tmp_path, max_bytes=5000, live_bytes=500)
    for start in range(200):
        desk.spool.commit([gap_entry(Gap("device", start, None, GapCause.LINK_LOST))])

    assert sum(path.stat().st_size for path in desk.files) < 6000
    _, gaps = desk.drained_with_gaps()
    assert gaps
    assert max(gap.start for gap in gaps) == 199
