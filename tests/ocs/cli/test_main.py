"""The command line itself: what is imported, what wrong words are told."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from ocs.__main__ import main
from ocs.cli.main import COMMANDS, ocs, run


def ended(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ocs", *words])
    return main()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_tells_an_example_in_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0

    told = capsys.readouterr().out
    assert "Example" in told
    assert f"ocs {name}" in told


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_found_by_its_name(name: str) -> None:
    with click.Context(ocs) as context:
        command = ocs.get_command(context, name)

    assert command is not None
    assert command.name == name


def test_without_words_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0

    assert "Serve a site" in capsys.readouterr().out


def test_a_misspelt_command_is_told_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "lst") == 2

    assert capsys.readouterr().err == "error: there is no command lst; did you mean list?; `ocs --help` tells more\n"


def test_a_missing_argument_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(monkeypatch, "run", "faker-1") == 2

    assert "missing argument 'OP'; `ocs run --help` tells more" in capsys.readouterr().err


def test_an_error_of_ours_is_one_sentence_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "check", "/no/such/file.yaml") == 3

    told = capsys.readouterr()
    assert "/no/such/file.yaml:1: the file cannot be read" in told.out


def test_without_router_the_sentence_tells_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ocs.router.node import free_port

    assert ended(monkeypatch, "list", "--port", str(free_port())) == 5

    assert "start it with `ocs up`" in capsys.readouterr().err


def test_without_router_there_is_nothing_to_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ocs.router.node import free_port

    assert ended(monkeypatch, "down", "--port", str(free_port())) == 0

    assert capsys.readouterr().out.startswith("nothing to end: no router listens")


def test_a_defect_is_told_in_one_sentence_without_a_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_argv: list[str]) -> int:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("ocs.cli.main.run", fail)

    assert ended(monkeypatch, "list") == 1
    assert capsys.readouterr().err == "error: ZeroDivisionError: of all things; OCS_DEBUG=1 shows where this happened\n"


def test_the_trace_is_shown_on_request(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_argv: list[str]) -> int:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr("ocs.cli.main.run", fail)
    monkeypatch.setenv("OCS_DEBUG", "1")

    ended(monkeypatch, "list")

    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_argv: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("ocs.cli.main.run", interrupted)

    assert ended(monkeypatch, "list") == 130


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OCS_PORT", "OCS_SITE_FILE", "OCS_CONFIG_DIR", "SITE_HUB", "OCS_DEBUG"):
        monkeypatch.setenv(name, "")  # restored afterwards, though --port sets it


def test_help_needs_none_of_the_heavy_libraries() -> None:
    program = (
        "import sys\nfrom ocs.cli.main import run\nrun(['--help'])\n"
        "heavy = {'twisted', 'autobahn', 'pydantic', 'numpy', 'rich', 'ruamel'} & set(sys.modules)\n"
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
