from __future__ import annotations

from ocs.model.archive_policy import read_policy
from ocs.model.channel import Access, ChannelInterface
from ocs.model.datatype import DataType
from ocs.model.event import EventKind
from ocs.model.feed import FeedInterface
from ocs.model.interface import DeviceInterface, Identity
from ocs.model.series import SeriesKey
from ocs.model.valuetype import ValueType
from ocs.services.archiver.policy.pauses import Pauses
from ocs.services.archiver.policy.previewing import ANY_FIELD, Preview, archived_fields, preview
from ocs.wire.interface_parts import decode_config

IDENTITY = Identity("thermo-1", "observatory", "test_realm", "Thermo", "", "", "Thermo/thermo-1", "lab", 1, 2)
FAST = SeriesKey("thermo-1", "fast", "fast")


def channel(name: str, unit: str = "K", feed: str = "", *events: EventKind) -> ChannelInterface:
    kind = ValueType(DataType.FLOAT64)
    return ChannelInterface(name, kind, Access.READ, decode_config(name, {"unit": unit}), feed=feed, events=events)


def device(feeds: list[FeedInterface], *channels: ChannelInterface) -> DeviceInterface:
    return DeviceInterface(
        IDENTITY, {}, {feed.name: feed for feed in feeds}, {channel.name: channel for channel in channels}
    )


def test_the_channels_of_a_recorded_feed_are_its_fields() -> None:
    thermo = device([FeedInterface("fast")], channel("temperature", "K", "fast"), channel("power", "W"))

    assert archived_fields(thermo, {}) == [(FAST, "temperature", "K")]


def test_a_feed_that_nobody_has_seen_yet_has_any_fields() -> None:
    assert archived_fields(device([FeedInterface("fast")]), {}) == [(FAST, ANY_FIELD, "")]


def test_the_archive_knows_the_fields_that_code_publishes() -> None:
    left, right = SeriesKey("thermo-1", "fast", "left"), SeriesKey("thermo-1", "fast", "right")
    known = {left: {"x": "m"}, right: {"y": ""}, SeriesKey("oven", "fast", "left"): {"z": ""}}

    assert archived_fields(device([FeedInterface("fast")]), known) == [(left, "x", "m"), (right, "y", "")]


def test_what_is_not_recorded_is_left_out() -> None:
    feeds = [FeedInterface("live", record=False), FeedInterface("own", agg_params={"exclude_aggregator": True})]

    assert archived_fields(device(feeds, channel("a", "K", "live")), {}) == []


def test_channels_with_archive_events_and_the_state_are_archived_by_themselves() -> None:
    thermo = device(
        [], channel("a", "K", "", EventKind.ARCHIVE), channel("b", "K", "", EventKind.CHANGE), channel("State", "")
    )

    fields = [(str(series), name, unit) for series, name, unit in archived_fields(thermo, {})]
    assert fields == [("thermo-1._channels.State", "State", ""), ("thermo-1._channels.a", "a", "K")]


def test_each_field_is_told_with_the_rule_that_decides_and_what_it_says() -> None:
    policy = read_policy([{"match": "*.b", "archive": False}, {"match": "thermo-1", "dead_band": 0.5, "keep_days": 9}])
    pauses = Pauses().begun("*.c", "noisy", 0).begun("*.d", "", 0)

    told = preview(policy, pauses, [(FAST, name, "K") for name in "abcd"])

    assert told[0] == Preview("thermo-1", "fast", "fast", "a", "K", 2, True, 0.5, None, 9.0, None, None)
    assert [(each.rule, each.archive, each.paused) for each in told[1:]] == [
        (1, False, None), (2, True, "noisy"), (2, True, "paused"),
    ]  # fmt: skip


def test_without_rules_all_is_archived_by_none() -> None:
    (told,) = preview(read_policy([]), Pauses(), [(FAST, "a", "")])

    assert (told.rule, told.archive, told.keep_days) == (0, True, None)
