from __future__ import annotations

from pathlib import Path

import pytest

from ocs.link.simulation.announcement import Announcement, announce, look_up, parse, path_of, withdraw
from ocs.model.errors import LinkLostError

STAGE = Announcement(port="/tmp/x.pty", control=4321, pid=17)  # noqa: S108 - a text, no file


def test_an_announced_simulator_is_found(tmp_path: Path) -> None:
    announce(tmp_path, "stage-1", STAGE)

    assert look_up(tmp_path, "stage-1") == STAGE
    assert [path.name for path in tmp_path.iterdir()] == ["stage-1.json"]


def test_a_name_with_slashes_is_one_file(tmp_path: Path) -> None:
    announce(tmp_path, "lab/stage/1", STAGE)

    assert look_up(tmp_path, "lab/stage/1") == STAGE
    assert path_of(tmp_path, "lab/stage/1", ".pty").parent == tmp_path


def test_a_withdrawn_simulator_is_not_found(tmp_path: Path) -> None:
    announce(tmp_path, "stage-1", STAGE)
    withdraw(tmp_path, "stage-1")
    withdraw(tmp_path, "stage-1")

    with pytest.raises(LinkLostError, match="no simulator 'stage-1' runs in"):
        look_up(tmp_path, "stage-1")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "stage-1.json").write_text("{", encoding="utf-8")

    with pytest.raises(LinkLostError, match=r"stage-1\.json cannot be read"):
        look_up(tmp_path, "stage-1")


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", '{"port": "x", "control": "y", "pid": 1}'])
def test_other_texts_are_no_announcement(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error and ours
        parse(text)
