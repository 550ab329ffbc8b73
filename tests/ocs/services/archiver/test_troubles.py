from __future__ import annotations

from ocs.model.health import HealthLevel
from ocs.services.archiver.troubles import MOST_KEPT, REMEMBERED_S, Refusals, Troubles

NOW = 1_700_000_000.0


def test_without_trouble_there_is_no_cause() -> None:
    assert Troubles().cause(NOW) is None


def test_the_newest_trouble_is_told_since_the_first_one() -> None:
    troubles = Troubles()
    troubles.add(NOW, "a block is damaged")
    troubles.add(NOW + 10, "the disk is slow")

    cause = troubles.cause(NOW + 20)

    assert cause is not None
    assert (cause.level, cause.source, cause.since) == (HealthLevel.DEGRADED, "archive", NOW)
    assert cause.sentence == "the disk is slow; 2 such in the last hour, see the log"


def test_a_trouble_is_forgotten_after_an_hour() -> None:
    troubles = Troubles()
    troubles.add(NOW, "a block is damaged")

    assert troubles.cause(NOW + REMEMBERED_S) is not None
    assert troubles.cause(NOW + REMEMBERED_S + 1) is None


def test_a_flood_of_troubles_is_bounded() -> None:
    troubles = Troubles()
    for number in range(3 * MOST_KEPT):
        troubles.add(NOW + number / 1000, f"trouble {number}")

    cause = troubles.cause(NOW + 10)

    assert cause is not None
    assert f"{MOST_KEPT} such" in cause.sentence


def told(refusals: Refusals) -> str:
    cause = refusals.cause("quarantine")
    return "" if cause is None else cause.sentence.split(" parts")[0]


def test_refusals_of_the_last_hour_count() -> None:
    refusals = Refusals()
    counts = []
    for second, count in ((0, 0), (10, 3), (20, 3), (1000, 5), (3605, 5), (3611, 5), (4601, 5), (4602, 6)):
        refusals.look(NOW + second, count)
        counts.append(told(refusals))

    assert counts == ["", "3", "3", "5", "5", "2", "", "1"]


def test_a_refusal_says_where_the_parts_are() -> None:
    refusals = Refusals()
    refusals.look(NOW, 1)

    cause = refusals.cause("/data/quarantine")

    assert cause is not None
    assert (cause.source, cause.since) == ("refused data", NOW)
    assert "/data/quarantine" in cause.sentence
