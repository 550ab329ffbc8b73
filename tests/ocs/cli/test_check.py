"""`ocs check` on files, in order and not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocs.cli.main import run
from ocs.model.errors import ExitCode

DEMO = Path(__file__).parents[3] / "sites" / "demo.yaml"


def test_a_site_in_order_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["check", str(DEMO)])

    assert code == ExitCode.OK.value
    assert capsys.readouterr().out == f"{DEMO} is in order\n"


def test_a_misspelt_key_is_told_with_its_line_and_the_near_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "site.yaml"
    wrong.write_text(DEMO.read_text().replace("instance-id: stage-1", "instance_id: stage-1"))

    code = run(["check", str(wrong)])

    assert code == ExitCode.CONFIGURATION.value
    assert "site.yaml:30: " in capsys.readouterr().out


def test_a_property_that_the_device_does_not_have_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "site.yaml"
    wrong.write_text(
        DEMO.read_text().replace("--mode, idle", "--mood, idle").replace("../agents", str(DEMO.parents[1] / "agents"))
    )

    code = run(["check", str(wrong)])

    assert code == ExitCode.CONFIGURATION.value
    assert "faker-1: FakeData has no property mood" in capsys.readouterr().out


def test_the_schema_for_editors_knows_the_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--schema"]) == ExitCode.OK.value

    schema = json.loads(capsys.readouterr().out)
    assert {"hub", "hosts"} <= set(schema["properties"])
