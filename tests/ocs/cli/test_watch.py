"""What comes from the realm, as lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocs.cli.main import run
from ocs.cli.watch import Watcher
from ocs.client.events import FeedMessage, decode_feed_event
from tests.ocs.cli.conftest import Served, system_test

SESSION: dict[str, Any] = {
    "session_id": 1, "op_name": "acq", "status": "running", "start_time": 0.0, "messages": [], "data": {},
}  # fmt: skip


def watcher(feed: str = "", *, every_change: bool = False) -> Watcher:
    return Watcher(None, "", feed, every_change=every_change)  # type: ignore[arg-type] # it is not asked for anything


def texts(watching: Watcher) -> list[str]:
    return [" ".join(text.split()[1:]) for text, _ in watching.lines.taken()]


def sample(seq: int, value: float, *, epoch: int = 5) -> FeedMessage:
    block = {"block_name": "thermal", "timestamps": [0.0, 1.0], "data": {"kelvin": [0.0, value]}}
    info = {"record": True, "seq": seq, "epoch": epoch}
    return decode_feed_event("observatory.oven-1.feeds.thermal", [[{"thermal": block}, info]])


def heartbeat(**codes: int) -> FeedMessage:
    return decode_feed_event("observatory.oven-1.feeds.heartbeat", [[codes, {"record": False}]])


def test_the_newest_of_the_samples_is_shown() -> None:
    watching = watcher()

    watching.take_feed(sample(1, 4.25))

    assert texts(watching) == ["oven-1 thermal kelvin=4.25 (2 samples)"]


def test_missed_messages_are_counted() -> None:
    watching = watcher()
    watching.take_feed(sample(1, 1.0))
    watching.take_feed(sample(4, 2.0))

    assert texts(watching)[1].endswith("(2 missed)")


def test_a_restarted_agent_has_missed_nothing() -> None:
    watching = watcher()
    watching.take_feed(sample(7, 1.0))
    watching.take_feed(sample(20, 2.0, epoch=6))

    assert "missed" not in " ".join(texts(watching))


def test_a_heartbeat_shows_only_when_it_tells_something_new() -> None:
    watching = watcher()
    for code in (1, 1, 3, 3):
        watching.take_feed(heartbeat(acq=code))

    assert texts(watching) == ["oven-1 here nothing ran yet", "oven-1 here acq running"]


def test_each_heartbeat_shows_where_it_was_asked_for() -> None:
    watching = watcher("heartbeat")
    watching.take_feed(heartbeat(acq=3))
    watching.take_feed(heartbeat(acq=3))

    assert len(texts(watching)) == 2


def test_a_session_shows_when_more_than_its_data_changed() -> None:
    watching = watcher()
    for data in ({}, {"a": 1}, {"a": 2}):
        watching.take_session("observatory.oven-1.sessions.acq", [{**SESSION, "data": data}])
    watching.take_session("observatory.oven-1.sessions.acq", [{**SESSION, "status": "stopping"}])

    assert texts(watching) == ["oven-1.acq running", "oven-1.acq stopping"]


def test_programs_get_every_change_of_a_session() -> None:
    watching = watcher(every_change=True)
    for _ in range(3):
        watching.take_session("observatory.oven-1.sessions.acq", [SESSION])

    assert len(texts(watching)) == 3


@system_test
def test_a_feed_is_watched_as_lines_of_json(served: Served) -> None:
    served.ocs("start", "faker-1", "acq")
    lines = served.asked("watch", "faker-1", "false_temperatures", "--json", "--count", "2", "--for", "30").splitlines()
    served.ocs("stop", "faker-1", "acq")
    served.ocs("wait", "faker-1", "acq")

    first, second = (json.loads(line) for line in lines)
    assert first["kind"] == "feed"
    assert second["seq"] == first["seq"] + 1
    assert "channel_00" in json.dumps(first["message"])


@system_test
def test_heartbeats_and_sessions_are_watched(served: Served) -> None:
    told = served.asked("watch", "--for", "2.5")

    assert "faker-1 here" in told
    assert "registry.main" in told


@system_test
def test_too_few_messages_in_time_is_exit_code_8(served: Served) -> None:
    assert "0 of 1 came within 0.1 s" in served.ocs(
        "watch", "faker-1", "false_temperatures", "--count", "1", "--for", "0.1", expect=8
    )


@system_test
def test_events_of_a_channel_begin_with_how_it_is_now(served: Served) -> None:
    told = served.asked("watch", "psu-1", "--events", "voltage", "--json", "--count", "2", "--for", "30").splitlines()

    now, periodic = (json.loads(line) for line in told)
    assert (now["event"], now["value"], now["quality"]) == ("now", 0.0, "VALID")
    assert (periodic["channel"], periodic["event"]) == ("voltage", "periodic")


@system_test
def test_edges_of_the_state_and_changes_are_watched(served: Served) -> None:
    watching = served.begin("watch", "psu-1", "--events", "--count", "5", "--for", "30")
    assert watching.stdout is not None
    now = watching.stdout.readline() + watching.stdout.readline()
    served.asked("state", "psu-1", "switch_on", "--reason", "test")
    served.asked("write", "psu-1", "setpoint=3")
    told, _ = watching.communicate(timeout=60)
    served.asked("state", "psu-1", "switch_off")
    served.asked("write", "psu-1", "setpoint=0", "--wait", "20")

    assert "psu-1 state                  OFF, " in now
    assert "psu-1 health" in now
    edge, *changes = told.splitlines()
    assert "OFF -> ON by switch_on" in edge
    assert edge.endswith(": test")
    assert "psu-1.setpoint change        3.00 V" in changes[0]
    assert "psu-1.voltage change         3.000 V" in changes[1]


@system_test
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("psu-1", "--events", "broken"), 3, "psu-1.broken sends no events: broken is not polled; set poll_period_s"),
        (("psu-1", "--events", "voltag"), 6, "psu-1 has no channel voltag; did you mean voltage?"),
        (("psu-1", "voltage"), 6, "voltage is a channel: add --events"),
    ],
)
def test_what_cannot_be_watched_is_told(served: Served, words: tuple[str, ...], code: int, sentence: str) -> None:
    assert sentence in served.asked("watch", *words, expect=code)


@pytest.mark.parametrize(
    "words",
    [
        ("--sessions", "--events"),
        ("psu-1", "feed", "--sessions"),
        ("psu-1", "one", "two"),
        ("psu-1", "--kind", "alarm"),
    ],
)
def test_words_that_exclude_each_other_are_wrong_usage(words: tuple[str, ...]) -> None:
    assert run(["watch", *words]) == 2
