from __future__ import annotations

from typing import Any

from ocs.client.wampy.wishes import Match, Registration, Subscription, Topic, Wishes, wampy_style


def subscription(topic: Topic, origin: object = None) -> Subscription:
    return Subscription(topic, lambda args, kwargs, details: None, lambda each: None, origin)


def test_a_topic_has_several_handlers_in_their_order() -> None:
    wishes, topic = Wishes(), Topic("a.b")
    first, second = subscription(topic), subscription(topic)
    wishes.add(first)
    wishes.add(second)

    assert wishes.handlers(topic) == [first, second]
    assert wishes.topics() == [topic]


def test_only_the_last_removal_ends_a_topic() -> None:
    wishes, topic = Wishes(), Topic("a.b", Match.PREFIX)
    first, second = subscription(topic), subscription(topic)
    wishes.add(first)
    wishes.add(second)

    assert [wishes.remove(first), wishes.remove(first), wishes.remove(second)] == [False, False, True]
    assert not wishes


def test_a_pattern_is_not_the_topic_of_the_same_name() -> None:
    wishes = Wishes()
    wishes.add(subscription(Topic("a.b")))

    assert wishes.handlers(Topic("a.b", Match.PREFIX)) == []


def test_a_method_declared_on_the_class_is_taken_once() -> None:
    wishes, topic = Wishes(), Topic("a.b")

    assert wishes.add(subscription(topic, origin="method"))
    assert not wishes.add(subscription(topic, origin="method"))
    assert wishes.add(subscription(topic, origin="other"))


def test_a_procedure_answers_with_its_newest_function() -> None:
    wishes = Wishes()

    assert wishes.register(Registration("p", len))
    assert not wishes.register(Registration("p", max))
    assert wishes.function("p") is max
    wishes.unregister("p")
    assert wishes.function("p") is None


def test_a_wampy_handler_gets_meta_when_it_takes_it() -> None:
    got: list[Any] = []

    def handler(value: int, **kwargs: Any) -> None:
        got.append((value, kwargs))

    wampy_style(handler, "a.b")([1], {"x": 2}, {"subscription": 9})

    assert got == [(1, {"x": 2, "meta": {"topic": "a.b", "subscription_id": 9}})]


def test_a_wampy_handler_that_takes_no_meta_gets_none() -> None:
    got: list[int] = []

    def handler(value: int) -> None:
        got.append(value)

    wampy_style(handler, "a.b")([1], {}, {})

    assert got == [1]
