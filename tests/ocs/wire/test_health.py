from __future__ import annotations

import pytest

from ocs.model.health import Cause, Health, HealthLevel
from ocs.wire.health import decode_health, encode_health

CAUSES = (
    Cause(HealthLevel.BAD, "link", 900.0, "no link; check the cable"),
    Cause(HealthLevel.DEGRADED, "channel temperature", 950.0, "the last good reading is old"),
)


@pytest.mark.parametrize("causes", [(), CAUSES, CAUSES[:1]])
def test_health_comes_back_as_it_was(causes: tuple[Cause, ...]) -> None:
    health = Health.of(causes, 1000.0)

    encoded = encode_health(health)

    assert decode_health(encoded) == health
    assert encoded["sentence"] == health.sentence


def test_each_cause_has_level_source_since_and_sentence() -> None:
    encoded = encode_health(Health.of(CAUSES, 1000.0))

    assert (encoded["level"], encoded["since"]) == ("bad", 1000.0)
    assert encoded["causes"][0] == {
        "level": "bad", "source": "link", "since": 900.0, "sentence": "no link; check the cable",
    }  # fmt: skip


def test_texts_that_no_peer_can_read_are_made_readable() -> None:
    encoded = encode_health(Health.of((Cause(HealthLevel.BAD, "\ud800", 0.0, "\0x"),), 0.0))

    assert (encoded["causes"][0]["source"], encoded["causes"][0]["sentence"]) == ("?", "?x")


def test_causes_that_say_little_are_taken_as_far_as_they_go() -> None:
    health = decode_health({"level": "degraded", "causes": [{"level": "bad"}]})

    assert health.causes == (Cause(HealthLevel.BAD, "", 0.0, ""),)


def test_what_is_no_health_is_refused() -> None:
    with pytest.raises((KeyError, ValueError)):
        decode_health({"level": "splendid"})
