from __future__ import annotations

import errno
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.store.archive.journal.promises import Promised, PromiseWriter, read_promises
from ocs.store.archive.layout import SYNCED

numbers = st.integers(-(2**63), 2**63 - 1)
promised = st.builds(Promised, *[numbers] * 7)


def rows(first: int) -> Promised:
    return Promised(1, 7, first, first + 2, 3, first * 1000, first * 1000 + 2)


@given(st.lists(st.tuples(st.integers(0, 2**62), st.lists(promised, max_size=3), st.booleans()), max_size=5))
@settings(max_examples=50)
def test_what_was_kept_is_known_and_what_was_forgotten_is_not(told: list[tuple[int, list[Promised], bool]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.log"
        writer = PromiseWriter(path)
        for size, given_rows, kept in told:
            for each in given_rows:
                writer.add(each)
            if kept:
                writer.keep(size)
            else:
                writer.forget()
        writer.close()

        known = read_promises(path)

    assert known.sizes == [size for size, _, kept in told if kept]
    assert known.rows == [each for _, given_rows, kept in told if kept for each in given_rows]
    assert known.size == ([0, *known.sizes])[-1]


@given(st.data())
@settings(max_examples=50)
def test_damage_leaves_what_comes_before_it(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "1.log"
        beside = path.with_suffix(SYNCED)
        writer = PromiseWriter(path)
        sizes = []
        for number in range(3):
            writer.add(rows(1 + 3 * number))
            writer.keep(100 * (number + 1))
            sizes.append(beside.stat().st_size)
        writer.close()
        content = bytearray(beside.read_bytes())
        at = data.draw(st.integers(8, len(content) - 1))
        content[at] ^= data.draw(st.integers(1, 255))
        beside.write_bytes(content)

        good = sum(size <= at for size in sizes)
        known = read_promises(path)

    assert known.sizes == [100, 200, 300][:good]
    assert known.rows == [rows(1), rows(4), rows(7)][:good]


def test_of_a_file_without_promises_nothing_is_known(tmp_path: Path) -> None:
    assert read_promises(tmp_path / "1.log").size == 0
    (tmp_path / "1.synced").write_bytes(b"\x40\x01\0\0\0\0\0\0")
    assert read_promises(tmp_path / "1.log").size == 0


def test_a_promise_that_the_disk_refuses_is_told_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = PromiseWriter(tmp_path / "1.log")
    writer.add(rows(1))
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", _no_room)
        writer.keep(100)
    writer.add(rows(4))
    writer.keep(200)

    known = read_promises(tmp_path / "1.log")

    assert (known.sizes, known.rows) == ([200], [rows(1), rows(4)])


def test_what_is_left_of_another_file_of_the_same_number_promises_nothing(tmp_path: Path) -> None:
    PromiseWriter(tmp_path / "1.log").keep(100)

    PromiseWriter(tmp_path / "1.log").keep(50)

    assert read_promises(tmp_path / "1.log").sizes == [50]


def _no_room(*_: Any) -> int:
    raise OSError(errno.ENOSPC, "no room")
