"""The files that a spool writes: whenever its process dies, no more is promised than is there, and no less is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocs.model.gap import GapCause
from ocs.store.spool.limits import SpoolLimits
from tests.ocs.store.spool.desk import Desk

LIMITS = SpoolLimits(segment_bytes=600, reserve_bytes=100, live_bytes=400, max_age_s=1000.0)


class Moments:
    """Copies of a folder as each moment in which its process might die leaves it.

    Args:
        folder: The folder.
        to: Where the copies go.
        patch: Has the calls that change files copied before and after.
    """

    def __init__(self, folder: Path, to: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._to = to
        self.facts: Callable[[], Any] = lambda: None
        self.seen: list[tuple[Path, Any]] = []
        for name in ("pwrite", "ftruncate", "unlink"):
            patch.setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **named: Any) -> Any:
            self._copy()
            result = change(*args, **named)
            self._copy()
            return result

        return changed

    def _copy(self) -> None:
        if self._folder.exists():
            copy = shutil.copytree(self._folder, self._to / str(len(self.seen)))
            self.seen.append((copy, self.facts()))


def test_whenever_the_process_dies_all_that_was_committed_is_there_and_nothing_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "spool", LIMITS)
    committed: set[int] = set()
    arrived: set[int] = set()
    with monkeypatch.context() as patch:
        moments = Moments(desk.folder, tmp_path / "moments", patch)
        moments.facts = lambda: committed - arrived
        for number in range(12):
            committed |= set(desk.commit(size=100, priority=1 + number % 2))
            desk.now += 0.4
            if number % 5 == 4:
                while (taken := desk.spool.take(250)) is not None:
                    arrived |= {int(body[:8]) for body in taken.bodies}
                    desk.spool.acknowledge(taken.tickets)
        desk.spool.nothing_new(desk.now)
        desk.spool.settle(desk.now)
        desk.spool.close(desk.now)

    assert len(moments.seen) > 50
    for folder, waiting in moments.seen:
        found = Desk(folder, LIMITS)
        came = found.drained()
        found.abandon()
        assert found.opening.damaged == [], folder
        assert waiting <= set(came), folder
        assert len(set(came)) == len(came)


def test_whenever_the_process_dies_what_a_drop_takes_away_is_told_once_and_not_as_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "spool", LIMITS)
    desk.commit(size=100)
    desk.now += 2 * LIMITS.max_age_s
    with monkeypatch.context() as patch:
        moments = Moments(desk.folder, tmp_path / "moments", patch)
        desk.spool.nothing_new(desk.now)  # it is too old

    assert len(moments.seen) > 4
    for folder, _ in moments.seen:
        found = Desk(folder, LIMITS)
        came, gaps = found.drained_with_gaps()
        found.abandon()
        assert found.opening.damaged == [], folder
        assert came or gaps, folder


def test_what_arrives_after_the_end_takes_away_nothing_that_was_promised(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "spool", LIMITS)
    desk.commit(size=100)
    sent = desk.taken()
    desk.spool.close()

    desk.spool.acknowledge(sent.tickets)
    desk.kill()

    assert (desk.opening.damaged, desk.opening.orderly) == ([], True)
    assert desk.drained() == [0]  # once more: the archive knows it


def test_what_is_dropped_after_the_end_is_not_missed_as_damage(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "spool", LIMITS)
    desk.commit(size=100)
    desk.spool.close()
    desk.now += 2 * LIMITS.max_age_s

    desk.commit(size=100)
    desk.kill()

    assert desk.opening.damaged == []
    came, gaps = desk.drained_with_gaps()
    assert (came, [gap.cause for gap in gaps]) == ([0, 1], [GapCause.SPOOL_OLD])


def test_who_was_killed_has_its_rows_on_the_disk_from_the_next_start_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "spool", LIMITS)
    desk.commit(size=100)
    desk.now += 0.1
    desk.commit(size=100)
    (path,) = desk.files
    synced: list[str] = []
    real = os.fsync

    def sync(file: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        real(file)

    monkeypatch.setattr(os, "fdatasync", sync)
    monkeypatch.setattr(os, "fsync", sync)

    desk.kill()

    assert str(path) in synced
