"""The router in memory and crossbar behave alike, seen through the same connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from ocs.model.errors import (
    AgentLostError,
    DeadlineError,
    DuplicateError,
    ErrorCode,
    NotFoundError,
    OcsError,
    OutOfRangeError,
)
from ocs.realm.connection import RealmConnection
from ocs.realm.roster import Match
from ocs.testing.clock import VirtualClock
from ocs.testing.memory_codec import Codec
from ocs.testing.memory_router import MemoryRouter
from ocs.testing.real_loop import RealLoop
from ocs.testing.router_process import RouterProcess


def never(_caller: Any) -> Deferred[None]:
    return Deferred()


class House:
    """A router and the connections that a test makes to it."""

    def __init__(self, clock: VirtualClock | RealLoop, connection: Callable[..., RealmConnection]) -> None:
        self.clock = clock
        self._connection = connection
        self._made: list[RealmConnection] = []

    def make(self, realm: str = "test_realm", **callbacks: Any) -> RealmConnection:
        member = self._connection((), realm, self.clock.reactor, **callbacks)
        self._made.append(member)
        return member

    def join(self, realm: str = "test_realm", **callbacks: Any) -> RealmConnection:
        member = self.make(realm, **callbacks)
        member.start()
        self.clock.result_of(member.when_joined())
        return member

    def call(self, member: RealmConnection, *args: Any, **kwargs: Any) -> Any:
        return self.clock.result_of(member.call(*args, **kwargs))

    def close(self) -> None:
        for member in self._made:
            self.clock.result_of(member.close())


@pytest.fixture(
    params=[
        Codec.MSGPACK,
        Codec.JSON,
        pytest.param("crossbar", marks=[pytest.mark.system, pytest.mark.xdist_group("router")]),
    ]
)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    if request.param == "crossbar":
        router: RouterProcess = request.getfixturevalue("router")
        loop: RealLoop = request.getfixturevalue("real_loop")

        def connection(_ways: Any, realm: str, reactor: Any, **callbacks: Any) -> RealmConnection:
            return RealmConnection((router.way,), realm, reactor, **callbacks)

        made = House(loop, connection)
    else:
        clock: VirtualClock = request.getfixturevalue("clock")
        made = House(clock, MemoryRouter(clock.loop, request.param).connection)
    yield made
    made.close()


def heard(house: House, member: RealmConnection, topic: str, match: Match = Match.EXACT) -> list[tuple[str, Any]]:
    told: list[tuple[str, Any]] = []

    def event(actual: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
        told.append((actual, args[0]))

    house.clock.result_of(member.subscribe(topic, event, match))
    return told


def test_a_call_brings_arguments_and_result(house: House) -> None:
    callee, caller = house.make(), house.join()
    callee.register("observatory.a", lambda _caller, *args, **kwargs: [list(args), kwargs])
    callee.start()
    house.clock.result_of(callee.when_joined())

    answer = house.call(caller, "observatory.a", 1, "zwei \u20ac", b"\x00\xff", [None, 1.5], key={"deep": [True]})

    assert answer == [[1, "zwei \u20ac", b"\x00\xff", [None, 1.5]], {"key": {"deep": [True]}}]


def test_a_result_may_come_later(house: House) -> None:
    callee, caller = house.join(), house.join()
    waiting: list[Deferred[str]] = []

    def later(_caller: Any) -> Deferred[str]:
        waiting.append(Deferred())
        return waiting[0]

    house.clock.result_of(callee.register("observatory.a", later))
    answer = caller.call("observatory.a")
    house.clock.run_until(lambda: waiting)

    waiting[0].callback("done")

    assert house.clock.result_of(answer) == "done"


def test_the_callee_learns_who_calls(house: House) -> None:
    callee, caller = house.join(), house.join()
    house.clock.result_of(callee.register("observatory.a", list))

    name, role, session = house.call(caller, "observatory.a")

    assert name
    assert role == "iocs_agent"
    assert session != house.call(callee, "observatory.a")[2]


def test_an_error_of_ours_arrives_as_it_left(house: House) -> None:
    callee, caller = house.join(), house.join()

    def refuse(_caller: Any) -> None:
        raise OutOfRangeError("speed is 9 mm/s; at most 4 mm/s", field="speed", given=9, limit=4)

    house.clock.result_of(callee.register("observatory.a", refuse))

    with pytest.raises(OutOfRangeError, match="speed is 9 mm/s") as caught:
        house.call(caller, "observatory.a")

    assert (caught.value.field, caught.value.given, caught.value.limit) == ("speed", 9, 4)


def test_a_call_of_nobody_says_so(house: House) -> None:
    with pytest.raises(NotFoundError, match=r"nobody answers at observatory\.nobody"):
        house.call(house.join(), "observatory.nobody")


def test_a_call_without_answer_ends_at_its_deadline(house: House) -> None:
    callee, caller = house.join(), house.join()
    house.clock.result_of(callee.register("observatory.a", never))

    with pytest.raises(DeadlineError, match=r"did not answer within 0\.2 s"):
        house.call(caller, "observatory.a", timeout_s=0.2)


def test_a_name_with_slashes_is_one_component(house: House) -> None:
    callee, caller = house.join(), house.join()
    house.clock.result_of(callee.register("observatory.cryo/heater/1.ops", lambda _caller: "here"))

    assert house.call(caller, "observatory.cryo/heater/1.ops") == "here"


def test_a_name_that_is_taken_is_refused(house: House) -> None:
    house.clock.result_of(house.join().register("observatory.a", lambda _caller: "first"))
    refused: list[OcsError] = []

    def give_up(error: OcsError) -> Deferred[bool]:
        refused.append(error)
        return succeed(False)

    second = house.make(on_refusal=give_up)
    second.register("observatory.a", lambda _caller: "second")
    second.start()
    house.clock.run_until(lambda: refused)

    assert refused[0].code is ErrorCode.DUPLICATE
    assert house.call(house.join(), "observatory.a") == "first"


def test_a_name_can_be_taken_over(house: House) -> None:
    house.clock.result_of(house.join().register("observatory.a", lambda _caller: "first"))
    second = house.make(on_refusal=lambda _error: succeed(True))
    second.register("observatory.a", lambda _caller: "second")
    second.start()
    house.clock.result_of(second.when_joined())

    assert house.call(house.join(), "observatory.a") == "second"


def test_a_second_registration_by_hand_fails(house: House) -> None:
    house.clock.result_of(house.join().register("observatory.a", lambda _caller: "first"))

    with pytest.raises(DuplicateError, match="already registered by another agent"):
        house.clock.result_of(house.join().register("observatory.a", lambda _caller: "second"))


def test_who_leaves_answers_no_more(house: House) -> None:
    callee, caller = house.join(), house.join()
    house.clock.result_of(callee.register("observatory.a", lambda _caller: "here"))

    house.clock.result_of(callee.close())

    with pytest.raises(NotFoundError):
        house.call(caller, "observatory.a")


def test_a_call_ends_when_its_callee_leaves(house: House) -> None:
    callee, caller = house.join(), house.join()
    called: list[Any] = []

    def never(_caller: Any) -> Deferred[None]:
        called.append(1)
        return Deferred()

    house.clock.result_of(callee.register("observatory.a", never))
    answer = caller.call("observatory.a")
    house.clock.run_until(lambda: called)

    house.clock.result_of(callee.close())

    with pytest.raises(AgentLostError):
        house.clock.result_of(answer)


@pytest.mark.parametrize(
    ("pattern", "match", "wanted"),
    [
        ("observatory.a.feeds.x", Match.EXACT, ["a.feeds.x"]),
        ("observatory.a.", Match.PREFIX, ["a.feeds.x", "a.feeds.y"]),
        ("observatory..feeds.x", Match.WILDCARD, ["a.feeds.x", "b/c.feeds.x"]),
        ("observatory..feeds.", Match.WILDCARD, ["a.feeds.x", "a.feeds.y", "b/c.feeds.x"]),
    ],
)
def test_events_arrive_where_the_pattern_fits(house: House, pattern: str, match: Match, wanted: list[str]) -> None:
    publisher, listener = house.join(), house.join()
    told = heard(house, listener, pattern, match)
    end = heard(house, listener, "observatory.end")

    for topic in ("a.feeds.x", "a.feeds.y", "b/c.feeds.x", "a.x", "a.feeds.x.y"):
        if topic == "a.feeds.x.y" and match is Match.PREFIX:
            continue
        if topic == "a.x" and match is Match.PREFIX:
            continue
        publisher.publish(f"observatory.{topic}", {"n": 1})
    publisher.publish("observatory.end", None)
    house.clock.run_until(lambda: end)

    assert told == [(f"observatory.{topic}", {"n": 1}) for topic in wanted]


def test_a_publisher_does_not_hear_itself(house: House) -> None:
    member, other = house.join(), house.join()
    own, end = heard(house, member, "observatory.t"), heard(house, other, "observatory.t")

    member.publish("observatory.t", 1)
    house.clock.run_until(lambda: end)
    house.call(member, "wamp.session.count")

    assert own == []


def test_a_publisher_hears_itself_where_it_asks_for_its_echo(house: House) -> None:
    member = house.join()
    own = heard(house, member, "observatory.t")

    member.publish("observatory.t", 1, echo=True)
    house.clock.run_until(lambda: own)

    assert own == [("observatory.t", 1)]


def told_by_the_router(house: House, member: RealmConnection, topic: str) -> list[list[Any]]:
    told: list[list[Any]] = []
    house.clock.result_of(member.subscribe(topic, lambda _topic, args, _kwargs: told.append(args)))
    return told


def test_the_router_tells_who_joins(house: House) -> None:
    told = told_by_the_router(house, house.join(), "wamp.session.on_join")

    newcomer = house.join()
    house.clock.run_until(lambda: newcomer.session_id in [details["session"] for (details,) in told])

    assert {details["authrole"] for (details,) in told} == {"iocs_agent"}


def test_the_router_tells_who_left_in_good_order(house: House) -> None:
    told = told_by_the_router(house, house.join(), "wamp.session.on_leave")
    leaving = house.join()
    session = leaving.session_id

    house.clock.result_of(leaving.close())
    house.clock.run_until(lambda: [session] in told)

    assert told.count([session]) == 1


def test_the_router_tells_whose_connection_was_cut(house: House) -> None:
    told = told_by_the_router(house, house.join(), "wamp.session.on_leave")
    member = house.join()
    session = member.session_id

    cut(member)
    house.clock.run_until(lambda: [session] in told)

    assert told.count([session]) == 1


def cut(member: RealmConnection) -> None:
    assert member._session is not None
    member._session.drop()


def test_the_router_knows_a_session_until_it_leaves(house: House) -> None:
    asking, other = house.join(), house.join()
    session = other.session_id

    before = house.call(asking, "wamp.session.get", session)
    house.clock.result_of(other.close())

    assert before["session"] == session
    with pytest.raises(NotFoundError, match="no such session"):
        house.call(asking, "wamp.session.get", session)


def test_the_router_tells_whose_a_name_is(house: House) -> None:
    callee, asking = house.join(), house.join()
    house.clock.result_of(callee.register("observatory.a", lambda _caller: "here"))

    registration = house.call(asking, "wamp.registration.match", "observatory.a")

    assert house.call(asking, "wamp.registration.list_callees", registration) == [callee.session_id]
    assert house.call(asking, "wamp.registration.match", "observatory.nobody") is None


def test_a_member_has_no_session_before_and_after(house: House) -> None:
    member = house.make()
    before = member.session_id
    member.start()
    house.clock.result_of(member.when_joined())
    joined = member.session_id

    house.clock.result_of(member.close())

    assert joined
    assert (before, member.session_id) == (None, None)


def test_two_handlers_of_a_topic_are_both_told(house: House) -> None:
    publisher, listener = house.join(), house.join()
    first, second = heard(house, listener, "observatory.t"), heard(house, listener, "observatory.t")

    publisher.publish("observatory.t", 1)
    house.clock.run_until(lambda: first and second)

    assert (len(first), len(second)) == (1, 1)


def test_an_ended_subscription_is_quiet(house: House) -> None:
    publisher, listener = house.join(), house.join()
    told: list[Any] = []
    end = heard(house, listener, "observatory.end")
    subscription = house.clock.result_of(listener.subscribe("observatory.t", lambda *event: told.append(event)))

    house.clock.result_of(listener.unsubscribe(subscription))
    publisher.publish("observatory.t", 1)
    publisher.publish("observatory.end", 1)
    house.clock.run_until(lambda: end)

    assert told == []


def test_events_keep_their_order(house: House) -> None:
    publisher, listener = house.join(), house.join()
    told = heard(house, listener, "observatory.t")

    for number in range(200):
        publisher.publish("observatory.t", number)
    house.clock.run_until(lambda: len(told) == 200)

    assert [payload for _, payload in told] == list(range(200))


def test_two_realms_of_one_router_never_see_each_other(house: House) -> None:
    here, there = house.join("test_realm"), house.join("other_realm")
    told = heard(house, there, "laboratory.t")
    house.clock.result_of(there.register("laboratory.a", lambda _caller: "there"))

    with pytest.raises(OcsError):
        house.call(here, "laboratory.a")
    here.publish("laboratory.t", 1)
    house.call(here, "wamp.session.count")

    assert house.call(there, "wamp.session.count") == 1
    assert told == []
