"""Events as they arrive, whoever published them."""

from typing import Any

import pytest

from ocs.client.events import decode_feed_event

TOPIC = "observatory.oven.feeds.heat"


@pytest.mark.parametrize("told", [[], [1], [[1, 2, 3]], [["message", "no info"]], [None], [{"a": 1}]])
def test_what_is_no_message_of_a_feed_is_given_as_it_came(told: list[Any]) -> None:
    event = decode_feed_event(TOPIC, told)

    assert (event.device, event.feed, event.message, event.samples) == ("oven", "heat", told, ())


def test_a_message_comes_with_its_number() -> None:
    block = {"timestamps": [1.0], "data": {"value": [2.0]}}

    event = decode_feed_event(TOPIC, [[{"heat": block}, {"record": True, "seq": 3, "epoch": 4}]])

    assert (event.seq, event.epoch, event.samples[0].data) == (3, 4, {"value": [2.0]})
