"""The plain values of a spool: bounds that fit to each other, tickets that name one entry."""

from __future__ import annotations

import pytest

from ocs.store.framed_log import LARGEST_FRAME
from ocs.store.spool.limits import limits_of
from ocs.store.spool.spool import SpoolLimits, Ticket


def test_the_bounds_fit_to_each_other() -> None:
    limits = SpoolLimits()

    assert limits.reserve_bytes < limits.segment_bytes
    assert 3 * limits.segment_bytes < limits.max_bytes / 10  # one file of each priority is no large part of the spool
    assert limits.live_bytes < limits.max_bytes / 10
    assert limits.segment_bytes < LARGEST_FRAME


def test_a_ticket_is_the_same_wherever_it_is_kept() -> None:
    assert {Ticket(1, 2, 3, 4): "out"}[Ticket(1, 2, 3, 4)] == "out"
    assert Ticket(1, 2, 3, 4) != Ticket(2, 2, 3, 4)


@pytest.mark.parametrize("megabytes", [1.0, 3.0, 80.0, 1000.0])
def test_files_are_a_small_part_of_what_a_spool_may_have(megabytes: float) -> None:
    limits = limits_of(megabytes)

    assert limits.max_bytes == megabytes * 1_000_000
    assert limits.segment_bytes <= limits.max_bytes / 10
    assert limits.reserve_bytes <= limits.segment_bytes
    assert limits.max_age_s == SpoolLimits().max_age_s
