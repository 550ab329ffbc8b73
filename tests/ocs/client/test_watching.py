"""What is told first, what is left out, and in which order, played without a realm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocs.client.mailbox import Letter
from ocs.client.steps import Call, Conversation, Item, Listen, Now, Subscribe, Take, carry_out
from ocs.client.watching import LOOK_AGAIN_S, Gate, Subject, follow, subscribe, wait_until
from ocs.model.errors import DeadlineError, DeviceError, RouterLostError

TOPIC = "observatory.oven.events.number.change"


def now(timeout_s: float) -> Conversation[int]:
    answer: int = yield Call("number", timeout_s=timeout_s)
    return answer


def decode(letter: Letter) -> int | None:
    told = letter.args[0]["value"] if letter.args else None
    return told if isinstance(told, int) else None


SUBJECT: Subject[int] = Subject("oven.number", TOPIC, decode, now, newer=lambda event, first: event > first)


def told(*values: Any) -> list[list[Any]]:
    return [[{"value": value, "seq": seq, "epoch": 1}] for seq, value in enumerate(values, start=1)]


def gate(handler: Callable[[int], object], *before: Any) -> Gate[int]:
    made = Gate(SUBJECT, handler)
    for args in told(*before):
        made.event(TOPIC, args)
    return made


def test_what_came_while_it_was_asked_for_is_told_after_it_unless_it_is_older() -> None:
    heard: list[int] = []
    waiting = gate(heard.append, 1, 2, 3, "nonsense", 4)

    waiting.open(2)
    waiting.flush()

    assert heard == [2, 3, 4]


def test_an_event_that_is_older_than_what_was_asked_for_is_told_when_it_came_afterwards() -> None:
    heard: list[int] = []
    waiting = gate(heard.append)
    waiting.open(5)
    waiting.flush()

    waiting.event(TOPIC, told(3)[0])

    assert heard == [5, 3]


def test_the_next_event_tells_what_came_first_when_nobody_else_did() -> None:
    heard: list[int] = []
    waiting = gate(heard.append)
    waiting.open(1)

    waiting.event(TOPIC, told(2)[0])

    assert heard == [1, 2]


def test_a_handler_that_fails_over_the_first_gets_the_others_all_the_same() -> None:
    heard: list[int] = []

    def handler(value: int) -> None:
        heard.append(value)
        if value == 1:
            raise ZeroDivisionError

    waiting = gate(handler, 2, 3)
    waiting.open(1)

    with pytest.raises(ZeroDivisionError):
        waiting.flush()
    assert heard == [1, 2, 3]


def test_a_subscription_is_there_before_it_is_asked_how_things_are() -> None:
    steps: list[Any] = []
    heard: list[int] = []

    def make(step: Any) -> Any:
        steps.append(step)
        if isinstance(step, Subscribe):
            step.handler(TOPIC, told(7)[0])
            return "subscription"
        return 3

    result = carry_out(subscribe(SUBJECT, heard.append, lambda function: function()), make)

    assert [type(step) for step in steps] == [Subscribe, Call]
    assert (result, heard) == ("subscription", [3, 7])


def followed(before: list[Any], now_is: int, after: list[Any]) -> list[int]:
    """Return what is handed out when some events come before the answer, others after it."""
    heard: list[int] = []
    later = told(*after)

    def make(step: Any) -> Any:
        if isinstance(step, Listen):
            for args in told(*before):
                step.mailbox.put(TOPIC, args)
        if isinstance(step, Item):
            heard.append(step.value)
        if isinstance(step, Take):
            if later and not len(step.mailbox):
                step.mailbox.put(TOPIC, later.pop(0))
            return step.mailbox.take(0.0)
        return now_is if isinstance(step, Call) else None

    with pytest.raises(DeadlineError):
        carry_out(follow(SUBJECT, timeout_s=1.0), make)
    return heard


def test_who_follows_hears_nothing_older_than_the_present_value_that_came_before_it() -> None:
    assert followed(before=[1, 2, 3, "nonsense"], now_is=2, after=[]) == [2, 3]


def test_who_follows_hears_all_that_comes_after_the_present_value() -> None:
    assert followed(before=[1, 7], now_is=5, after=[3, 4]) == [5, 7, 3, 4]


class Played:
    """Answers the steps of a wait: calls and letters in their order, and time that passes while it waits."""

    def __init__(self, calls: list[Any], letters: list[Any]) -> None:
        self.calls, self.letters = calls, letters
        self.seconds = 0.0
        self.asked: list[Call] = []
        self.spans: list[float] = []

    def make(self, step: Any) -> Any:
        if isinstance(step, Now):
            return self.seconds
        if isinstance(step, Listen):
            return None
        if isinstance(step, Take):
            span = step.timeout_s or 0.0
            self.spans.append(span)
            value = self.letters.pop(0) if self.letters else None
            self.seconds += span if value is None else 1.0
            return None if value is None else Letter(TOPIC, told(value)[0])
        self.asked.append(step)
        answer = self.calls.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def wait(self, timeout_s: float | None) -> int:
        waiting = wait_until(SUBJECT, lambda value: value > 9, timeout_s, shown=lambda value: f"{value} K")
        return carry_out(waiting, self.make)


def test_a_wait_is_fulfilled_by_an_event() -> None:
    played = Played(calls=[1], letters=[2, "nonsense", 10])

    assert played.wait(60.0) == 10
    assert len(played.asked) == 1


def test_a_wait_looks_again_when_nothing_was_told_for_a_while() -> None:
    played = Played(calls=[1, 2, 10], letters=[])

    assert played.wait(60.0) == 10
    assert played.spans == [LOOK_AGAIN_S, LOOK_AGAIN_S]


def test_a_wait_goes_on_while_the_router_is_away() -> None:
    assert Played(calls=[1, RouterLostError("away"), 10], letters=[]).wait(None) == 10


def test_a_wait_ends_with_an_error_that_stays() -> None:
    with pytest.raises(DeviceError):
        Played(calls=[1, DeviceError("broken")], letters=[]).wait(60.0)


def test_a_wait_ends_at_its_deadline_after_a_last_look_that_is_short() -> None:
    played = Played(calls=[1, 2, 3], letters=[])

    with pytest.raises(DeadlineError, match=r"oven\.number did not become what was waited for within 8 s; it is 3 K"):
        played.wait(8.0)

    assert played.spans == [5.0, 3.0]
    assert [call.timeout_s for call in played.asked] == [10.0, 3.0, 1.0]
