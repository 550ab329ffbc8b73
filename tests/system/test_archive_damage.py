"""Files that are damaged while nobody looks: what can be read is kept, and what cannot is named by a gap."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ocs.client import connect
from ocs.model.gap import GapCause
from ocs.store.archive.reading.unsealed import DamageWarning
from tests.system.accounts import DEVICE, STARTS
from tests.system.line import ARCHIVER, ARRIVE_S, Line

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("router"), pytest.mark.timeout(300)]


def seal(line: Line) -> None:
    """Have the archiver make blocks of all that it has."""
    with connect(line.place.url, realm=line.place.realm, root=line.place.root) as obs:
        obs[ARCHIVER].seal()


def newest_journal(line: Line) -> Path:
    return max((line.archive / "journal").glob("*.log"))


def blocks(line: Line) -> list[Path]:
    return sorted((line.archive / "blocks" / DEVICE / "numbers").rglob("*.parquet"))


def test_an_end_of_the_journal_that_is_cut_off_has_a_gap(line: Line) -> None:
    archiver = line.start_archiver()
    line.start_agent()
    line.wait_for_rows()
    line.stop_counting()
    whole = line.account()
    archiver.end()
    journal = newest_journal(line)

    os.truncate(journal, journal.stat().st_size - 100)
    line.start_archiver()
    account = line.account(causes={GapCause.DAMAGED})

    assert whole.balanced, whole
    assert account.balanced, account
    assert 0 < account.named < account.told


def test_a_block_that_was_truncated_is_set_aside_and_the_rest_can_be_read(line: Line) -> None:
    archiver = line.start_archiver()
    line.start_agent()
    for _ in range(2):
        line.wait_for_rows()
        seal(line)
    line.wait_for_rows()
    line.stop_counting()
    whole = line.account()
    archiver.end()
    first, *others = blocks(line)

    os.truncate(first, first.stat().st_size // 2)
    with pytest.warns(DamageWarning, match="rows of numbers-1.numbers are left out"):
        without_archiver = line.account(causes={GapCause.DAMAGED})
    line.start_archiver().wait_for("is damaged and was set aside", ARRIVE_S)
    account = line.account(causes={GapCause.DAMAGED})

    assert whole.balanced, whole
    for each in (without_archiver, account):
        assert each.balanced, each
        assert 0 < each.named < each.told
    assert first not in blocks(line)
    assert set(others) <= set(blocks(line))  # the journal that was left may be a block by now
    assert list(first.parent.glob("*.damaged"))


def test_a_spool_that_was_damaged_costs_what_a_gap_says(line: Line) -> None:
    agent = line.start_agent()
    line.wait_for_numbers(2000)
    agent.kill()
    agent.wait()
    (segment,) = line.spool.glob("1-*.segment")
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)

    line.start_archiver()
    line.start_agent()
    line.stop_counting()
    account = line.account(causes=STARTS | {GapCause.SPOOL_DAMAGED})

    assert account.balanced, account
    assert account.archived > 500
    assert account.named > 500
    assert list(line.spool.glob("*.damaged"))
