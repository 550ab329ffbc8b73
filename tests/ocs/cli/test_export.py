"""`ocs export` and `ocs plot` of an archive's files, with no service running."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ocs.cli.main import run
from ocs.model.errors import NoDataError, OperationFailedError
from tests.ocs.cli import small_archive
from tests.ocs.cli.small_archive import DURING


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "archive"
    small_archive.make(path)
    return path


def test_csv_has_units_gaps_and_every_row(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.csv"

    assert run(["export", "thermo-1", *DURING, "-o", str(path), "--archive", str(folder)]) == 0

    lines = path.read_text().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert "# unit of thermo-1.pressure: hPa" in comments
    assert any("the agent was not there" in line for line in comments)
    assert len(lines) == len(comments) + 1 + 480
    assert capsys.readouterr().out.startswith(f"{path}: 480 rows of 4 columns, 0.0")


def test_parquet_has_the_channels_of_several_devices(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.parquet"

    assert run(["export", "*", *DURING, "-o", str(path), "--archive", str(folder), "--json"]) == 0

    table = pq.read_table(path)
    assert table.num_rows == json.loads(capsys.readouterr().out)["rows"] == 480
    assert table["stage-1.State"].drop_null().to_pylist() == ["OFF", "MOVING", "ON"]
    assert table.schema.field("thermo-1.temperature").metadata[b"unit"] == b"K"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-o", "out"), "does not say which kind of file it is; add --format csv or --format parquet"),
        (("-o", "-", "--format", "parquet"), "the standard output takes CSV only"),
        ((), "missing option '-o'"),
    ],
)
def test_a_wrong_usage_is_one_sentence(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", "thermo-1", *words]) == 2

    assert sentence in capsys.readouterr().err


def test_an_export_of_nothing_leaves_no_file(folder: Path, tmp_path: Path) -> None:
    words = ["--start", "2020-01-01", "--end", "2020-01-02", "--archive", str(folder)]

    with pytest.raises(NoDataError, match="nothing was archived"):
        run(["export", "thermo-1", *words, "-o", str(tmp_path / "out.csv")])

    assert list(tmp_path.iterdir()) == []


def test_a_plot_is_a_picture_called_by_its_first_channel(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)

    assert run(["plot", "thermo-1.temperature,stage-1.State", *DURING, "--archive", str(folder)]) == 0

    (picture,) = tmp_path.iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")
    told = capsys.readouterr().out
    assert told.startswith(f"{picture.name}: ")
    assert told.endswith(" from 2027-01-15T08:00:00Z to 2027-01-15T08:10:00Z\n")


def test_a_picture_that_cannot_be_written_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "nowhere" / "out.png"

    with pytest.raises(OperationFailedError, match=r"out\.png cannot be written: No such file or directory"):
        run(["plot", "thermo-1.pressure", *DURING, "-o", str(path), "--archive", str(folder)])


def test_a_picture_whose_name_has_no_ending_is_told_with_the_one_it_gets(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "night"

    assert run(["plot", "thermo-1.temperature", *DURING, "-o", str(path), "--archive", str(folder)]) == 0

    assert capsys.readouterr().out.startswith(f"{path}.png: thermo-1.temperature")
    assert path.with_suffix(".png").exists()
