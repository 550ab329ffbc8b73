"""The mark of a spool: what the next process is told about this one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.spool import mark as marks
from ocs.store.spool.mark import NO_ENDS, End, Ends, Mark, Marked, boot_id

ENDS: Ends = {1: End(4, 80, 79, 900, 800), 2: End(5, 85, 81, 700, 700)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "last_commit"


def opened(path: Path) -> Marked:
    mark = Mark(path)
    found = mark.open()
    mark.close()
    return found


def stamped(path: Path, last: int, synced: int, *, orderly: bool = False, ends: Ends = NO_ENDS) -> None:
    mark = Mark(path)
    mark.open()
    mark.stamp(last, synced, ends, None, orderly=orderly)
    mark.close()


def test_the_last_stamp_is_found(path: Path) -> None:
    stamped(path, 100, 90)
    stamped(path, 200, 190, ends=ENDS)

    assert opened(path) == Marked(200, orderly=False, whole=True, ends=ENDS)


def test_an_orderly_end_is_found(path: Path) -> None:
    stamped(path, 200, 190, orderly=True)

    assert opened(path) == opened(path) == Marked(200, orderly=True, whole=True)


def test_without_a_stamp_nothing_is_known(path: Path) -> None:
    assert opened(path) == opened(path) == Marked()


def test_what_is_told_of_the_files_changes_nothing_else(path: Path) -> None:
    for orderly in (False, True):
        mark = Mark(path)
        mark.open()
        mark.stamp(200, 190, ENDS, (5, 9), orderly=orderly)
        mark.tell({2: ENDS[2]}, (5, 20))
        mark.close()

        assert opened(path) == Marked(200, orderly, whole=True, ends={2: ENDS[2]}, untold=(5, 20))


def test_what_was_given_up_untold_is_found_until_it_is_told(path: Path) -> None:
    mark = Mark(path)
    mark.open()
    mark.stamp(200, 190, NO_ENDS, (50, 150))
    assert opened(path).untold == (50, 150)

    mark.stamp(300, 290, NO_ENDS, None)
    mark.close()
    assert opened(path).untold is None


def test_it_knows_of_which_files_it_tells(path: Path) -> None:
    mark = Mark(path)
    mark.open()
    mark.stamp(200, 190, ENDS, None)
    mark.close()

    assert [mark.names(number) for number in (3, 4, 5, 0)] == [False, True, True, False]


def test_after_a_start_of_the_machine_only_what_was_synced_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamped(path, 200, 190, ends=ENDS)
    monkeypatch.setattr(marks, "boot_id", lambda: b"another start...")

    assert opened(path) == Marked(190, orderly=False, whole=False, ends=ENDS)


def test_a_machine_that_does_not_name_its_starts_may_have_been_started_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_BOOT", path.parent / "missing")
    stamped(path, 200, 190, ends=ENDS)

    assert opened(path) == Marked(190, orderly=False, whole=False, ends=ENDS)


def test_after_an_orderly_end_all_was_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamped(path, 200, 190, orderly=True, ends=ENDS)
    monkeypatch.setattr(marks, "boot_id", lambda: b"another start...")

    assert opened(path) == Marked(200, orderly=True, whole=True, ends=ENDS)


@given(data=st.data())
@settings(deadline=None, max_examples=100)
def test_a_mark_that_was_cut_or_changed_tells_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("mark") / "last_commit"
    stamped(path, 200, 190, orderly=True, ends=ENDS)
    good = path.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    changed = bytes([good[at] ^ data.draw(st.integers(1, 255))])
    path.write_bytes(data.draw(st.sampled_from([good[:at], good[:at] + changed + good[at + 1 :]])))

    assert opened(path) == Marked()


@pytest.mark.parametrize("size", [33, 200, 5000])
def test_zeros_tell_nothing(path: Path, size: int) -> None:
    path.write_bytes(bytes(size))

    assert opened(path) == Marked()


def test_where_no_file_can_be_everything_goes_on(tmp_path: Path) -> None:
    mark = Mark(tmp_path / "missing" / "last_commit")

    assert mark.open() == Marked()
    mark.stamp(1, 1, ENDS, None, orderly=True)
    mark.close()


def test_a_start_of_the_machine_has_one_name_of_16_bytes() -> None:
    assert len(boot_id()) == 16
    assert boot_id() == boot_id()


def test_a_machine_that_names_no_start_has_zeros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_BOOT", tmp_path / "missing")

    assert boot_id() == bytes(16)
