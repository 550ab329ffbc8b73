"""Whoever is killed while numbers run, each number is in the archive once, or a gap says why not."""

from __future__ import annotations

import struct

import pytest

from ocs.model.gap import GapCause
from ocs.testing.router_process import RouterProcess
from tests.system.kills import AGENT, ARCHIVER, ROUTER, Kills
from tests.system.line import Line

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router"), pytest.mark.timeout(300)]

SEED = 4


def test_no_kill_costs_a_number_that_was_committed(fresh_router: RouterProcess, line: Line) -> None:
    kills = Kills(line, fresh_router, SEED)
    order = [[AGENT], [ARCHIVER], [AGENT], [ARCHIVER], [AGENT, ARCHIVER], [ROUTER]]
    kills.chance.shuffle(order)

    for victims in order:
        kills.kill(victims)
    line.stop_counting()
    account = line.account()

    assert account.balanced, account
    assert account.archived > account.told / 2
    assert len(account.of(GapCause.PROCESS_KILLED)) >= 1


def test_an_archiver_that_died_in_a_write_and_was_away_costs_nothing(line: Line) -> None:
    archiver = line.start_archiver()
    line.start_agent()
    line.wait_for_rows()

    archiver.kill()
    archiver.wait()
    with max((line.archive / "journal").glob("*.log")).open("ab") as file:
        file.write(struct.pack("<II", 5000, 1) + bytes(range(100)))  # 100 of the 5000 bytes that it began to write
    line.wait_for_numbers(2000)
    line.start_archiver()
    line.stop_counting()
    account = line.account()

    assert account.balanced, account
    assert account.named == 0
    assert account.gaps == []
