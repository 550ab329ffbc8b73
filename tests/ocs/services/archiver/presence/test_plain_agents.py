"""Agents without spool, seen by a device that hands their heartbeats on, as the archiver does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent import Device, Feed
from ocs.model.errors import RetryAfterError
from ocs.model.gap import Gap, GapCause
from ocs.realm.connection import RealmConnection
from ocs.services.archiver.presence import plain_agents
from ocs.services.archiver.presence.absences import NS, decode_beat
from ocs.services.archiver.presence.plain_agents import PlainAgents
from ocs.testing.clock import BORN
from ocs.testing.running import REALM, ROOT, Site
from ocs.wire import uris
from ocs.wire.archive import decode_batch

RECORDED = {"record": True, "agg_params": {}}


class Collector(Device):
    """Hands on what an archiver hands on, and keeps what would be put."""

    def setup(self) -> None:
        """Begin."""
        self.parts: list[Mapping[str, Any]] = []
        self.gaps: list[Gap] = []
        self.refusal: Exception | None = None
        self.held: list[Deferred[Any]] | None = None
        self.alive: int | None = None
        self.started = round(self.now() * NS)
        self.plain = PlainAgents(self.hosted(), self.put, self.gaps.append, self.started, self.alive)
        self.subscribe_feed("", uris.HEARTBEAT, self.heard)

    def heard(self, topic: str, _message: Any, info: Mapping[str, Any]) -> None:
        """Take a heartbeat in."""
        self.plain.heard(decode_beat(topic, info), round(self.now() * NS), self.seconds())

    def put(self, parts: Sequence[Mapping[str, Any]]) -> Deferred[Any]:
        """Keep parts."""
        if self.refusal is not None:
            raise self.refusal
        self.parts += parts
        if self.held is None:
            return defer.succeed({})
        self.held.append(Deferred())
        return self.held[-1]

    def look(self) -> None:
        """Look as once a second."""
        self.plain.look(self.hosted().session_id, round(self.now() * NS))


class Puppet:
    """An agent of OCS: heartbeats, feeds and answers by hand."""

    def __init__(self, site: Site, name: str, feeds: Mapping[str, Any], **info: Any) -> None:
        self.site = site
        self.name = name
        self.info = {"session_id": f"{BORN:.6f}", **info}
        self.feeds = dict(feeds)
        self.asked: list[str] = []
        self.answer: Callable[[str], Any] = lambda query: list(self.feeds.items()) if query == "get_feeds" else None
        self.connection: RealmConnection = site.router.connection(realm=REALM, reactor=site.clock.reactor)
        self.connection.register(uris.management(ROOT, name), self.told)
        self.connection.start()
        site.clock.result_of(self.connection.when_joined())

    def told(self, _caller: Any, query: str) -> Any:
        self.asked.append(query)
        return self.answer(query)

    def beat(self, **info: Any) -> None:
        self.connection.publish(uris.feed(ROOT, self.name, "heartbeat"), [{}, {**self.info, **info}])
        self.site.clock.settle()

    def send(self, *times: float, feed: str = "fast", **info: Any) -> None:
        block = {"block_name": feed, "timestamps": [BORN + time for time in times], "data": {"a": [1.0] * len(times)}}
        self.publish({feed: block}, feed, **info)

    def publish(self, message: Any, feed: str = "fast", **info: Any) -> None:
        self.connection.publish(uris.feed(ROOT, self.name, feed), [message, {**self.info, **info}])
        self.site.clock.settle()

    def end(self) -> None:
        self.site.clock.result_of(self.connection.close())
        self.site.clock.settle()


@pytest.fixture
def collector(memory_site: Site) -> Collector:
    made = Collector("collector")
    memory_site.start(made)
    return made


@pytest.fixture
def oven(memory_site: Site, collector: Collector) -> Any:
    puppet = Puppet(memory_site, "oven", {"fast": RECORDED, "live": {"record": False}, "own": {"record": True,
                    "agg_params": {"exclude_aggregator": True}}})  # fmt: skip
    yield puppet
    puppet.end()


def times_of(collector: Collector) -> list[float]:
    """Return the seconds since the start of the rows that were put."""
    batches = [decode_batch(part) for part in collector.parts]
    return [time / NS - BORN for batch in batches for time in batch.times.tolist()]


def at(second: float) -> int:
    return round((BORN + second) * NS)


# -- taking ------------------------------------------------------------------------------------------


def test_the_recorded_feeds_of_an_agent_of_ocs_are_archived(collector: Collector, oven: Puppet) -> None:
    oven.beat()

    oven.send(1.0, 2.0)
    oven.send(3.0, feed="live")
    oven.send(4.0, feed="own")

    assert times_of(collector) == [1.0, 2.0]
    assert collector.plain.devices == ["oven"]
    assert oven.asked == ["describe", "get_feeds"]


def test_an_agent_that_spools_is_left_to_its_spool(collector: Collector, oven: Puppet) -> None:
    oven.beat(spool=True)
    oven.send(1.0)

    assert (oven.asked, collector.parts, collector.plain.devices) == ([], [], [])


def test_one_that_spools_since_its_last_start_is_not_archived_twice(collector: Collector, oven: Puppet) -> None:
    oven.beat()
    oven.send(1.0)

    oven.beat(spool=True, session_id=f"{BORN + 5:.6f}")
    oven.send(6.0)

    assert times_of(collector) == [1.0]


class Oven(Device):
    """An agent of ours whose site has no archiver."""

    fast = Feed(doc="numbers", record=True)
    bulk = Feed(doc="many numbers", bulk=True)


def test_an_agent_of_ours_without_archiver_is_archived_with_its_bulk_feeds(
    collector: Collector, memory_site: Site
) -> None:
    memory_site.start(Oven("oven-2"))
    memory_site.clock.advance(2.0)
    oven = memory_site.device("oven-2").object

    oven.fast.publish({"a": 1.0}, time=BORN + 1.0)
    oven.bulk.publish_columns([BORN + 2.0, BORN + 3.0], {"b": [1, 2]})
    memory_site.clock.settle()

    assert sorted(times_of(collector)) == [1.0, 2.0, 3.0]


def test_an_agent_that_does_not_tell_is_asked_again_after_a_while(
    collector: Collector, oven: Puppet, memory_site: Site
) -> None:
    oven.answer = lambda _query: "nonsense"
    for _ in range(12):
        oven.beat()
        memory_site.clock.advance(1.0)

    assert oven.asked == ["describe", "get_feeds"] * 2
    oven.answer = lambda query: [["fast", RECORDED]] if query == "get_feeds" else None
    memory_site.clock.advance(10.0)
    oven.beat()
    oven.send(30.0)
    assert times_of(collector) == [30.0]


def test_a_feed_that_comes_later_is_found(collector: Collector, oven: Puppet, memory_site: Site) -> None:
    oven.beat()
    oven.feeds["slow"] = RECORDED
    memory_site.clock.advance(61.0)
    oven.beat()

    oven.send(70.0, feed="slow")

    assert times_of(collector) == [70.0]


def test_after_a_restart_an_agent_is_asked_at_once(collector: Collector, oven: Puppet) -> None:
    oven.beat()
    oven.feeds["slow"] = RECORDED

    oven.beat(session_id=f"{BORN + 5:.6f}")
    oven.send(6.0, feed="slow")
    oven.send(7.0)

    assert times_of(collector) == [6.0, 7.0]


def test_what_is_no_message_goes_to_the_quarantine(collector: Collector, oven: Puppet) -> None:
    oven.beat()

    oven.publish("nonsense")
    oven.publish({"fast": {"timestamps": [1.0], "data": {"a": [1.0, 2.0]}}})
    oven.send(1.0)

    assert [part.get("message", "rows") for part in collector.parts] == [
        "nonsense", {"fast": {"timestamps": [1.0], "data": {"a": [1.0, 2.0]}}}, "rows",
    ]  # fmt: skip


# -- gaps --------------------------------------------------------------------------------------------


def test_while_the_archive_takes_nothing_rows_are_lost_with_a_gap(collector: Collector, oven: Puppet) -> None:
    oven.beat()
    collector.refusal = RetryAfterError("the disk is full", limit=60.0)
    oven.send(1.0, 2.0)
    oven.send(3.0)

    collector.refusal = None
    oven.send(4.0)

    assert collector.gaps == [Gap("oven", at(1), at(4), GapCause.MISSED, "fast", rows=3, detail="the disk is full")]
    assert collector.plain.lost == 3


def test_a_put_that_fails_later_is_a_loss_too(collector: Collector, oven: Puppet) -> None:
    oven.beat()
    collector.held = []
    oven.send(1.0)
    collector.held[0].errback(RetryAfterError("no space left", limit=60.0))
    collector.held = None

    oven.send(2.0)

    assert [(gap.start, gap.end, gap.rows) for gap in collector.gaps] == [(at(1), at(2), 1)]


def test_a_disk_that_stands_still_bounds_what_waits(
    collector: Collector, oven: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_agents, "MOST_WAITING", 2)
    oven.beat()
    collector.held = []
    for second in range(4):
        oven.send(second)

    for answer in collector.held:
        answer.callback({})
    collector.held = None
    oven.send(9.0)

    assert times_of(collector) == [0.0, 1.0, 9.0]
    assert [(gap.start, gap.rows) for gap in collector.gaps if gap.rows] == [(at(2), 2)]


def test_a_hole_in_the_numbers_of_messages_is_a_gap(collector: Collector, oven: Puppet) -> None:
    oven.beat()

    oven.send(1.0, epoch=1, seq=1)
    oven.send(5.0, epoch=1, seq=5)

    assert [(gap.start, gap.end, gap.detail) for gap in collector.gaps] == [(at(1), at(5), "3 messages")]


def test_the_time_without_router_is_a_gap_until_the_agent_is_back(
    collector: Collector, oven: Puppet, memory_site: Site
) -> None:
    oven.beat()
    collector.look()
    lost = collector.now()
    memory_site.router.stop()
    memory_site.clock.advance(20.0)
    collector.look()
    memory_site.router.start()
    memory_site.clock.advance(3.0)
    collector.look()
    first = list(collector.gaps)
    memory_site.clock.advance(2.0)

    oven.beat()

    (gap,) = {(each.device, each.start, each.cause): each for each in collector.gaps}.values()
    assert (gap.cause, gap.start) == (GapCause.ROUTER_DOWN, round(lost * NS))
    assert first == [replace(gap, end=first[0].end)]
    assert gap.end == round(collector.now() * NS)
    oven.beat()
    collector.look()
    assert len(collector.gaps) == 2


def test_an_agent_that_starts_later_has_a_gap_until_its_first_heartbeat(
    collector: Collector, oven: Puppet, memory_site: Site
) -> None:
    memory_site.clock.advance(10.0)

    oven.beat(session_id=f"{BORN + 9:.6f}")

    (gap,) = collector.gaps
    assert (gap.cause, gap.start) == (GapCause.MISSED, at(9))


class Successor(Collector):
    """A collector of which an earlier one was at work until 50 s before."""

    def setup(self) -> None:
        """Begin."""
        super().setup()
        self.plain = PlainAgents(self.hosted(), self.put, self.gaps.append, self.started, at(-50))


@pytest.mark.parametrize(("started", "since"), [(-100.0, -50.0), (-20.0, -20.0)])
def test_the_time_without_archiver_is_a_gap_of_the_agents_that_were_there(
    memory_site: Site, started: float, since: float
) -> None:
    successor = Successor("collector")
    memory_site.start(successor)
    oven = Puppet(memory_site, "oven", {"fast": RECORDED}, session_id=f"{BORN + started:.6f}")

    oven.beat()
    oven.beat()
    oven.end()

    (gap,) = successor.gaps
    assert (gap.cause, gap.start) == (GapCause.ARCHIVER_DOWN, at(since))
