"""Plots, as far as a test can look at them: what is written in them, and that they are pictures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ocs.cli.drawing import draw
from ocs.model.errors import ConfigurationError, NoDataError, NotAllowedError
from ocs.model.gap import Gap, GapCause
from ocs.store.archive.reading.history import History
from tests.ocs.cli.answers import SECOND, START, answer, part

pytest.importorskip("matplotlib")

GAPS = [
    Gap("thermo-1", START + 20 * SECOND, START + 30 * SECOND, GapCause.AGENT_DOWN),
    Gap("stage-1", START + 50 * SECOND, None, GapCause.PAUSED),
    Gap("nobody", START + 50 * SECOND, None, GapCause.DISK_FULL),
]


def night() -> History:
    times = np.arange(60.0)
    return answer(
        part("thermo-1", "f", times, {"t": 300 + times, "p": 1e-7 * times}, {"t": "K", "p": "mbar"},
             {"t": ["ALARM" if time > 50 else "VALID" for time in times]}),
        part("stage-1", "_channels", times[::6], {"State": ["ON"] * 5 + ["MOVING"] * 5}),
        part("stage-1", "g", times, {"x": times, "x:min": times - 1, "x:max": times + 1}, {"x": "deg"}),
        gaps=GAPS,
    )  # fmt: skip


def words_of(path: Path) -> str:
    return " | ".join(re.findall(r"<text[^>]*>([^<]+)</text>", path.read_text()))


def test_units_names_gaps_qualities_and_the_zone_are_written_in_it(tmp_path: Path) -> None:
    path = tmp_path / "night.svg"

    names, left_out = draw(night(), path)

    assert not left_out
    assert names == ["thermo-1.t", "thermo-1.p", "stage-1.State", "stage-1.x"]
    words = words_of(path)
    for expected in (
        "t [K]", "p [mbar]", "x [deg]", "MOVING", "thermo-1.t", "ALARM", "lowest to highest", "time (UTC)",
        "2027-01-15", "08:00", "gap of thermo-1: the agent was not there", "gap of stage-1: archiving was paused",
    ):  # fmt: skip
        assert expected in words
    assert "nobody" not in words


def test_gaps_of_one_device_do_not_repeat_its_name(tmp_path: Path) -> None:
    path = tmp_path / "one.svg"

    draw(answer(part("thermo-1", "f", range(60), {"t": range(60)}), gaps=GAPS), path)

    assert "gap: the agent was not there" in words_of(path)


def test_a_picture_is_made_of_a_single_point_and_of_values_that_are_none(tmp_path: Path) -> None:
    draw(answer(part("a", "f", [1], {"x": [5.0], "y": [None]}, {"x": "V"})), tmp_path / "point.png")

    assert (tmp_path / "point.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "beside"),
    [("t", "t [K]"), ("mean_of_the_inner_and_the_outer_thermometer", "mean of the inner and the"), ("t" * 70, "[K]")],
)
def test_a_long_name_does_not_push_the_axis_aside(tmp_path: Path, name: str, beside: str) -> None:
    path = tmp_path / "long.svg"

    draw(answer(part("thermo-1", "f", [0, 1], {name: [1, 2]}, {name: "K"})), path)

    words = words_of(path).split(" | ")
    assert beside in words
    assert f"thermo-1.{name}" in words
    assert max(len(word) for word in words if not word.startswith("thermo-1")) <= 31


def test_what_cannot_be_drawn_is_left_out_but_not_all_of_it(tmp_path: Path) -> None:
    rows = [[1, 2], [3, 4]]

    names, left_out = draw(answer(part("a", "f", [0, 1], {"x": [1, 2], "row": rows})), tmp_path / "one.png")

    assert (names, len(left_out)) == (["a.x"], 1)
    with pytest.raises(NotAllowedError, match=r"a\.row has no single numbers"):
        draw(answer(part("a", "f", [0, 1], {"row": rows})), tmp_path / "none.png")


def test_nothing_to_draw_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="nothing of this was archived from 2027-01-15T08:00:00Z to"):
        draw(answer(), tmp_path / "none.png")


def test_an_ending_that_is_no_picture_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.doc cannot be drawn: format 'doc' is not supported"):
        draw(night(), tmp_path / "none.doc")
