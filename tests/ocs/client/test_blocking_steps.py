"""Conversations in threads: what is woken, what is ended, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ocs.client.blocking_steps import BlockingFlavour
from ocs.client.mailbox import Mailbox
from ocs.client.steps import Call, Conversation, Item, Listen, Now, Subscribe, Take
from ocs.model.errors import DeadlineError, OcsError, RouterLostError

TOPIC = "observatory.oven.events.number.change"


class Subscribed:
    """A subscription that remembers whether it was ended."""

    def __init__(self, told: Callable[[str, list[Any]], None]) -> None:
        self.told = told
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Client(BlockingFlavour):
    """A client whose router is the test."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscribed] = []

    def call(self, call: Call) -> Any:
        if call.procedure == "broken":
            raise OcsError("it is broken")
        if call.procedure == "interrupted":
            raise KeyboardInterrupt
        return call.procedure

    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Subscribed:
        self.subscriptions.append(Subscribed(handler))
        return self.subscriptions[-1]

    def listen(self, mailbox: Mailbox) -> Subscribed:
        return self.subscribe(mailbox.topic, mailbox.put, "exact")

    def deliver(self, function: Callable[[], object]) -> None:
        function()


def numbers(*ask: str) -> Conversation[None]:
    mailbox = Mailbox(TOPIC)
    yield Listen(mailbox)
    for procedure in ask:
        yield Call(procedure)
    while True:
        letter = yield Take(mailbox, 5.0)
        yield Item(letter.args[0])


def test_a_subscription_ends_with_its_conversation() -> None:
    client = Client()

    def conversation() -> Conversation[str]:
        yield Listen(Mailbox(TOPIC))
        answer: str = yield Call("answer")
        return answer

    assert client.do(conversation()) == "answer"
    assert [each.closed for each in client.subscriptions] == [1]


def test_a_subscription_that_is_the_result_stays() -> None:
    client = Client()

    def conversation() -> Conversation[Any]:
        yield Listen(Mailbox(TOPIC))
        return (yield Subscribe(TOPIC, lambda *_: None))

    kept = client.do(conversation())

    assert [each.closed for each in client.subscriptions] == [1, 0]
    assert kept is client.subscriptions[1]


@pytest.mark.parametrize(("procedure", "error"), [("broken", OcsError), ("interrupted", KeyboardInterrupt)])
def test_a_subscription_ends_with_a_conversation_that_fails(procedure: str, error: type[BaseException]) -> None:
    client = Client()

    with pytest.raises(error):
        client.do(numbers(procedure))
    with pytest.raises(error):
        client.iterate(numbers(procedure))

    assert [each.closed for each in client.subscriptions] == [1, 1]


def test_a_stream_listens_before_its_first_item_is_asked_for() -> None:
    client = Client()
    stream = client.iterate(numbers())

    client.subscriptions[0].told(TOPIC, [1])
    client.subscriptions[0].told(TOPIC, [2])

    assert [next(stream), next(stream)] == [1, 2]


def test_a_stream_that_is_closed_or_forgotten_ends_its_subscription() -> None:
    client = Client()
    with client.iterate(numbers()) as stream:
        pass
    forgotten = client.iterate(numbers())
    del forgotten

    assert [each.closed for each in client.subscriptions] == [1, 1]
    with pytest.raises(StopIteration):
        next(stream)


def test_a_stream_ends_with_its_conversation() -> None:
    def conversation() -> Conversation[None]:
        yield Item(1)
        yield Item((yield Call("two")))

    assert list(Client().iterate(conversation())) == [1, "two"]


def test_a_thread_that_waits_is_woken_by_an_event() -> None:
    client, mailbox = Client(), Mailbox(TOPIC)
    waiting = threading.Timer(0.05, lambda: mailbox.put(TOPIC, [1]))
    waiting.start()

    letter = client.wait(mailbox, 30.0)

    waiting.join()
    assert letter is not None
    assert letter.args == [1]


def test_a_thread_that_waits_is_told_that_the_client_left() -> None:
    client, mailbox = Client(), Mailbox(TOPIC)
    leaving = threading.Timer(0.05, mailbox.end)
    leaving.start()

    with pytest.raises(RouterLostError):
        client.wait(mailbox, None)
    leaving.join()


def test_a_wait_in_vain_ends_in_time() -> None:
    assert Client().wait(Mailbox(TOPIC), 0.01) is None


def test_a_stream_sends_what_it_waited_for_in_vain() -> None:
    def conversation() -> Conversation[None]:
        letter = yield Take(Mailbox(TOPIC), 0.01)
        assert letter is None
        raise DeadlineError(f"nothing since {(yield Now()) > 0}")

    with pytest.raises(DeadlineError, match="True"):
        next(Client().iterate(conversation()))
