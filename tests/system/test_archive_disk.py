"""A full disk of the archive: it takes nothing, the spools keep everything, and with room again all of it arrives."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system.accounts import LOSSES
from tests.system.line import ARRIVE_S, Line

SIZE_MB = 24


def _namespaces() -> bool:
    """Whether this machine lets us mount a disk that nobody else sees."""
    if shutil.which("unshare") is None:
        return False
    try_it = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(try_it, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.system,
    pytest.mark.xdist_group("router"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not _namespaces(), reason="this machine allows no user namespaces"),
]


def fill(folder: Path, left: int) -> Path:
    """Fill the disk of a folder up to so many bytes that are left."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(folder).free - left)))
    return ballast


def test_a_disk_without_room_for_another_byte_costs_nothing(line: Line) -> None:
    line.start_archiver_on_small_disk(SIZE_MB, "--disk-warning", "1000", "--disk-full", "1000")
    agent = line.start_agent("--padding", "1000")
    line.wait_for_numbers()

    ballast = fill(line.archive, left=300_000)
    told = agent.wait_for("the archive's disk refuses", ARRIVE_S)
    line.wait_for_numbers()
    ballast.unlink()
    agent.wait_for("the archiver takes data again", ARRIVE_S)
    line.stop_counting()
    account = line.account()

    assert "data wait in the spool" in told
    assert account.balanced, account
    assert account.named == 0
    assert not account.of(*LOSSES)


def test_an_archive_that_is_97_percent_full_takes_nothing_more(line: Line) -> None:
    line.start_archiver_on_small_disk(SIZE_MB)
    agent = line.start_agent()
    line.wait_for_numbers()

    ballast = fill(line.archive, left=SIZE_MB * 1_000_000 // 100)
    told = agent.wait_for("from 97 % on it takes nothing", ARRIVE_S)
    line.wait_for_numbers()
    ballast.unlink()
    agent.end(ARRIVE_S)
    line.wait_until_taking()  # the agent would ask again in a minute
    line.start_agent()
    line.stop_counting()
    account = line.account()

    assert "data wait in the spool" in told
    assert account.balanced, account
    assert account.named == 0
    assert not account.of(*LOSSES)
