"""From the spool to an archiver: everything arrives once, whatever the archiver and the router do meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from twisted.internet.defer import Deferred

from ocs.agent import Device, Feed
from ocs.agent.data.archiving import Archiving
from ocs.agent.data.forwarding import BACK_OFF_S, WINDOW
from ocs.agent.program.agent import Agent
from ocs.model.errors import OcsError, RetryAfterError
from ocs.model.gap import GapCause
from ocs.model.series import CHANNELS_FEED, Batch, SeriesKey
from ocs.testing.memory_router import MemoryRouter
from ocs.testing.running import Site
from ocs.wire.archive import decode_batch, decode_gap


class Keeper(Device):
    """Takes what is put into it, or refuses it as the test says."""

    refusal: OcsError | None = None
    refused: tuple[dict[str, Any], ...] = ()

    def setup(self) -> None:
        """Take what comes."""
        self.puts: list[list[Any]] = []
        self.hosted().offer("put", self.put)

    def put(self, _caller: Any, parts: list[Any]) -> dict[str, Any]:
        """Take parts."""
        if self.refusal is not None:
            raise self.refusal
        self.puts.append(parts)
        return {"stored": 0, "known": 0, "refused": list(self.refused)}

    @property
    def values(self) -> list[float]:
        """All values in the order in which they came."""
        return [value for batch in self.batches if "x" in batch.fields for value in batch.columns["x"].tolist()]

    @property
    def batches(self) -> list[Batch]:
        """All batches in the order in which they came."""
        return [decode_batch(part) for put in self.puts for part in put if "columns" in part]


class Source(Device):
    """Has something to record."""

    numbers = Feed(doc="numbers")
    blocks = Feed(doc="many numbers", bulk=True)
    shown = Feed(doc="not for archives", agg_params={"exclude_aggregator": True})


class Lane:
    """An agent with something to record, and the archiver that it goes to."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.keeper = Keeper("archiver")
        self.source = Source("source-1")
        self.agent = self.start()
        self.offered = 0

    def start(self) -> Agent:
        return self.site.start(self.source, archiver="archiver")

    @property
    def archiving(self) -> Archiving:
        assert self.agent.archiving is not None
        return self.agent.archiving

    def offer(self, rows: int = 1) -> None:
        """Publish so many rows, and have them committed."""
        for _ in range(rows):
            self.source.numbers.publish(x=float(self.offered))
            self.offered += 1
        self.archiving.recorder.commit()
        self.site.clock.settle()

    @property
    def all(self) -> list[float]:
        return [float(number) for number in range(self.offered)]


@pytest.fixture
def lane(memory_site: Site) -> Lane:
    return Lane(memory_site)


@pytest.fixture
def kept(lane: Lane) -> Keeper:
    lane.site.start(lane.keeper)
    return lane.keeper


def test_what_is_published_on_a_recorded_feed_arrives(lane: Lane, kept: Keeper) -> None:
    lane.offer(3)

    assert kept.values == [0.0, 1.0, 2.0]
    assert lane.archiving.spool.depth_rows == 0


def test_bulk_columns_arrive_and_may_be_filled_again_at_once(lane: Lane, kept: Keeper) -> None:
    column = np.arange(4.0)
    lane.source.blocks.publish_columns(1e9 + column, {"x": column})
    column[:] = -1.0

    lane.offer(0)

    assert kept.values == [0.0, 1.0, 2.0, 3.0]


def test_each_change_of_state_arrives(lane: Lane, kept: Keeper) -> None:
    lane.source.state.to("FAULT", reason="a test")
    lane.site.clock.settle()

    lane.offer(0)

    of_state = [batch for batch in kept.batches if batch.series == SeriesKey("source-1", CHANNELS_FEED, "State")]
    assert [word for batch in of_state for word in batch.columns["State"]][-1] == "FAULT"


def test_what_is_kept_from_aggregators_is_only_shown(lane: Lane, kept: Keeper) -> None:
    lane.source.shown.publish(x=1.0)

    lane.offer(0)

    assert "shown" not in {batch.series.feed for batch in kept.batches}


def test_without_an_archiver_data_wait_and_health_says_so(lane: Lane) -> None:
    lane.offer(3)
    lane.site.clock.advance(60)

    health = lane.site.device(lane.agent.admin.name).health()

    assert lane.archiving.spool.depth_rows >= 3  # changes of state wait too
    assert any(
        "there is no archiver" in cause.sentence and "nothing is lost" in cause.sentence for cause in health.causes
    )

    lane.site.start(lane.keeper)
    lane.site.clock.advance(BACK_OFF_S[2] + 1)

    assert lane.keeper.values == lane.all
    assert not lane.site.device(lane.agent.admin.name).health().causes


def test_an_archiver_that_cannot_take_more_is_asked_when_it_said(lane: Lane, kept: Keeper) -> None:
    kept.refusal = RetryAfterError("the disk is full", limit=100)
    lane.offer(2)
    kept.refusal = None

    lane.site.clock.advance(99)
    assert kept.values == []
    lane.site.clock.advance(2)
    assert kept.values == lane.all


def test_a_refusal_of_single_parts_is_counted_and_stops_nothing(lane: Lane, kept: Keeper) -> None:
    kept.refused = ({"index": 0, "code": "wrong_type", "message": "no batch"},)

    lane.offer()
    lane.offer()

    assert lane.archiving.forwarder.refused == 2
    assert lane.archiving.spool.depth_rows == 0


def test_after_an_outage_of_the_router_nothing_is_missing_and_nothing_double(
    lane: Lane, kept: Keeper, memory_router: MemoryRouter
) -> None:
    lane.offer(2)
    memory_router.stop()
    lane.offer(5)
    lane.site.clock.advance(30)
    memory_router.start()
    lane.site.clock.advance(10)
    lane.offer(1)

    assert sorted(kept.values) == lane.all


def test_no_more_calls_are_in_flight_than_the_window_has(lane: Lane, kept: Keeper) -> None:
    waiting: list[Any] = []

    def slow(_caller: Any, parts: list[Any]) -> Deferred[Any]:
        kept.puts.append(parts)
        answer: Deferred[Any] = Deferred()
        waiting.append(answer)
        return answer

    kept.hosted().offer("put", slow)
    for _ in range(3 * WINDOW):
        lane.offer()

    assert len(waiting) == WINDOW
    for answered in range(3 * WINDOW):
        if answered < len(waiting):
            waiting[answered].callback({"refused": []})
            lane.site.clock.settle()
    assert kept.values == lane.all


def test_while_the_line_is_full_no_call_is_handed_over(lane: Lane, kept: Keeper, memory_router: MemoryRouter) -> None:
    memory_router.clog()
    lane.offer(3)
    assert kept.values == []

    memory_router.unclog()
    lane.site.clock.settle()
    assert kept.values == lane.all


def test_a_restart_sends_what_was_left_and_says_what_is_missing(lane: Lane) -> None:
    lane.offer(3)
    site = lane.site
    site.clock.result_of(lane.agent.end(), 100)
    site.agents.remove(lane.agent)
    site.clock.advance(50)

    lane.source = Source("source-1")
    lane.agent = lane.start()
    site.start(lane.keeper)
    lane.offer(1)
    site.clock.advance(BACK_OFF_S[2] + 1)

    assert sorted(lane.keeper.values) == lane.all  # the newest come first
    gaps = [decode_gap(part["gap"]) for put in lane.keeper.puts for part in put if "gap" in part]
    (gap,) = [gap for gap in gaps if gap.device == "source-1"]
    assert gap.cause is GapCause.PROCESS_STOPPED
    assert gap.end is not None
    assert 49e9 < gap.end - gap.start < 60e9


def test_heartbeats_tell_that_the_agent_forwards_by_itself(lane: Lane) -> None:
    told: list[Any] = []
    lane.site.subscribe("observatory.source-1.feeds.heartbeat", lambda _topic, payload: told.append(payload[1]))

    lane.site.clock.advance(2)

    assert told
    assert all(info["spool"] is True for info in told)
