"""The files of a new agent: they are in order, run and pass their own tests at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ocs.cli.main import run
from ocs.cli.new import class_name
from ocs.model.errors import DuplicateError

LONGEST_S = 240.0
CONFIGURATION = Path(__file__).parents[3] / "pyproject.toml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def done(folder: Path, *words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_module_name_gives_a_class_name() -> None:
    assert class_name("heat_switch") == "HeatSwitch"


def test_all_files_are_written_and_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "agent", "oven"]) == 0

    told = capsys.readouterr().out
    for path in ("agent.py", "driver.py", "sim.py", "README.md", "__init__.py"):
        assert (folder / "agents" / "oven" / path).is_file()
        assert f"wrote agents/oven/{path}" in told
    assert (folder / "tests" / "agents" / "oven" / "test_oven.py").is_file()


@pytest.mark.parametrize("name", ["Oven", "2oven", "class", "oven-1", "x" * 25])
def test_a_name_that_is_no_module_is_wrong_usage(folder: Path, name: str) -> None:
    assert run(["new", "agent", name]) == 2
    assert not list(folder.iterdir())


def test_what_is_there_is_never_written_over(folder: Path) -> None:
    run(["new", "agent", "oven"])

    with pytest.raises(DuplicateError, match="agents/oven is there already"):
        run(["new", "agent", "oven"])


@pytest.mark.parametrize("name", ["ov", "a_name_with_24_letters_x"])
def test_the_new_files_pass_the_checks_of_this_project(folder: Path, name: str) -> None:
    run(["new", "agent", name])

    # Outside this checkout, ruff cannot know that agents and ocs belong together: the order of imports is left out.
    done(folder, "ruff", "check", "--no-cache", "--config", str(CONFIGURATION), "--ignore", "I001", ".")
    done(folder, "ruff", "format", "--no-cache", "--config", str(CONFIGURATION), "--check", ".")


@pytest.mark.timeout(LONGEST_S)
def test_the_new_files_are_typed(folder: Path) -> None:
    run(["new", "agent", "oven"])

    done(folder, "mypy", "--strict", "--cache-dir", str(folder / "cache"), "-p", "agents.oven")


@pytest.mark.timeout(LONGEST_S)  # the contract suite has some fifty tests, most with a simulator of their own
def test_the_new_files_pass_their_tests(folder: Path) -> None:
    run(["new", "agent", "oven"])

    done(folder, "pytest", "-q", "-p", "no:pytest_wampy", "-p", "no:cacheprovider", "-c", "/dev/null", "tests")


def test_the_check_of_a_site_file_finds_the_new_agent(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["new", "agent", "oven"])
    site = folder / "site.yaml"
    site.write_text(
        "hub: {wamp_server: 'ws://127.0.0.1:8001/ws', wamp_realm: test_realm, address_root: observatory}\n"
        "agent_paths: [agents]\n"
        "hosts:\n  localhost:\n    agent-instances:\n"
        "      - {agent-class: OvenAgent, instance-id: oven-1, arguments: [--port, sim]}\n"
    )

    done(folder, "ocs", "check", str(site))
