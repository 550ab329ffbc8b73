"""A spool that is full because nobody takes its data, is cut, or is closed in a hurry: gaps tell what is missing."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from ocs.client import connect
from ocs.model.gap import GapCause
from ocs.model.health import HealthLevel
from tests.system.accounts import DEVICE, LOSSES, STARTS, read_told
from tests.system.line import ARRIVE_S, Line
from tests.system.programs import until

pytestmark = [
    pytest.mark.system,
    pytest.mark.xdist_group("router"),
    pytest.mark.timeout(300),
]


def test_what_a_full_spool_drops_is_counted_by_its_gaps(line: Line) -> None:
    agent = line.start_agent("--padding", "2000", "--spool-max-mb", "3")
    agent.wait_for("the spool dropped", ARRIVE_S)
    line.wait_for_numbers(1000)
    with connect(line.place.url, realm=line.place.realm, root=line.place.root, timeout_s=ARRIVE_S) as obs:
        admin = obs[f"dserver/Numbers/{DEVICE}"]
        until(lambda: admin.health.level is HealthLevel.BAD, "the health says that rows are lost", ARRIVE_S)
        sentences = [cause.sentence for cause in admin.health.causes if cause.source == "spool"]
        size, depth, age = (getattr(admin, name).get() for name in ("spool_size", "spool_depth", "spool_age"))

    line.start_archiver()
    line.stop_counting()
    account = line.account(causes=LOSSES)

    assert account.balanced, account
    gaps = account.of(GapCause.SPOOL_FULL)
    assert account.named == sum(gap.rows for gap in gaps) == account.told - account.archived
    assert account.named > 0
    assert any("rows are lost for the archive" in sentence for sentence in sentences)
    assert 1 < size <= 3  # MB
    assert depth > size * 1e6 / 3000
    assert age > 0
    # It is the oldest that went.
    dropped = np.concatenate([np.arange(gap.first, gap.last + 1) for gap in gaps])
    assert sorted(dropped.tolist()) == list(range(1, account.named + 1))
    assert read_told(line.told)[-1, 1] == account.told


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGTERM, signal.SIGINT]], ids=["once", "twice"])
def test_an_agent_that_is_told_to_end_is_never_said_to_be_killed(line: Line, signals: list[signal.Signals]) -> None:
    agent = line.start_agent()
    line.wait_for_numbers(1000)
    for number in signals:
        agent.signal(number)
    agent.wait()
    line.start_agent()

    line.start_archiver()
    line.stop_counting()
    account = line.account(causes=[GapCause.PROCESS_STOPPED])

    assert account.balanced, account
    assert [gap.cause for gap in account.gaps if gap.cause in STARTS] == [GapCause.PROCESS_STOPPED]


def test_of_a_spool_that_was_cut_each_committed_number_that_is_missing_is_in_a_gap(line: Line) -> None:
    agent = line.start_agent()
    line.wait_for_numbers(2000)
    agent.kill()
    agent.wait()
    newest = max(line.spool.glob("1-*.segment"))
    os.truncate(newest, newest.stat().st_size // 2)
    line.start_agent()

    line.start_archiver()
    line.stop_counting()
    account = line.account(causes=[*STARTS, GapCause.SPOOL_DAMAGED])

    assert account.balanced, account
    assert len(account.of(GapCause.SPOOL_DAMAGED)) == 1
    assert account.named > 500
