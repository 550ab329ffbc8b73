"""Holes in the archive, as people and programs see them."""

from __future__ import annotations

import pytest

from ocs.cli.archived import Span
from ocs.cli.gaps import gap_document, show_gaps, subject
from ocs.model.gap import Gap, GapCause
from ocs.model.series import CHANNELS_FEED

SECOND = 1_000_000_000
GAPS = [
    Gap("thermo-1", 0, 90 * SECOND, GapCause.PROCESS_KILLED),
    Gap("thermo-1", 100 * SECOND, None, GapCause.SPOOL_FULL, feed="thermal", block="thermal", rows=12, epoch=7,
        first=3, last=14),
]  # fmt: skip


def test_each_gap_is_a_line_with_its_length_and_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    show_gaps(GAPS, Span(0, 160 * SECOND))

    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "FROM (UTC)"
    assert " ".join(first.split()) == (
        "1970-01-01 00:00:00 1970-01-01 00:01:30 90 s thermo-1 the agent's process was killed or crashed"
    )
    assert " ".join(second.split()) == (
        "1970-01-01 00:01:40 lasts 60 s 12 thermo-1.thermal the agent's spool was full, its oldest data went"
    )


@pytest.mark.parametrize(
    ("feed", "block", "told"),
    [
        ("", "", "a"),
        ("f", "", "a.f"),
        ("f", "f", "a.f"),
        ("f", "b", "a.f.b"),
        (CHANNELS_FEED, "State", "a.State"),
        (CHANNELS_FEED, "", "a channels"),
    ],
)
def test_what_has_a_gap_is_named_as_people_name_it(feed: str, block: str, told: str) -> None:
    assert subject(Gap("a", 0, 1, GapCause.MISSED, feed=feed, block=block)) == told


def test_programs_get_all_of_it_with_times_in_seconds() -> None:
    assert gap_document(GAPS[1]) == {
        "device": "thermo-1", "feed": "thermal", "block": "thermal", "start": 100.0, "end": None,
        "cause": "spool_full", "why": "the agent's spool was full, its oldest data went", "rows": 12, "epoch": 7,
        "first": 3, "last": 14,
    }  # fmt: skip
