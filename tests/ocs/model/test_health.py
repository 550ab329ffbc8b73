from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.health import Cause, Health, HealthLevel, rolled_up, worst

OK, DEGRADED, BAD, LOST = HealthLevel.OK, HealthLevel.DEGRADED, HealthLevel.BAD, HealthLevel.LOST
LINK = Cause(BAD, "link", 90.0, "no link; check the cable")
STALE = Cause(DEGRADED, "channel flow", 80.0, "old; look at it")

levels = st.sampled_from(HealthLevel)
causes = st.builds(
    Cause,
    st.sampled_from([DEGRADED, BAD, LOST]),
    st.sampled_from(["link", "state", "channel flow"]),
    st.floats(0, 100),
    st.sampled_from(["one", "two"]),
)


@given(st.lists(levels), st.randoms(use_true_random=False))
def test_the_worst_is_the_same_in_any_order(found: list[HealthLevel], chance: random.Random) -> None:
    shuffled = found.copy()
    chance.shuffle(shuffled)

    assert worst(shuffled) is worst(found)
    assert worst(found) is next((level for level in (LOST, BAD, DEGRADED) if level in found), OK)


@given(st.lists(causes), st.lists(causes), st.randoms(use_true_random=False))
def test_health_is_the_same_in_whatever_order_its_causes_come(
    found: list[Cause], before: list[Cause], chance: random.Random
) -> None:
    previous = Health.of(before, 40.0)
    shuffled = found.copy()
    chance.shuffle(shuffled)

    assert Health.of(shuffled, 50.0, previous) == Health.of(found, 50.0, previous)


def test_without_cause_it_is_ok_since_it_was_asked() -> None:
    health = Health.of([None, None], 100.0)

    assert health == Health(OK, (), 100.0)
    assert health.sentence == "ok"


def test_causes_stand_worst_first_then_the_oldest() -> None:
    old = Cause(DEGRADED, "state", 10.0, "in ALARM")

    health = Health.of([STALE, None, old, LINK], 100.0)

    assert health.level is BAD
    assert health.causes == (LINK, old, STALE)


def test_a_cause_of_the_same_source_and_level_keeps_its_since() -> None:
    before = Health.of([LINK, STALE], 100.0)

    after = Health.of(
        [Cause(BAD, "link", 101.0, "other words"), Cause(BAD, "channel flow", 101.0, "worse")], 101.0, before
    )

    assert after.causes == (Cause(BAD, "link", 90.0, "other words"), Cause(BAD, "channel flow", 101.0, "worse"))


def test_two_causes_of_one_source_and_level_keep_the_older_since() -> None:
    before = Health.of([Cause(BAD, "link", 95.0, "one"), Cause(BAD, "link", 99.0, "two")], 100.0)

    after = Health.of([Cause(BAD, "link", 101.0, "one")], 101.0, before)

    assert after.causes[0].since == 95.0


def test_a_level_keeps_its_since_until_it_changes() -> None:
    first = Health.of([LINK], 100.0)
    second = Health.of([LINK, STALE], 101.0, first)
    third = Health.of([STALE], 102.0, second)
    fourth = Health.of([], 103.0, third)

    assert [health.since for health in (first, second, third, fourth)] == [100.0, 100.0, 102.0, 103.0]
    assert Health.of([], 104.0, fourth).since == 103.0


def test_what_went_away_and_came_back_is_new() -> None:
    before = Health.of([], 100.0, Health.of([LINK], 99.0))

    assert Health.of([Cause(BAD, "link", 101.0, "again")], 101.0, before).causes[0].since == 101.0


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([LINK], "bad: link: no link; check the cable"),
        ([STALE, LINK], "bad: link: no link; check the cable; and 1 more"),
    ],
)
def test_its_sentence_names_the_first_cause_and_counts_the_others(found: list[Cause], sentence: str) -> None:
    assert Health.of(found, 100.0).sentence == sentence


def test_healths_are_alike_when_only_their_words_differ() -> None:
    health = Health.of([LINK, STALE], 100.0)

    assert health.alike(Health.of([STALE, Cause(BAD, "link", 95.0, "for 41 s")], 200.0))
    assert not health.alike(Health.of([LINK], 100.0))
    assert not health.alike(Health.of([LINK, Cause(DEGRADED, "state", 1.0, "")], 100.0))
    assert not health.alike(None)


def test_rolled_up_is_the_worst_child_with_all_causes_under_their_names() -> None:
    children = {
        "cryo/oven/1": Health.of([STALE], 95.0),
        "cryo/oven/2": Health.of([LINK], 96.0),
        "cryo/oven/3": Health.of([], 97.0),
        "cryo/oven/4": Health.of([LINK], 98.0),
    }

    site = rolled_up(children, 100.0)

    assert site.level is BAD
    assert site.since == 96.0
    assert [cause.source for cause in site.causes] == [
        "cryo/oven/2: link",
        "cryo/oven/4: link",
        "cryo/oven/1: channel flow",
    ]
    assert site.sentence == "bad: cryo/oven/2: link: no link; check the cable; and 2 more"


def test_all_are_ok_since_the_last_one_became_so() -> None:
    assert rolled_up({"a": Health.of([], 5.0), "b": Health.of([], 7.0)}, 9.0) == Health(OK, (), 7.0)
    assert rolled_up({}, 9.0) == Health(OK, (), 9.0)


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(causes)))
def test_rolled_up_does_not_depend_on_the_order_of_the_children(found: dict[str, list[Cause]]) -> None:
    children = {name: Health.of(each, 50.0) for name, each in found.items()}

    site = rolled_up(children, 60.0)

    assert site == rolled_up(dict(reversed(children.items())), 60.0)
    assert site.level is worst(child.level for child in children.values())
    assert len(site.causes) == sum(map(len, found.values()))
