"""A spool that is full because nobody takes its data: the oldest go, and gaps count exactly what went."""

from __future__ import annotations

import numpy as np
import pytest

from ocs.model.gap import GapCause
from tests.system.accounts import LOSSES, read_told
from tests.system.line import ARRIVE_S, Line

pytestmark = [
    pytest.mark.system,
    pytest.mark.xdist_group("router"),
    pytest.mark.timeout(300),
]


def test_what_a_full_spool_drops_is_counted_by_its_gaps(line: Line) -> None:
    agent = line.start_agent("--padding", "2000", "--spool-max-mb", "3")
    agent.wait_for("the spool dropped", ARRIVE_S)
    line.wait_for_numbers(1000)

    line.start_archiver()
    line.stop_counting()
    account = line.account(causes=LOSSES)

    assert account.balanced, account
    gaps = account.of(GapCause.SPOOL_FULL)
    assert account.named == sum(gap.rows for gap in gaps) == account.told - account.archived
    assert account.named > 0
    # It is the oldest that went.
    dropped = np.concatenate([np.arange(gap.first, gap.last + 1) for gap in gaps])
    assert sorted(dropped.tolist()) == list(range(1, account.named + 1))
    assert read_told(line.told)[-1, 1] == account.told
