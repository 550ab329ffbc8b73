"""`ocs history` and `ocs gaps` of an archive's files, with no service running."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ocs.cli.main import run
from ocs.model.errors import NotFoundError
from tests.ocs.cli import small_archive
from tests.ocs.cli.answers import SECOND, START
from tests.ocs.cli.small_archive import DURING


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "archive"
    small_archive.make(path)
    return path


@pytest.fixture
def lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def told(*words: str, code: int = 0) -> list[str]:
        assert run([*words, *DURING, "--archive", str(folder)]) == code
        return capsys.readouterr().out.splitlines()

    return told


def test_many_rows_become_a_table_of_means_with_their_range(lines: Any) -> None:
    told = lines("history", "thermo-1.pressure")

    assert told[0].split() == ["TIME", "(UTC)", "thermo-1.pressure", "[hPa]"]
    assert told[1].split() == ["2027-01-15", "08:00:00.000", "1002.5", "(1000..1005)"]
    assert told[-1] == "each line is the mean of 6.0 s (lowest..highest); --all shows every row"
    gap = next(line for line in told if "gap" in line)
    assert gap == (
        "2027-01-15 08:05:00.000  -- gap of thermo-1 until 2027-01-15 08:07:00 (2 min): the agent was not there"
    )
    assert told[told.index(gap) - 1].split()[1] < "08:05:00" <= told[told.index(gap) + 1].split()[1]


def test_every_row_is_shown_on_demand(lines: Any) -> None:
    told = lines("history", "thermo-1.temperature", "--all")

    assert len(told) == 1 + 480 + 1
    assert told[-1].endswith(" ALARM")


def test_a_pattern_brings_channels_of_several_devices_on_one_time_base(lines: Any) -> None:
    told = lines("history", "*.state, *.pressure", "--all")

    assert set(told[0].split()[2:]) == {"stage-1.State", "thermo-1.pressure", "[hPa]"}
    assert sum("MOVING" in line for line in told) == 1


def test_programs_get_every_row_and_all_that_goes_with_it(lines: Any) -> None:
    told = json.loads("\n".join(lines("history", "thermo-1", "--json")))

    assert len(told["time"]) == 480
    assert told["time"][:2] == [START / SECOND, START / SECOND + 1]
    assert told["channels"]["thermo-1.pressure"]["unit"] == "hPa"
    assert told["channels"]["thermo-1.pressure"]["values"][:2] == [1000.0, 1001.0]
    assert told["channels"]["thermo-1.temperature"]["quality"][-1] == "ALARM"
    assert told["channels"]["thermo-1.row"]["values"][1] == [1.0, 1.5]
    assert [gap["cause"] for gap in told["gaps"]] == ["agent_down"]


def test_points_on_demand_have_their_range(lines: Any) -> None:
    told = json.loads("\n".join(lines("history", "thermo-1.pressure", "--json", "--max-points", "5")))

    channel = told["channels"]["thermo-1.pressure"]
    assert len(told["time"]) <= 5
    assert (channel["min"][0], channel["max"][-1]) == (1000.0, 1599.0)
    assert sum(channel["count"]) == 480


def test_an_empty_span_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    span = ("--start", "2020-01-01", "--end", "2020-01-02")

    assert run(["history", "thermo-1", *span, "--archive", str(folder)]) == 0

    told = capsys.readouterr().out
    assert "nothing of thermo-1 was archived from 2020-01-01T00:00:00Z to 2020-01-02T00:00:00Z" in told


def test_a_name_that_was_never_archived_is_one_sentence(lines: Any) -> None:
    with pytest.raises(NotFoundError, match=r"thermo-1\.humidity"):
        lines("history", "thermo-1.humidity")


def test_gaps_are_listed(lines: Any) -> None:
    head, gap = lines("gaps", "thermo-1")

    assert head.startswith("FROM (UTC)")
    assert " ".join(gap.split()) == ("2027-01-15 08:05:00 2027-01-15 08:07:00 2 min thermo-1 the agent was not there")
    assert lines("gaps", "stage-1") == ["no gap is known of stage-1 from 2027-01-15T08:00:00Z to 2027-01-15T08:10:00Z"]
    assert json.loads("\n".join(lines("gaps", "*", "--json")))[0]["why"] == "the agent was not there"


def test_all_and_max_points_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["history", "a", "--all", "--max-points", "5"]) == 2

    assert "--all and --max-points exclude each other" in capsys.readouterr().err
