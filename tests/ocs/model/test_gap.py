"""Gaps: each cause has its sentence, and gaps have an order."""

from __future__ import annotations

import pytest

from ocs.model.gap import CAUSE_SENTENCES, Gap, GapCause


@pytest.mark.parametrize("cause", GapCause)
def test_each_cause_has_its_sentence(cause: GapCause) -> None:
    sentence = Gap("thermo-1", 1, 2, cause).sentence

    assert sentence == CAUSE_SENTENCES[cause]
    assert len(sentence.split()) > 2
    assert sentence[0].islower()
    assert not sentence.endswith(".")


def test_no_two_causes_have_the_same_sentence() -> None:
    assert len(set(CAUSE_SENTENCES.values())) == len(GapCause)


def test_a_detail_is_told_behind_the_cause() -> None:
    gap = Gap("thermo-1", 1, None, GapCause.LINK_LOST, detail="no answer for 10 s")

    assert gap.sentence == "the device did not answer its agent: no answer for 10 s"


def test_gaps_are_in_the_order_of_their_start_then_by_name() -> None:
    one = Gap("thermo-2", 5, None, GapCause.PAUSED)
    two = Gap("thermo-1", 7, 8, GapCause.LINK_LOST)
    three = Gap("thermo-1", 7, 8, GapCause.LINK_LOST, feed="temperatures")
    four = Gap("thermo-2", 7, 8, GapCause.LINK_LOST)

    assert sorted([four, three, two, one]) == [one, two, three, four]
