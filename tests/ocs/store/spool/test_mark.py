"""The mark of the last commit: what the next process is told about this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocs.store.spool import mark as marks
from ocs.store.spool.mark import Mark, boot_id


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "last_commit"


def opened(path: Path) -> tuple[int | None, bool]:
    mark = Mark(path)
    found = mark.open()
    mark.close(0, orderly=False)
    return found


def stamped(path: Path, last: int, synced: int, *, orderly: bool) -> None:
    mark = Mark(path)
    mark.open()
    mark.stamp(last, synced)
    mark.close(0, orderly=orderly)


def test_the_last_stamp_is_found(path: Path) -> None:
    stamped(path, 100, 90, orderly=False)
    stamped(path, 200, 190, orderly=False)

    assert opened(path) == (200, False)


def test_an_orderly_end_is_found(path: Path) -> None:
    stamped(path, 200, 190, orderly=True)

    assert opened(path) == (200, True)
    assert opened(path) == (200, True)


def test_without_a_stamp_nothing_is_known(path: Path) -> None:
    assert opened(path) == (None, False)
    mark = Mark(path)
    mark.open()
    mark.close(0, orderly=True)

    assert opened(path) == (None, False)


def test_an_orderly_end_without_a_commit_tells_the_earlier_one(path: Path) -> None:
    stamped(path, 200, 190, orderly=False)
    mark = Mark(path)
    mark.open()
    mark.close(0, orderly=True)

    assert opened(path) == (200, True)


def test_at_an_orderly_end_nothing_is_missing_up_to_that(path: Path) -> None:
    mark = Mark(path)
    mark.open()
    mark.stamp(200, 190)
    mark.close(350, orderly=True)

    assert opened(path) == (350, True)


def test_after_a_start_of_the_machine_only_what_was_synced_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamped(path, 200, 190, orderly=False)
    monkeypatch.setattr(marks, "boot_id", lambda: b"another start...")

    assert opened(path) == (190, False)


def test_after_an_orderly_end_all_was_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamped(path, 200, 190, orderly=True)
    monkeypatch.setattr(marks, "boot_id", lambda: b"another start...")

    assert opened(path) == (200, True)


@pytest.mark.parametrize("size", range(33))
def test_a_mark_that_was_cut_tells_nothing(path: Path, size: int) -> None:
    stamped(path, 200, 190, orderly=True)
    path.write_bytes(path.read_bytes()[:size])

    assert opened(path) == (None, False)


def test_zeros_tell_nothing(path: Path) -> None:
    path.write_bytes(bytes(33))

    assert opened(path) == (None, False)


def test_where_no_file_can_be_everything_goes_on(tmp_path: Path) -> None:
    mark = Mark(tmp_path / "missing" / "last_commit")

    assert mark.open() == (None, False)
    mark.stamp(1, 1)
    mark.close(0, orderly=True)


def test_a_start_of_the_machine_has_one_name_of_16_bytes() -> None:
    assert len(boot_id()) == 16
    assert boot_id() == boot_id()


def test_a_machine_that_names_no_start_has_zeros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_BOOT", tmp_path / "missing")

    assert boot_id() == bytes(16)
