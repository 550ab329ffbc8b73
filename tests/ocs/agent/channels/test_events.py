"""The kinds of event of a channel: when each goes out, with which number, and what to configure for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ocs.agent import Channel, Device, Quality, Sample
from ocs.model.event import EventKind
from tests.ocs.agent.panel import Panel

PanelOf = Callable[..., Panel]


class Gauge(Device):
    """A gauge that reads what the test says."""

    next_value: Any = 0.0
    late_s = 0.0

    level = Channel(float, unit="V", period_s=1.0, abs_change=1.0)
    relative = Channel(float, unit="V", period_s=1.0, rel_change=10.0)
    archived = Channel(float, unit="V", period_s=0.05, archive_abs_change=1.0, archive_period_s=0.4)
    limited = Channel(float, unit="V", period_s=1.0, max_warning=9, max_alarm=11)
    bare = Channel(float, unit="V", period_s=1.0)
    unpolled = Channel(float, unit="V")
    word = Channel(str)
    filtered = Channel(float, unit="V", pushes=("change", "archive", "alarm"), abs_change=1.0)
    unfiltered = Channel(float, unit="V", pushes=("change",), abs_change=1.0, detect=False)
    only = Channel(float, unit="V", access="w", abs_change=1.0, max_alarm=5)
    trace = Channel(float, unit="V", max_x=8, abs_change=1.0)

    def _next(self) -> Any:
        if isinstance(self.next_value, BaseException):
            raise self.next_value
        return self.next_value

    @level.read
    def read_level(self) -> Any:
        if self.late_s:
            self.hosted().timing.sleep(self.late_s)
        return self._next()

    @relative.read
    def read_relative(self) -> Any:
        return self._next()

    @archived.read
    def read_archived(self) -> Any:
        return self._next()

    @limited.read
    def read_limited(self) -> Any:
        return self._next()

    @bare.read
    def read_bare(self) -> Any:
        return self._next()

    @unpolled.read
    def read_unpolled(self) -> Any:
        return self._next()


@pytest.fixture
def gauge(panel_of: PanelOf) -> Panel:
    gauge = panel_of(Gauge, "gauge")
    gauge.clock.advance(0.5)  # between two polls
    return gauge


def polled(gauge: Panel, values: Sequence[Any]) -> None:
    """Have each value read by one poll."""
    for value in values:
        gauge.device.next_value = value
        gauge.clock.advance(1.0)


def of(events: Sequence[Any], key: str = "value") -> list[Any]:
    return [event[key] for event in events]


# -- change ------------------------------------------------------------------------------------------


def test_changes_count_from_the_last_event_and_the_threshold_is_included(gauge: Panel) -> None:
    events = gauge.events("level")

    polled(gauge, [0.0, 0.5, 1.0, 1.5, 2.6, 1.6, 1.5])

    assert of(events) == [1.0, 2.6, 1.6]
    assert of(events, "reason") == ["value"] * 3


def test_changes_in_per_cent_count_from_the_last_value_sent(gauge: Panel) -> None:
    events = gauge.events("relative")

    polled(gauge, [10.0, 10.9, 11.0, 12.0, 12.2, 0.0, 0.001])

    assert of(events) == [10.0, 11.0, 12.2, 0.0, 0.001]


def test_failing_is_told_once_failing_otherwise_once_more_and_recovery_once(gauge: Panel) -> None:
    events = gauge.events("level")

    polled(gauge, [5.0, OSError("a"), OSError("a"), OSError("a"), OSError("b"), OSError("b"), 5.0, 5.0])

    assert of(events, "reason") == ["value", "failing", "failing", "recovered"]
    assert "OSError: a" in events[1]["error"]["message"]
    assert "OSError: b" in events[2]["error"]["message"]
    assert (events[3]["value"], "error" in events[3]) == (5.0, False)


def test_a_quality_that_changes_is_told_without_any_change_of_value(gauge: Panel) -> None:
    events = gauge.events("level")

    polled(gauge, [Sample(0.0, quality=Quality.CHANGING), Sample(0.0, quality=Quality.CHANGING), 0.0])

    assert [(event["quality"], event["reason"]) for event in events] == [("CHANGING", "quality"), ("VALID", "quality")]


def test_a_size_that_changes_is_told(gauge: Panel) -> None:
    events = gauge.events("trace")

    for values in ([1.0, 1.0], [1.0, 1.5], [1.0, 1.0, 1.0], [1.0, 1.0, 2.0]):
        gauge.device.trace.set(values)
    gauge.clock.settle()

    assert [(event["reason"], event["dims"]) for event in events] == [
        ("first", [2, 0]), ("size", [3, 0]), ("value", [3, 0]),
    ]  # fmt: skip
    assert events[0]["value"]["dtype"] == "<f8"


def test_events_have_a_number_and_the_start_of_the_agent(gauge: Panel) -> None:
    events = gauge.events("level")

    polled(gauge, [1.0, 2.0, 3.0])

    first = events[0]["seq"]
    assert of(events, "seq") == [first, first + 1, first + 2]
    assert set(of(events, "epoch")) == {gauge.site.agents[0].epoch}


def test_a_channel_that_code_feeds_tells_each_difference_when_it_has_no_threshold(gauge: Panel) -> None:
    events = gauge.events("word")

    for word in ("on", "on", "off", "off", "on"):
        gauge.device.word.set(word)
    gauge.clock.settle()

    assert of(events) == ["on", "off", "on"]


def test_new_thresholds_count_from_the_last_event_too(gauge: Panel) -> None:
    events = gauge.events("level")
    polled(gauge, [1.0])
    gauge.config("set", "level", {"abs_change": 5.0})
    polled(gauge, [5.0, 6.0])

    assert of(events) == [1.0, 6.0]


def test_a_configuration_that_leaves_the_thresholds_sends_nothing(gauge: Panel) -> None:
    events = gauge.events("level")
    polled(gauge, [1.0])
    gauge.config("set", "level", {"label": "Level"})
    polled(gauge, [1.0, 1.5])

    assert of(events) == [1.0]


# -- periodic and archive ----------------------------------------------------------------------------


def test_periodic_events_have_the_period_of_their_configuration(gauge: Panel) -> None:
    events = gauge.events("bare", EventKind.PERIODIC)
    began = gauge.clock.wall()
    gauge.clock.advance(3.0)
    gauge.config("set", "bare", {"event_period_s": 2.0})
    gauge.clock.advance(6.0)

    times = [round(event["time"] - began, 2) for event in events]
    assert times == [0.5, 1.5, 2.5, 3.5, 5.5, 7.5]
    assert set(of(events, "reason")) == {"period"}


def test_a_reading_that_comes_late_does_not_cost_the_next_periodic_event(gauge: Panel) -> None:
    events = gauge.events("level", EventKind.PERIODIC)

    for late_s in (0.2, 0.0, 0.2, 0.0):
        gauge.device.late_s = late_s
        gauge.clock.advance(1.0)

    assert len(events) == 4


def test_readings_between_two_polls_make_no_periodic_event_before_its_time(gauge: Panel) -> None:
    gauge.config("set", "bare", {"poll_period_s": 100.0, "event_period_s": 10.0})
    events = gauge.events("bare", EventKind.PERIODIC)
    began = gauge.clock.wall()
    for _ in range(30):
        gauge.clock.advance(1.0)
        gauge.value("bare", source="device")

    assert [round(event["time"] - began) for event in events] == [10, 20, 30]


def test_an_archive_gets_a_value_each_period_and_each_step_at_once(gauge: Panel) -> None:
    events = gauge.events("archived", EventKind.ARCHIVE)
    gauge.clock.advance(1.0)
    quiet = len(events)
    gauge.device.next_value = 3.0
    gauge.clock.advance(0.1)
    step = events[-1]
    gauge.clock.advance(0.25)
    before = len(events)
    gauge.clock.advance(0.2)

    assert quiet in {2, 3}
    assert set(of(events[:quiet], "reason")) == {"period"}
    assert (step["value"], step["reason"]) == (3.0, "value")
    assert (before, len(events)) == (quiet + 1, quiet + 2)


# -- alarm -------------------------------------------------------------------------------------------


def test_an_alarm_event_tells_that_a_value_enters_or_leaves_alarm_or_warning(gauge: Panel) -> None:
    events = gauge.events("limited", EventKind.ALARM)

    polled(gauge, [5.0, 6.0, 9.0, 9.5, 11.0, 5.0])

    assert [(event["value"], event["quality"]) for event in events] == [
        (9.0, "WARNING"), (11.0, "ALARM"), (5.0, "VALID"),
    ]  # fmt: skip


def test_a_read_that_fails_is_no_alarm_but_ends_one(gauge: Panel) -> None:
    events = gauge.events("limited", EventKind.ALARM)

    polled(gauge, [5.0, OSError("gone"), 5.0, 12.0, OSError("gone"), 5.0])

    assert of(events, "quality") == ["ALARM", "INVALID"]


def test_a_first_reading_beyond_the_limits_is_an_alarm(panel_of: PanelOf) -> None:
    class Hot(Gauge):
        """Hot from the start."""

        next_value = 12.0

        def setup(self) -> None:
            self.hosted().timing.sleep(1.0)

    hot = panel_of(Hot, "gauge")
    events = hot.events("limited", EventKind.ALARM)
    hot.clock.advance(2.0)

    assert of(events, "quality") == ["ALARM"]


def test_new_limits_are_told_as_an_alarm_at_once(gauge: Panel) -> None:
    polled(gauge, [8.0])
    events = gauge.events("limited", EventKind.ALARM)

    gauge.config("set", "limited", {"max_warning": 7.0})
    gauge.clock.settle()

    assert of(events, "quality") == ["WARNING"]


# -- pushed ------------------------------------------------------------------------------------------


def test_what_code_pushes_passes_the_thresholds(gauge: Panel) -> None:
    events = gauge.events("filtered")

    for value in (1.3, 3.0, 3.1, 5.0):
        gauge.device.filtered.set(value)
        gauge.device.filtered.push("change")
    gauge.clock.settle()

    assert of(events) == [1.3, 3.0, 5.0]


def test_what_code_pushes_without_detection_all_goes_out(gauge: Panel) -> None:
    events = gauge.events("unfiltered")

    for value in (1.0, 1.0, 1.2):
        gauge.device.unfiltered.set(value)
        gauge.device.unfiltered.push("change")
    gauge.clock.settle()

    assert of(events) == [1.0, 1.0, 1.2]
    assert set(of(events, "reason")) == {"pushed"}


def test_a_kind_that_code_pushes_is_not_sent_by_itself(gauge: Panel) -> None:
    change, alarm = gauge.events("filtered"), gauge.events("filtered", EventKind.ALARM)

    gauge.device.filtered.set(7.0)
    gauge.clock.settle()
    gauge.device.filtered.push("alarm")
    gauge.clock.settle()

    assert (of(change), of(alarm)) == ([], [7.0])


# -- sources -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "sourced"),
    [
        ("level", {"change", "periodic", "config"}),
        ("archived", {"archive", "periodic", "config"}),
        ("limited", {"alarm", "periodic", "config"}),
        ("bare", {"periodic", "config"}),
        ("unpolled", {"config"}),
        ("word", {"change", "archive", "config"}),
        ("filtered", {"change", "archive", "alarm", "config"}),
        ("only", {"config"}),
        ("State", {"config"}),
    ],
)
def test_a_channel_says_which_kinds_have_a_source(gauge: Panel, channel: str, sourced: set[str]) -> None:
    told = gauge.config("get", channel)[channel]["events"]

    assert {kind for kind, why in told.items() if not why} == sourced
    assert set(told) == {kind.value for kind in EventKind}
    interface = gauge.query("describe")["channels"][channel]
    assert set(interface["events"]) == sourced


@pytest.mark.parametrize(
    ("channel", "kind", "words"),
    [
        ("bare", "change", "bare has no threshold; set abs_change or rel_change"),
        ("bare", "archive", "set archive_abs_change, archive_rel_change or archive_period_s"),
        ("bare", "alarm", "bare has no limits; set max_alarm"),
        ("unpolled", "change", "unpolled is not polled; set poll_period_s"),
        ("unpolled", "periodic", "unpolled is not polled; set poll_period_s"),
        ("level", "user", "only when its device's code does"),
        ("only", "change", "only is never read"),
    ],
)
def test_a_kind_without_source_says_what_to_configure(gauge: Panel, channel: str, kind: str, words: str) -> None:
    assert words in gauge.config("get", channel)[channel]["events"][kind]


def test_a_kind_without_source_is_never_published(gauge: Panel) -> None:
    told = [gauge.events("bare", kind) for kind in EventKind if kind is not EventKind.PERIODIC]

    polled(gauge, [0.0, 100.0, OSError("gone"), 0.0])

    assert told == [[]] * len(told)


def test_a_source_that_is_configured_later_sends_from_then_on(gauge: Panel) -> None:
    events = gauge.events("bare")
    polled(gauge, [1.0, 5.0])
    gauge.config("set", "bare", {"abs_change": 1.0})
    polled(gauge, [5.0, 6.0])

    assert of(events, "reason") == ["first", "value"]
