from __future__ import annotations

import base64
import errno
import json
import os
from pathlib import Path
from typing import Any

import msgpack
import pytest

from ocs.store.archive.intake import quarantine
from ocs.store.archive.intake.quarantine import Quarantine

NOW_S = 1_772_323_200.5


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*")) for line in path.read_text().splitlines()]


def test_a_refused_part_can_be_had_again_with_its_reason(tmp_path: Path) -> None:
    kept = Quarantine(tmp_path / "quarantine", lambda: NOW_S)
    part = {"device": "thermo-1", "columns": {"x": b"\x00\xff"}}

    kept.put(part, "wrong_type", "no times")
    kept.flush()

    (line,) = lines(tmp_path / "quarantine")
    assert (line["time"], line["code"], line["message"]) == (NOW_S, "wrong_type", "no times")
    assert msgpack.unpackb(base64.b64decode(line["msgpack"])) == part
    assert "thermo-1" in line["shown"]
    assert [path.name for path in (tmp_path / "quarantine").iterdir()] == ["2026-03-01.jsonl"]


def deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


@pytest.mark.parametrize("part", [object(), {1: {2, 3}}, 2**70, "\ud800", deep()], ids=type)
def test_what_cannot_be_packed_is_shown_at_least(tmp_path: Path, part: object) -> None:
    kept = Quarantine(tmp_path, lambda: NOW_S)

    kept.put(part, "internal", "what is this")
    kept.flush()

    (line,) = lines(tmp_path)
    assert line["msgpack"] == ""
    assert line["shown"]


def test_each_flush_adds_to_the_file_of_the_day(tmp_path: Path) -> None:
    kept = Quarantine(tmp_path, lambda: NOW_S)
    for number in range(3):
        kept.put(number, "a", "b")
        kept.put(number, "a", "b")
        kept.flush()

    assert len(lines(tmp_path)) == 6


def test_what_is_forgotten_is_not_written(tmp_path: Path) -> None:
    kept = Quarantine(tmp_path / "quarantine", lambda: NOW_S)
    kept.put(1, "a", "b")
    kept.forget()
    kept.flush()

    assert not (tmp_path / "quarantine").exists()


def test_a_day_of_too_much_is_counted_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "LARGEST_FILE", 500)
    kept = Quarantine(tmp_path, lambda: NOW_S)
    for _ in range(10):
        kept.put("x" * 50, "a", "b")
        kept.flush()

    assert kept.lost == 10 - len(lines(tmp_path)) > 0


def test_a_full_disk_leaves_no_half_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Quarantine(tmp_path, lambda: NOW_S)
    kept.put(1, "a", "b")
    kept.flush()
    write = os.write

    def full(file: int, data: memoryview) -> int:
        if len(data) < 50:
            raise OSError(errno.ENOSPC, "no room")
        return write(file, data[:-40])

    monkeypatch.setattr(os, "write", full)
    kept.put(2, "a", "b")
    with pytest.raises(OSError, match="no room"):
        kept.flush()
    monkeypatch.undo()

    assert len(lines(tmp_path)) == 1
    kept.put(3, "a", "b")
    kept.flush()
    assert [line["shown"] for line in lines(tmp_path)] == ["1", "3"]


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "quarantine").write_text("a file")
    kept = Quarantine(tmp_path / "quarantine", lambda: NOW_S)

    kept.put(1, "a", "b")
    kept.flush()

    assert kept.lost == 1
