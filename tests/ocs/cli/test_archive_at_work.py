"""The commands about the archive with a router, an archiver and a device that records."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.testing.router_process import RouterProcess
from tests.ocs.cli.conftest import PROMPT
from tests.system.programs import CHECKOUT, Place, until

ARCHIVER = "from ocs.agent import run; from ocs.services.archiver import Archiver; run(Archiver)"
OVEN = CHECKOUT / "tests/ocs/client/oven.py"

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


class Commands:
    """Runs commands one after the other in a process of their own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        place.state.mkdir(parents=True, exist_ok=True)
        self._prompt = subprocess.Popen(
            [sys.executable, "-c", PROMPT], env=place.environ, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, cwd=place.state,
        )  # fmt: skip

    def ask(self, *words: str) -> tuple[int, str, str]:
        """Return exit code, answer and errors of a command."""
        assert self._prompt.stdin is not None
        assert self._prompt.stdout is not None
        self._prompt.stdin.write(f"{json.dumps(words)}\n")
        self._prompt.stdin.flush()
        code, printed, told = json.loads(self._prompt.stdout.readline())
        return code, printed, told

    def __call__(self, *words: str, code: int = 0) -> str:
        got, printed, told = self.ask(*words)
        assert got == code, f"{words}: {got}\n{printed}\n{told}"
        return printed + told

    def json(self, *words: str) -> Any:
        """Return the answer of a command with --json."""
        return json.loads(self(*words, "--json"))

    def rows(self) -> int:
        """Return how many rows of the oven are in the archive."""
        code, printed, _ = self.ask("history", "oven.temperature", "--json")
        return len(json.loads(printed)["time"]) if code == 0 else 0

    def end(self) -> None:
        """End the process."""
        self._prompt.communicate(timeout=30)


@pytest.fixture
def ocs(router: RouterProcess, tmp_path: Path) -> Iterator[Commands]:
    place = Place(router.port, tmp_path)
    commands = Commands(place)
    yield commands
    commands.end()
    place.end()


def with_archive(ocs: Commands) -> None:
    ocs.place.start("-c", ARCHIVER, "--instance-id", "archiver").wait_for("joined test_realm as")
    oven = ocs.place.start(str(OVEN), "--instance-id", "oven", "--archiver", "archiver")
    oven.wait_for("joined test_realm as")
    until(lambda: ocs.rows() >= 2, "rows of the oven are archived", 60.0)


def test_without_an_archiver_each_command_says_how_to_add_one(ocs: Commands) -> None:
    for words in (
        ("history", "oven"), ("plot", "oven"), ("export", "oven", "-o", "x.csv"), ("gaps", "oven"), ("policy",)
    ):  # fmt: skip
        told = ocs(*words, code=6)

        assert told.startswith("error: there is no archiver called archiver now; `ocs up` starts it")
    assert not (ocs.place.state / "x.csv").exists()


def test_what_a_device_records_is_shown_drawn_exported_and_ruled(ocs: Commands, tmp_path: Path) -> None:
    with_archive(ocs)

    assert "oven.temperature [K]" in ocs("history", "oven.temperature")
    assert ocs("plot", "oven.temperature", "-o", "t.png").startswith("t.png: oven.temperature from ")
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    assert ocs.json("export", "oven", "-o", "oven.parquet")["rows"] >= 2
    piped = ocs.place.run("-m", "ocs", "export", "oven.temperature", "-o", "-").stdout
    assert piped.splitlines()[1] == "# unit of oven.temperature: K"
    assert "nothing called furnace was ever archived" in ocs("history", "furnace", code=6)

    rules = tmp_path / "rules.yaml"
    rules.write_text('- {match: "oven.temperature", dead_band: 0.5}\n- {match: "dserver/*", archive: false}\n')
    assert "2 rules would hold; nothing was changed" in ocs("policy", "--set", str(rules), "--dry-run")
    assert ocs.json("policy")["rules"] == []
    assert "1. oven.temperature: archived, dead band 0.5\n   oven  thermal.temperature [K]" in ocs(
        "policy", "--set", str(rules)
    )
    assert [rule["match"] for rule in ocs.json("policy")["rules"]] == ["oven.temperature", "dserver/*"]
    rules.write_text("- {match: a, deadband: 1}\n")
    assert "rule 1 has the key deadband" in ocs("policy", "--set", str(rules), code=2)
    assert "no rules hold" in ocs("policy", "--reset")


def test_a_killed_agent_leaves_a_gap_that_says_so(ocs: Commands) -> None:
    with_archive(ocs)
    ocs.place.started[-1].kill()
    ocs.place.started[-1].wait()
    ocs.place.start(str(OVEN), "--instance-id", "oven", "--archiver", "archiver").wait_for("joined test_realm as")

    def killed() -> list[str]:
        return [gap["why"] for gap in ocs.json("gaps", "oven") if gap["cause"] == "process_killed"]

    (why,) = until(killed, "the gap of the agent itself", 60.0)  # that of its absence goes before
    assert why in ocs("gaps", "oven")
