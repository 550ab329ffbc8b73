from __future__ import annotations

import math

import pytest

from ocs.model.health import Cause, HealthLevel
from ocs.model.health_rules import (
    HANG_S,
    failing_cause,
    figure_cause,
    hang_cause,
    heartbeat_cause,
    link_cause,
    quality_cause,
    session_cause,
    stale_cause,
    state_cause,
)
from ocs.model.quality import Quality
from ocs.model.tango_state import TangoState

OK, DEGRADED, BAD, LOST = HealthLevel.OK, HealthLevel.DEGRADED, HealthLevel.BAD, HealthLevel.LOST


def test_an_open_link_is_no_cause() -> None:
    assert link_cause(is_open=True, reason="", since=90.0, now=100.0) is None


def test_a_lost_link_is_bad_and_says_why_and_what_to_do() -> None:
    assert link_cause(is_open=False, reason="port is gone.", since=59.0, now=100.0) == Cause(
        BAD, "link", 59.0, "no link for 41 s (port is gone); check power and cable, it is opened again by itself"
    )


@pytest.mark.parametrize(("age_s", "limit_s"), [(3.0, 3.0), (0.0, 3.0), (None, 3.0), (9.0, None), (math.nan, 3.0)])
def test_a_reading_is_fresh_up_to_its_limit(age_s: float | None, limit_s: float | None) -> None:
    assert stale_cause("flow", age_s, limit_s, 100.0) is None


def test_a_stale_reading_is_degraded_since_it_passed_the_limit() -> None:
    cause = stale_cause("flow", 12.0, 3.0, 100.0)

    assert cause is not None
    assert (cause.level, cause.source, cause.since) == (DEGRADED, "channel flow", 91.0)
    assert cause.sentence.startswith("the last good reading is 12 s old, it should be at most 3 s; ")


@pytest.mark.parametrize(
    ("quality", "level"),
    [
        (Quality.VALID, None),
        (Quality.CHANGING, None),
        (Quality.WARNING, DEGRADED),
        (Quality.INVALID, DEGRADED),
        (Quality.ALARM, BAD),
    ],
)
def test_each_quality_has_its_level(quality: Quality, level: HealthLevel | None) -> None:
    cause = quality_cause("flow", quality, "", 90.0)

    assert (cause and cause.level) == level
    assert cause is None or quality.value in cause.sentence


def test_a_value_beyond_its_limits_says_which() -> None:
    cause = quality_cause("t", Quality.ALARM, "t is 381 K, at or above its max_alarm 380 K", 90.0)

    assert cause is not None
    assert cause.sentence == "t is 381 K, at or above its max_alarm 380 K; bring it back within its limits"


def test_a_channel_that_cannot_be_read_is_bad() -> None:
    cause = failing_cause("flow", "no answer within 2 s.\n", 90.0)

    assert failing_cause("flow", "", 90.0) is None
    assert cause is not None
    assert (cause.level, cause.source, cause.since) == (BAD, "channel flow", 90.0)
    assert cause.sentence.startswith("cannot be read: no answer within 2 s; ")


@pytest.mark.parametrize("tango", list(TangoState))
def test_each_state_has_its_level(tango: TangoState) -> None:
    bad, degraded = {TangoState.FAULT}, {TangoState.ALARM, TangoState.UNKNOWN, TangoState.INIT}
    expected = BAD if tango in bad else DEGRADED if tango in degraded else None

    cause = state_cause(tango, "door open\nlamp off", 90.0)

    assert (cause and cause.level) == expected
    assert cause is None or cause.sentence.startswith(f"the device is in {tango.name} (door open lamp off); ")


def test_a_run_that_goes_well_is_no_cause() -> None:
    assert session_cause("acq", since=90.0, message="fine") is None


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        ({"stuck": "driver.read", "failed": True}, BAD, "stuck in driver.read;"),
        ({"failed": True, "degraded": True, "message": "no ice."}, DEGRADED, "the last run failed (no ice);"),
        ({"degraded": True}, DEGRADED, "not as it should;"),
    ],
)
def test_a_run_tells_the_worst_of_its_facts(facts: dict[str, str], level: HealthLevel, words: str) -> None:
    cause = session_cause("acq", since=90.0, **facts)  # type: ignore[arg-type]

    assert cause is not None
    assert (cause.level, cause.source, cause.since) == (level, "session acq", 90.0)
    assert words in cause.sentence


def test_a_handler_hangs_from_its_limit_on() -> None:
    assert hang_cause("temperature.read", None, 100.0) is None
    assert hang_cause("temperature.read", 100.0 - HANG_S + 0.1, 100.0) is None

    cause = hang_cause("temperature.read", 100.0 - HANG_S, 100.0)

    assert cause is not None
    assert (cause.level, cause.source, cause.since) == (BAD, "channel thread", 100.0 - HANG_S)
    assert cause.sentence.startswith("stuck in temperature.read for 10 s")


@pytest.mark.parametrize(
    ("value", "level"), [(0.4, None), (0.5, DEGRADED), (1.9, DEGRADED), (2.0, BAD), (math.inf, BAD), (math.nan, None)]
)
def test_a_figure_counts_from_its_bounds_on(value: float, level: HealthLevel | None) -> None:
    cause = figure_cause("loop_lag", value, warn=0.5, bad=2.0, unit="s", since=90.0, advice="look at the tasks")

    assert (cause and cause.level) == level


def test_a_figure_without_bounds_is_no_cause() -> None:
    assert figure_cause("threads", 1e9, warn=None, bad=None, unit="", since=90.0, advice="") is None


def test_a_figure_says_its_bound_and_the_advice() -> None:
    cause = figure_cause("threads", 300, warn=200, bad=None, unit="", since=90.0, advice="restart the agent")

    assert cause == Cause(
        DEGRADED, "process threads", 90.0, "threads is 300, it should be below 200; restart the agent"
    )


def test_an_agent_without_heartbeat_is_lost_from_the_limit_on() -> None:
    assert heartbeat_cause(4.9, 5.0, 100.0) is None

    cause = heartbeat_cause(5.0, 5.0, 100.0)

    assert cause is not None
    assert (cause.level, cause.source, cause.since) == (LOST, "heartbeat", 95.0)
    assert cause.sentence.startswith("no heartbeat for 5.0 s, the limit is 5 s")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1, "0.0 s"),
        (4.24, "4.2 s"),
        (9.96, "10 s"),
        (599, "599 s"),
        (600, "10 min"),
        (35999, "600 min"),
        (36000, "10 h"),
    ],
)
def test_times_are_told_for_people(seconds: float, told: str) -> None:
    cause = link_cause(is_open=False, reason="", since=0.0, now=seconds)

    assert cause is not None
    assert cause.sentence.startswith(f"no link for {told};")
