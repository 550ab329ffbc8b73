from __future__ import annotations

from typing import Any

import pytest

from ocs.agent.serving.interface_events import GATHER_S, InterfaceEvents
from ocs.model.interface import Identity
from ocs.testing.clock import VirtualClock

IDENTITY = Identity("oven", "observatory", "test_realm", "Oven", "", "", "Oven/oven", "lab", 1, epoch=77)
NOTHING: dict[str, list[str]] = {"channels": [], "operations": [], "commands": []}


class Told:
    """The events that went out."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.sent: list[tuple[str, Any]] = []
        self.events = InterfaceEvents(IDENTITY, clock.timing, self._publish)

    def _publish(self, topic: str, payload: Any) -> bool:
        self.sent.append((topic, payload))
        return True

    def payloads(self) -> list[Any]:
        return [payload for _, payload in self.sent]


@pytest.fixture
def told(clock: VirtualClock) -> Told:
    return Told(clock)


def test_a_burst_is_one_event_after_its_last_change(told: Told) -> None:
    told.events.changed("channels", "a", "")
    told.clock.advance(GATHER_S * 0.9)
    told.events.changed("commands", "", "b")
    told.clock.advance(GATHER_S * 0.9)
    early = len(told.sent)
    told.clock.advance(GATHER_S)

    assert early == 0
    ((topic, payload),) = told.sent
    assert topic == "observatory.oven.events.interface"
    assert payload["added"] == {**NOTHING, "channels": ["a"]}
    assert payload["removed"] == {**NOTHING, "commands": ["b"]}
    assert (payload["seq"], payload["epoch"], payload["reason"]) == (1, 77, "changed")
    assert payload["time"] == pytest.approx(told.clock.wall(), abs=1)


def test_two_bursts_are_two_events(told: Told) -> None:
    for name in ("a", "b"):
        told.events.changed("channels", name, "")
        told.clock.advance(1.0)

    assert [payload["added"]["channels"] for payload in told.payloads()] == [["a"], ["b"]]
    assert [payload["seq"] for payload in told.payloads()] == [1, 2]


def test_what_comes_and_goes_in_one_burst_is_not_told(told: Told) -> None:
    told.events.changed("channels", "a", "")
    told.events.changed("channels", "", "a")
    told.clock.advance(1.0)

    assert told.sent == []


def test_what_goes_and_comes_back_is_told_as_both(told: Told) -> None:
    told.events.changed("channels", "", "a")
    told.events.changed("channels", "a", "")
    told.clock.advance(1.0)

    payload = told.payloads()[0]
    assert (payload["added"]["channels"], payload["removed"]["channels"]) == (["a"], ["a"])


def test_an_end_tells_at_once_what_waits(told: Told) -> None:
    told.events.close()
    told.events.changed("channels", "a", "")
    told.events.close()

    assert len(told.sent) == 1
    told.clock.advance(1.0)
    assert len(told.sent) == 1


def test_an_init_is_told_without_any_change(told: Told) -> None:
    told.events.initialised()

    payload = told.payloads()[0]
    assert (payload["added"], payload["removed"], payload["reason"]) == (NOTHING, NOTHING, "init")
