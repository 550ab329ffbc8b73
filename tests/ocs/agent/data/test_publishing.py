"""Feeds at work: what is refused where it is published, and when what goes out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ocs.agent import Device, Feed, Session, process, task
from ocs.agent.data.publishing import FeedRuntime
from ocs.model.errors import ErrorCode, NotSerialisableError, OcsError, ParameterError, TooLargeError
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice


class Sensors(Device):
    """A device with one feed of each kind."""

    plain = Feed(doc="each sample at once")
    slow = Feed(doc="batched", batch_s=1.0, batch_size=5, agg_params={"frame_length": 60})
    fast = Feed(doc="bulk", bulk=True, batch_s=0.5)
    notes = Feed(doc="any message", record=False)

    act: Callable[[Sensors], None]

    @task
    def publish(self, session: Session) -> None:
        """Publish what the test wants, in the task's thread."""
        self.act(self)

    @process
    def pour(self, session: Session) -> None:
        """Publish from a thread until stopped."""
        for number in session.ticks(100.0):
            self.slow.publish(number=number)


@pytest.fixture
def sensors(agent_of: AgentOf) -> RunningDevice:
    return agent_of(Sensors)


@pytest.fixture
def plain(sensors: RunningDevice) -> FeedRuntime:
    feed: FeedRuntime = sensors.object.plain
    return feed


def columns(messages: list[Any], field: str) -> list[Any]:
    return [value for message in messages for samples in message.samples for value in samples.data[field]]


@pytest.mark.parametrize("name", ["2nd", "with space", "dash-ed", "", "_", "ü", "a" * 256])
def test_a_wrong_field_name_is_refused_where_it_is_published(plain: FeedRuntime, name: str) -> None:
    with pytest.raises(ParameterError, match="cannot name a field"):
        plain.publish({name: 1.0})


@pytest.mark.parametrize("name", ["a", "_a", "channel_00", "Temperature2", "a" * 255])
def test_a_right_field_name_goes_out(sensors: RunningDevice, name: str) -> None:
    told = sensors.messages("plain")

    sensors.object.plain.publish({name: 1.0})
    sensors.clock.settle()

    assert columns(told, name) == [1.0]


@pytest.mark.parametrize("value", [None, [1.0], {"a": 1}, object(), 2**70, np.arange(2), b"raw", 1j])
def test_a_value_that_is_no_sample_is_refused_where_it_is_published(plain: FeedRuntime, value: Any) -> None:
    with pytest.raises(NotSerialisableError) as caught:
        plain.publish(voltage=value)

    assert caught.value.field == "voltage"


def test_an_over_long_text_is_refused_where_it_is_published(plain: FeedRuntime) -> None:
    with pytest.raises(TooLargeError, match="10001 characters"):
        plain.publish(text="x" * 10_001)


def test_an_empty_sample_is_refused(plain: FeedRuntime) -> None:
    with pytest.raises(ParameterError, match="at least one field"):
        plain.publish({})


def test_a_sample_that_is_refused_decides_on_no_fields(sensors: RunningDevice) -> None:
    told = sensors.messages("plain")
    with pytest.raises(NotSerialisableError):
        sensors.object.plain.publish(wrong=None)

    sensors.object.plain.publish(right=1.0)
    sensors.clock.settle()

    assert columns(told, "right") == [1.0]


def test_a_block_keeps_the_fields_of_its_first_sample(plain: FeedRuntime) -> None:
    plain.publish(a=1.0, b=2.0)

    with pytest.raises(ParameterError, match="missing: b; new: c"):
        plain.publish(a=1.0, c=2.0)


def test_another_block_has_fields_of_its_own(sensors: RunningDevice) -> None:
    told = sensors.messages("plain")
    sensors.object.plain.publish(a=1.0)

    sensors.object.plain.publish(b=2.0, block="other")
    sensors.clock.settle()

    assert [samples.block for message in told for samples in message.samples] == ["plain", "other"]


def test_numpy_values_go_out_as_plain_ones(sensors: RunningDevice) -> None:
    told = sensors.messages("plain")

    sensors.object.plain.publish(a=np.float32(1.5), b=np.int16(2), c=np.bool_(True), d=np.str_("x"))
    sensors.clock.settle()

    assert told[0].message["plain"]["data"] == {"a": [1.5], "b": [2], "c": [True], "d": ["x"]}


def test_columns_go_out_with_their_times(sensors: RunningDevice) -> None:
    told = sensors.messages("plain")

    sensors.object.plain.publish_columns([1.0, 2.0], {"a": np.array([3, 4]), "b": ["x", "y"]}, block="pair")
    sensors.clock.settle()

    block = told[0].message["pair"]
    assert block["timestamps"] == [1.0, 2.0]
    assert block["data"] == {"a": [3, 4], "b": ["x", "y"]}


@pytest.mark.parametrize("feed", ["plain", "fast"])
def test_columns_of_another_length_are_refused(sensors: RunningDevice, feed: str) -> None:
    with pytest.raises(ParameterError, match="has 1 values for 2 time stamps"):
        getattr(sensors.object, feed).publish_columns([1.0, 2.0], {"a": [1.0]})


@pytest.mark.parametrize("column", [[object()], np.array([object()]), np.array([1j]), [None], np.array([1], "O")])
def test_a_bulk_column_that_cannot_be_sent_is_refused(sensors: RunningDevice, column: Any) -> None:
    with pytest.raises(NotSerialisableError):
        sensors.object.fast.publish_columns([1.0], {"a": column})


def test_a_batch_goes_out_when_its_first_sample_is_old(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")
    sensors.object.slow.publish(number=0)
    sensors.clock.advance(0.9)
    sensors.object.slow.publish(number=1)
    assert told == []

    sensors.clock.advance(0.1)

    assert [message.samples[0].data["number"] for message in told] == [[0, 1]]


def test_a_batch_goes_out_when_it_is_full(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")

    for number in range(5):
        sensors.object.slow.publish(number=number)
    sensors.clock.settle()

    assert [message.samples[0].data["number"] for message in told] == [[0, 1, 2, 3, 4]]


def test_a_full_batch_leaves_no_timer_for_the_next(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")
    for number in range(5):
        sensors.object.slow.publish(number=number)
    sensors.clock.advance(0.9)
    sensors.object.slow.publish(number=5)

    sensors.clock.advance(0.5)
    assert len(told) == 1
    sensors.clock.advance(0.5)
    assert len(told) == 2


def test_flush_sends_what_waits(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")
    sensors.object.slow.publish(number=0)

    sensors.object.slow.flush()
    sensors.clock.settle()

    assert columns(told, "number") == [0]


def test_the_end_of_the_agent_sends_what_waits(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")
    sensors.object.slow.publish(number=0)

    sensors.clock.result_of(sensors.site.agents[0].end())
    sensors.clock.settle()

    assert columns(told, "number") == [0]


def test_samples_of_many_threads_all_arrive_once(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")
    feed = sensors.object.slow

    def pour(first: int) -> None:
        for number in range(first, first + 200):
            feed.publish(number=number)

    threads = [threading.Thread(target=pour, args=(1000 * index,)) for index in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    sensors.clock.advance(1.0)

    arrived = columns(told, "number")
    assert sorted(arrived) == sorted(1000 * index + number for index in range(5) for number in range(200))
    assert [message.seq for message in told] == list(range(1, len(told) + 1))


def test_an_operation_publishes_from_its_thread(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")
    sensors.start("pour")

    sensors.clock.advance(10.0)
    sensors.end("pour")
    sensors.clock.advance(1.0)

    arrived = columns(told, "number")
    assert arrived == list(range(len(arrived)))
    assert len(arrived) == pytest.approx(1000, abs=2)


def test_an_error_reaches_the_operation_that_publishes(sensors: RunningDevice) -> None:
    sensors.object.act = lambda device: device.plain.publish(wrong=None)

    session = sensors.run("publish")

    assert session.failure is not None
    assert session.failure.code is ErrorCode.NOT_SERIALISABLE


def test_bulk_columns_are_the_very_bytes(sensors: RunningDevice) -> None:
    view, blocks = sensors.messages("fast"), sensors.messages("fast", blocks=True)
    times = np.array([10.0, 10.5, 11.0])
    counts = np.array([1, 2**40, 3])
    noise = np.array([0.1, np.nan, np.inf], dtype=">f4")

    sensors.object.fast.publish_columns(times, {"counts": counts, "noise": noise, "names": ["a", "b", "c"]})
    sensors.clock.settle()

    encoded = blocks[0].message
    assert encoded["data"]["counts"] == {"dtype": "<i8", "shape": [3], "data": counts.tobytes()}
    assert encoded["data"]["noise"]["dtype"] == "<f4"
    assert encoded["data"]["noise"]["data"] == noise.astype("<f4").tobytes()
    assert encoded["data"]["names"] == ["a", "b", "c"]
    np.testing.assert_array_equal(blocks[0].samples[0].data["counts"], counts)
    assert view[0].samples[0].data["counts"] == [3]


def test_bulk_columns_may_have_more_dimensions(sensors: RunningDevice) -> None:
    blocks = sensors.messages("fast", blocks=True)
    image = np.arange(12, dtype=np.uint16).reshape(2, 3, 2)

    sensors.object.fast.publish_columns([1.0, 2.0], {"image": image})
    sensors.clock.settle()

    np.testing.assert_array_equal(blocks[0].samples[0].data["image"], image)


def test_a_bulk_feed_shows_two_samples_a_second_to_everyone(sensors: RunningDevice) -> None:
    view, blocks = sensors.messages("fast"), sensors.messages("fast", blocks=True)

    for number in range(40):
        sensors.object.fast.publish_columns([float(number)], {"a": [number]})
        sensors.clock.advance(0.1)

    assert len(blocks) == 40
    assert len(view) == 8


def test_a_bulk_feed_takes_single_samples_too(sensors: RunningDevice) -> None:
    blocks = sensors.messages("fast", blocks=True)

    for number in range(3):
        sensors.object.fast.publish(a=number)
    sensors.clock.advance(0.5)

    assert blocks[0].samples[0].data["a"].tolist() == [0, 1, 2]


def test_a_bulk_block_keeps_its_fields(sensors: RunningDevice) -> None:
    sensors.object.fast.publish_columns([1.0], {"a": [1]})

    with pytest.raises(ParameterError, match="new: b"):
        sensors.object.fast.publish_columns([1.0], {"b": [1]})


@pytest.mark.parametrize(
    ("feed", "data"),
    [
        ("plain", {"a": np.arange(200_000)}),
        ("plain", {"a": ["x" * 5000] * 1000}),
        ("plain", {"a": ["\u20ac" * 5000] * 1000}),
        ("fast", {"a": np.arange(400_000)}),
        ("fast", {"a": np.zeros((50, 100_000), dtype=np.uint8)}),
        ("fast", {"a": ["x" * 5000] * 1000}),
    ],
)
def test_what_is_larger_than_a_megabyte_is_cut(sensors: RunningDevice, feed: str, data: dict[str, Any]) -> None:
    router = sensors.site.router
    told = sensors.messages(feed, blocks=feed == "fast")
    times = np.arange(len(data["a"]), dtype=float)
    router.largest_message = 0

    getattr(sensors.object, feed).publish_columns(times, data)
    sensors.clock.settle()

    arrived = [moment for message in told for samples in message.samples for moment in samples.timestamps]
    assert arrived == times.tolist()
    assert len(told) > 1
    assert router.largest_message < 1_100_000


def test_a_message_of_any_form_goes_out_on_a_feed_that_is_not_recorded(sensors: RunningDevice) -> None:
    told = sensors.messages("notes")

    sensors.object.notes.publish_message({"what": ["door", np.int8(1), float("inf")]})
    sensors.clock.settle()

    assert told[0].message == {"what": ["door", 1, None]}


def test_a_recorded_feed_takes_samples_only(plain: FeedRuntime) -> None:
    with pytest.raises(ParameterError, match="publish samples, or declare record=False"):
        plain.publish_message("hello")


def test_a_message_of_more_than_a_megabyte_is_refused(sensors: RunningDevice) -> None:
    with pytest.raises(OcsError, match="larger than 1 MB") as caught:
        sensors.object.notes.publish_message("x" * 1_100_000)

    assert caught.value.code is ErrorCode.TOO_LARGE


def test_what_is_published_while_the_router_is_away_is_counted(sensors: RunningDevice) -> None:
    sensors.site.router.stop()
    sensors.clock.settle()

    sensors.object.plain.publish(a=1.0)
    sensors.clock.settle()

    assert sensors.object.plain.dropped == 1


def test_each_message_tells_where_it_comes_from(sensors: RunningDevice) -> None:
    told = sensors.messages("slow")
    for _ in range(2):
        sensors.object.slow.publish(number=1)
        sensors.object.slow.flush()
    sensors.clock.settle()

    first, second = told
    assert first.info["agent_address"] == "observatory.device-1"
    assert first.info["agg_params"] == {"frame_length": 60}
    assert (first.seq, second.seq) == (1, 2)
    assert first.epoch == sensors.interface.identity.epoch
