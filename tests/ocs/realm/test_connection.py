"""A membership through what happens to routers: losses at the wrong moment, names taken over, closing in all orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from ocs.model.errors import OcsError, RouterLostError, TooLargeError
from ocs.realm.connection import PING_INTERVAL_S, PING_TIMEOUT_S, RealmConnection
from ocs.testing.clock import VirtualClock
from ocs.testing.memory_realm import MemoryRealm, Peer, Word
from ocs.testing.memory_router import MemoryRouter


@pytest.fixture
def joined(clock: VirtualClock, memory_router: MemoryRouter) -> Any:
    """Return what makes members; they leave at the end."""
    made: list[RealmConnection] = []

    def join(**callbacks: Any) -> RealmConnection:
        connection = memory_router.connection(reactor=clock.reactor, **callbacks)
        made.append(connection)
        connection.start()
        clock.settle()
        return connection

    yield join
    for connection in made:
        clock.result_of(connection.close())
    clock.settle()


Join = Callable[..., RealmConnection]


def intercept(realm: MemoryRealm, word: Word, act: Callable[[Peer, list[Any]], bool]) -> None:
    """Have `act` look at each message of a kind; what it returns False for goes no further."""
    answer = realm._answers[word]  # a stage direction, no part of what a router offers

    def take(peer: Peer, message: list[Any]) -> None:
        if act(peer, message):
            answer(peer, message)

    realm._answers[word] = take


def test_a_router_that_dies_during_the_registration_is_joined_again(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    refusals: list[OcsError] = []

    def refused(error: OcsError) -> Deferred[bool]:
        refusals.append(error)
        return succeed(False)

    def die(_peer: Peer, _message: list[Any]) -> bool:
        memory_router.stop()
        return False

    intercept(memory_router.realms["test_realm"], Word.REGISTER, die)
    connection = memory_router.connection(reactor=clock.reactor, on_refusal=refused)
    connection.register("observatory.stage", lambda _caller: 1)
    connection.start()
    clock.settle()
    memory_router.start()

    clock.result_of(connection.when_joined())

    assert refusals == []
    clock.result_of(connection.close())


def test_a_router_that_freezes_during_the_registration_is_noticed(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    def freeze(_peer: Peer, _message: list[Any]) -> bool:
        memory_router.freeze()
        return False

    realm = memory_router.realms["test_realm"]
    told = realm._answers[Word.REGISTER]
    intercept(realm, Word.REGISTER, freeze)
    connection = memory_router.connection(reactor=clock.reactor)
    connection.register("observatory.stage", lambda _caller: 1)
    connection.start()
    clock.settle()

    clock.advance(PING_INTERVAL_S + PING_TIMEOUT_S + 0.1)
    assert not connection.joined
    realm._answers[Word.REGISTER] = told
    memory_router.thaw()

    clock.result_of(connection.when_joined())
    clock.result_of(connection.close())


def test_a_subscription_that_was_refused_does_not_keep_a_client_out_later(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    def refuse(peer: Peer, message: list[Any]) -> bool:
        if message[3] == "bad":
            peer.refuse(Word.SUBSCRIBE, message[1], "wamp.error.invalid_uri", ["bad"])
        return bool(message[3] != "bad")

    intercept(memory_router.realms["test_realm"], Word.SUBSCRIBE, refuse)
    connection = joined()

    with pytest.raises(OcsError):
        clock.result_of(connection.subscribe("bad", lambda *_: None))
    memory_router.stop()
    clock.settle()
    memory_router.start()
    intercept(memory_router.realms["test_realm"], Word.SUBSCRIBE, refuse)

    clock.result_of(connection.when_joined())


def test_after_a_take_over_each_event_comes_once(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    holder = joined()
    clock.result_of(holder.register("observatory.stage", lambda _caller: 1))
    events: list[Any] = []
    connection = memory_router.connection(reactor=clock.reactor, on_refusal=lambda _: _later_true(clock))
    connection.register("observatory.stage", lambda _caller: 2)
    connection.subscribe("news", lambda _topic, args, _kwargs: events.append(args[0]))
    connection.start()
    clock.result_of(connection.when_joined())

    holder.publish("news", 1)
    clock.settle()

    assert events == [1]
    assert clock.result_of(holder.call("observatory.stage")) == 2
    clock.result_of(connection.close())


def _later_true(clock: VirtualClock) -> Deferred[bool]:
    waiting: Deferred[bool] = Deferred()
    clock.reactor.callLater(1.0, waiting.callback, True)
    return waiting


def test_a_refused_name_is_told_by_its_address(clock: VirtualClock, memory_router: MemoryRouter, joined: Join) -> None:
    clock.result_of(joined().register("observatory.stage.ops", lambda _caller: 1))
    refusals: list[OcsError] = []

    def refused(error: OcsError) -> Deferred[bool]:
        refusals.append(error)
        return succeed(False)

    connection = memory_router.connection(reactor=clock.reactor, on_refusal=refused)
    connection.register("observatory.stage", lambda _caller: 2)
    connection.register("observatory.stage.ops", lambda _caller: 2)
    connection.start()
    clock.settle()

    assert [error.field for error in refusals] == ["observatory.stage.ops"]
    assert not connection.joined


def test_a_subscription_that_ended_while_the_router_was_away_stays_ended(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    connection, other = joined(), joined()
    events: list[Any] = []
    subscription = clock.result_of(connection.subscribe("news", lambda *_: events.append(1)))
    memory_router.stop()
    clock.settle()
    memory_router.start()

    clock.result_of(connection.unsubscribe(subscription))
    clock.result_of(connection.when_joined())
    clock.result_of(other.when_joined())
    other.publish("news", 1)
    clock.settle()

    assert events == []


def test_a_subscription_that_ends_while_it_is_renewed_stays_ended(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    connection, other = joined(), joined()
    events: list[Any] = []
    subscription = clock.result_of(connection.subscribe("news", lambda *_: events.append(1)))
    memory_router.stop()
    clock.settle()
    memory_router.start()
    clock.run_until(lambda: connection.joined and other.joined)
    memory_router.stop()
    clock.settle()
    ended: list[Any] = []

    def end_it(_peer: Peer, _message: list[Any]) -> bool:
        if not ended:
            ended.append(connection.unsubscribe(subscription))
        return True

    memory_router.start()
    intercept(memory_router.realms["test_realm"], Word.SUBSCRIBE, end_it)
    clock.result_of(connection.when_joined())
    clock.result_of(other.when_joined())
    clock.result_of(ended[0])
    other.publish("news", 1)
    clock.settle()

    assert events == []


def test_who_waits_to_join_is_told_that_the_connection_was_closed(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    memory_router.stop()
    connection = joined()
    waiting = connection.when_joined()

    connection.close()

    with pytest.raises(RouterLostError, match="closed"):
        clock.result_of(waiting)
    with pytest.raises(RouterLostError, match="closed"):
        clock.result_of(connection.when_joined())
    with pytest.raises(RouterLostError, match="closed"):
        clock.result_of(connection.call("observatory.stage"))


def test_closing_twice_waits_for_the_same_goodbye(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    connection = joined()

    first, second = connection.close(), connection.close()

    assert not first.called
    assert not second.called
    clock.result_of(first)
    clock.result_of(second)


def test_closing_leaves_no_line_to_a_frozen_router(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    connection = joined()
    memory_router.freeze()

    clock.result_of(connection.close())

    assert memory_router._lines == []


def test_closing_during_the_handshake_leaves_no_line(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    memory_router.freeze()
    connection = joined()

    clock.result_of(connection.close())

    assert memory_router._lines == []


def test_a_call_in_flight_ends_when_the_connection_is_closed(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join
) -> None:
    clock.result_of(joined().register("observatory.stage", lambda _caller: Deferred()))
    connection = joined()
    asked = connection.call("observatory.stage", timeout_s=1000.0)
    clock.settle()

    connection.close()

    with pytest.raises(OcsError):
        clock.result_of(asked, 5.0)


def test_what_is_larger_than_a_message_is_refused_and_the_membership_goes_on(clock: VirtualClock, joined: Join) -> None:
    clock.result_of(joined().register("observatory.stage", lambda _caller, value: len(value)))
    connection = joined()

    with pytest.raises(TooLargeError, match=r"observatory\.stage are larger than the 16 MiB"):
        clock.result_of(connection.call("observatory.stage", bytes(1 << 24)))

    assert not connection.publish("observatory.stage.feeds.image", bytes(1 << 24))
    assert clock.result_of(connection.call("observatory.stage", bytes(1000))) == 1000


def test_the_reason_of_a_realm_that_refuses_is_kept(
    clock: VirtualClock, memory_router: MemoryRouter, joined: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(line: Any, _message: Any) -> None:
        line.send([3, {"message": "no realm of that name"}, "wamp.error.no_such_realm"])

    monkeypatch.setattr(memory_router, "_welcome", refuse)

    connection = joined()

    assert "no realm of that name" in connection.last_error
