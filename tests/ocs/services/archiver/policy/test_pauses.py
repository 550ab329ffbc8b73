from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ocs.model.datatype import DataType
from ocs.model.errors import NotFoundError, OcsError, ParameterError
from ocs.model.gap import Gap, GapCause
from ocs.model.series import Batch, FieldType, SeriesKey
from ocs.services.archiver.policy.pauses import Pause, PauseGaps, Pauses, read_pauses

FAST = SeriesKey("thermo-1", "fast", "fast")
SLOW = SeriesKey("thermo-1", "slow", "slow")
NS = 1_000_000_000


def rows(series: SeriesKey, *seconds: int, fields: tuple[str, ...] = ("a", "b")) -> Batch:
    times = np.array(seconds, dtype=np.int64) * NS
    return Batch(
        series, 1, 1, times, {name: FieldType(DataType.FLOAT64) for name in fields},
        {name: np.zeros(len(times)) for name in fields},
    )  # fmt: skip


def of(pauses: Pauses, batch: Batch) -> dict[str, Pause]:
    return {name: pause for name in batch.fields if (pause := pauses.of(batch.series, name)) is not None}


class Kept:
    """Gaps as an archive has them: of one series, start and cause the last one counts."""

    def __init__(self, *lasting: Gap) -> None:
        self.told: list[Gap] = []
        self.gaps = PauseGaps(self.told.append, lasting)

    @property
    def all(self) -> list[Gap]:
        return list({(gap.device, gap.feed, gap.block, gap.start): gap for gap in self.told}.values())


def test_nothing_is_paused_at_first() -> None:
    assert Pauses().of(FAST, "a") is None


def test_a_pause_means_the_fields_of_its_pattern_until_it_ends() -> None:
    pauses = Pauses().begun("thermo-1.fast.*", "cooling down", 5 * NS)

    assert pauses.of(FAST, "a") == Pause("thermo-1.fast.*", "cooling down", 5 * NS)
    assert pauses.of(SLOW, "a") is None
    assert pauses.ended("THERMO-1.fast.*").of(FAST, "a") is None


def test_a_pause_that_lasts_already_keeps_its_beginning() -> None:
    pauses = Pauses().begun("*", "first", 5 * NS).begun("*", "second", 9 * NS)

    assert pauses.all == (Pause("*", "second", 5 * NS),)


def test_what_was_not_paused_cannot_be_resumed_and_the_others_are_named() -> None:
    with pytest.raises(NotFoundError, match=r"paused: thermo-1; cryo/\*"):
        Pauses().begun("thermo-1", "", 0).begun("cryo/*", "", 0).ended("stage-1")


def test_a_pattern_that_names_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="names no channels"):
        Pauses().begun(" , ", "", 0)


def test_a_gap_begins_with_the_pause_and_ends_with_the_resumption() -> None:
    kept = Kept()
    pauses = Pauses().begun("thermo-1.fast.*", "cold", 10 * NS)
    for seconds in ([12, 13], [14, 15, 16]):
        batch = rows(FAST, *seconds)
        kept.gaps.left_out(batch, of(pauses, batch))

    kept.gaps.changed(Pauses(), 20 * NS)

    assert kept.told[0].end is None
    assert kept.all == [
        Gap("thermo-1", 10 * NS, 20 * NS, GapCause.PAUSED, "fast", "fast", rows=5, detail="cold")
    ]  # fmt: skip


def test_a_gap_of_some_fields_names_them() -> None:
    kept = Kept()
    batch = rows(FAST, 12)

    kept.gaps.left_out(batch, of(Pauses().begun("*.b", "noisy", 10 * NS), batch))

    assert kept.told[0].detail == "noisy; only b"


def test_a_series_that_stays_paused_keeps_its_gap_open() -> None:
    kept = Kept()
    pauses = Pauses().begun("thermo-1", "", 10 * NS).begun("*.b", "", 10 * NS)
    for series in (FAST, SLOW):
        batch = rows(series, 12)
        kept.gaps.left_out(batch, of(pauses, batch))

    kept.gaps.changed(pauses.ended("thermo-1").ended("*.b").begun("*.slow.a", "", 0), 20 * NS)

    assert [(gap.feed, gap.end) for gap in kept.all] == [("fast", 20 * NS), ("slow", None)]


def test_rows_of_before_that_come_late_have_a_gap_of_their_own() -> None:
    kept = Kept()
    pauses = Pauses().begun("thermo-1", "", 10 * NS)
    for seconds in ([12], [3, 4, 5]):
        batch = rows(FAST, *seconds)
        kept.gaps.left_out(batch, of(pauses, batch))

    kept.gaps.changed(Pauses(), 20 * NS)

    assert [(gap.start, gap.end, gap.rows) for gap in kept.all] == [(10 * NS, 20 * NS, 1), (3 * NS, 5 * NS, 3)]


def test_a_gap_of_an_earlier_archiver_goes_on_and_its_rows_are_not_known() -> None:
    lasting = Gap("thermo-1", 5 * NS, None, GapCause.PAUSED, "fast", "fast")
    kept = Kept(lasting, Gap("thermo-1", 5 * NS, None, GapCause.AGENT_DOWN))
    batch = rows(FAST, 12)
    pauses = Pauses().begun("thermo-1", "", 5 * NS + 7)

    kept.gaps.left_out(batch, of(pauses, batch))
    kept.gaps.changed(pauses, 15 * NS)
    kept.gaps.changed(Pauses(), 20 * NS)

    assert kept.told == [Gap("thermo-1", 5 * NS, 20 * NS, GapCause.PAUSED, "fast", "fast")]


def test_a_gap_of_an_earlier_archiver_without_rows_since_ends_too() -> None:
    kept = Kept(Gap("thermo-1", 5 * NS, None, GapCause.PAUSED, "fast", "fast"))

    kept.gaps.changed(Pauses().begun("thermo-1.fast", "", 0), 15 * NS)
    kept.gaps.changed(Pauses().begun("stage-1", "", 0), 20 * NS)

    assert [gap.end for gap in kept.told] == [20 * NS]


def test_other_fields_that_are_paused_meanwhile_have_a_gap_of_their_own() -> None:
    kept = Kept()
    only_a = Pauses().begun("*.a", "noisy", 10 * NS)
    all_of_it = only_a.begun("thermo-1", "cold", 20 * NS)
    for pauses, since, second in ((only_a, 10, 12), (all_of_it, 20, 22), (only_a, 30, 32)):
        kept.gaps.changed(pauses, since * NS)
        for later in range(2):
            batch = rows(FAST, second + later)
            kept.gaps.left_out(batch, of(pauses, batch))
    kept.gaps.changed(Pauses(), 40 * NS)

    told = [(gap.start // NS, (gap.end or 0) // NS, gap.rows, gap.detail) for gap in kept.all]

    assert told == [(10, 20, 2, "noisy; only a"), (20, 30, 2, "noisy, cold"), (30, 40, 2, "noisy; only a")]


def test_a_gap_of_an_earlier_archiver_ends_with_the_first_rows_of_which_nothing_is_paused() -> None:
    kept = Kept(Gap("thermo-1", 5 * NS, None, GapCause.PAUSED, "fast", "fast"))
    another = Pauses().begun("thermo-1.slow.*", "", 7 * NS)

    kept.gaps.changed(another, 15 * NS)
    kept.gaps.taken(rows(FAST, 18, 19))
    kept.gaps.taken(rows(FAST, 20, 21))

    assert kept.told == [Gap("thermo-1", 5 * NS, 18 * NS, GapCause.PAUSED, "fast", "fast")]


def test_pauses_that_are_written_are_read_as_the_same() -> None:
    pauses = Pauses().begun("thermo-1", "cooling", 1_700_000_000_123_456_789).begun("*.b", "", 3)

    assert read_pauses([pause.encode() for pause in pauses.all]).all == pauses.all


@pytest.mark.parametrize("given", [3, [3], [{}], [{"match": " ", "reason": "", "since": 0}],
                                   [{"match": "*", "reason": "", "since": "x"}]])  # fmt: skip
def test_what_are_no_pauses_is_refused(given: Any) -> None:
    with pytest.raises(OcsError):
        read_pauses(given)
