"""What makes a device unwell: one rule for each kind of fact, each gives a cause or None.

Each sentence says what is wrong and then what an operator should do. LOST is for heartbeats alone, so that a
silent agent is told apart from an unplugged instrument.
"""

from __future__ import annotations

from ocs.model.health import Cause, HealthLevel
from ocs.model.quality import Quality
from ocs.model.tango_state import TangoState

HANG_S = 10.0
"""Seconds after which a handler that has not returned is said to hang."""

_SHORT_S, _MINUTES_FROM_S, _HOURS_FROM_S = 9.95, 600.0, 36_000.0

_QUALITY = {
    Quality.WARNING: HealthLevel.DEGRADED,
    Quality.INVALID: HealthLevel.DEGRADED,
    Quality.ALARM: HealthLevel.BAD,
}

_STATE = {
    TangoState.FAULT: (HealthLevel.BAD, "repair what it names, then ask for Init"),
    TangoState.ALARM: (HealthLevel.DEGRADED, "look at the channels that it names"),
    TangoState.UNKNOWN: (HealthLevel.DEGRADED, "look at the instrument itself, then ask for Init"),
    TangoState.INIT: (HealthLevel.DEGRADED, "wait until it is set up; if it stays so, read the agent's log"),
}


def link_cause(*, is_open: bool, reason: str, since: float, now: float) -> Cause | None:
    """Say that the link to the instrument is gone.

    Args:
        is_open: Whether the link works.
        reason: Why it does not, in one sentence.
        since: When it was lost, POSIX s, UTC.
        now: POSIX s, UTC.
    """
    if is_open:
        return None
    told = f"no link for {_span(now - since)}{_because(reason)}; check power and cable, it is opened again by itself"
    return Cause(HealthLevel.BAD, "link", since, told)


def stale_cause(channel: str, age_s: float | None, limit_s: float | None, now: float) -> Cause | None:
    """Say that the last good reading of a channel is too old.

    Args:
        channel: Name of the channel.
        age_s: Age of its last good reading in s; None when there was none yet, which is never stale.
        limit_s: Its `stale_after_s`; up to and including it a reading is fresh. None: there is no limit.
        now: POSIX s, UTC.
    """
    if age_s is None or limit_s is None or not age_s > limit_s:
        return None
    told = (
        f"the last good reading is {_span(age_s)} old, it should be at most {limit_s:g} s; "
        "see whether the channel is polled and the link answers"
    )
    return Cause(HealthLevel.DEGRADED, f"channel {channel}", now - (age_s - limit_s), told)


def quality_cause(channel: str, quality: Quality, sentence: str, since: float) -> Cause | None:
    """Say that the value of a channel is beyond its limits, or is none.

    Args:
        channel: Name of the channel.
        quality: Quality of its last reading.
        sentence: Which limit was crossed by what.
        since: When the quality became so, POSIX s, UTC.
    """
    level = _QUALITY.get(quality)
    if level is None:
        return None
    if quality is Quality.INVALID:
        told = f"{_ended(sentence) or 'the reading is INVALID'}; do not use the value, look at the instrument"
    else:
        told = f"{_ended(sentence) or f'the reading is in {quality.value}'}; bring it back within its limits"
    return Cause(level, f"channel {channel}", since, told)


def failing_cause(channel: str, error_message: str, since: float) -> Cause | None:
    """Say that a channel cannot be read.

    Args:
        channel: Name of the channel.
        error_message: Why not; empty when it can be.
        since: When reading began to fail, POSIX s, UTC.
    """
    if not error_message:
        return None
    told = f"cannot be read: {_ended(error_message)}; see whether the instrument answers, then read it again"
    return Cause(HealthLevel.BAD, f"channel {channel}", since, told)


def state_cause(tango: TangoState, status: str, since: float) -> Cause | None:
    """Say that the device is in FAULT (bad), ALARM, UNKNOWN or INIT (degraded).

    Args:
        tango: The state that clients see.
        status: Text of Status.
        since: When the state was entered, POSIX s, UTC.
    """
    if tango not in _STATE:
        return None
    level, advice = _STATE[tango]
    return Cause(level, "state", since, f"the device is in {tango.name}{_because(status)}; {advice}")


def session_cause(
    op: str, *, since: float, stuck: str = "", degraded: bool = False, failed: bool = False, message: str = ""
) -> Cause | None:
    """Say that a run is stuck (bad), reports itself degraded, or has failed (degraded).

    Args:
        op: Name of the operation.
        since: When it became so, POSIX s, UTC.
        stuck: In what a run that was asked to end is stuck; empty when it is not.
        degraded: Whether the run says that it works, but not as it should.
        failed: Whether the last run failed.
        message: The run's last word on it.
    """
    source = f"session {op}"
    if stuck:
        told = f"the run does not end, it is stuck in {_ended(stuck)}; restart the agent if it stays so"
        return Cause(HealthLevel.BAD, source, since, told)
    if failed:
        told = f"the last run failed{_because(message)}; see to that, then start it again"
        return Cause(HealthLevel.DEGRADED, source, since, told)
    if degraded:
        told = f"the run goes on, but not as it should{_because(message)}; read its messages"
        return Cause(HealthLevel.DEGRADED, source, since, told)
    return None


def hang_cause(what: str, since: float | None, now: float, limit_s: float = HANG_S) -> Cause | None:
    """Say that a handler of the device does not return.

    Args:
        what: The handler, as in `temperature.read`.
        since: When it was called, POSIX s, UTC; None when none is at work.
        now: POSIX s, UTC.
        limit_s: How long it may take, in s.
    """
    if since is None or now - since < limit_s:
        return None
    told = (
        f"stuck in {what} for {_span(now - since)}, other channels of the device wait for it; "
        "check the instrument, restart the agent if it stays so"
    )
    return Cause(HealthLevel.BAD, "channel thread", since, told)


def figure_cause(
    name: str, value: float, *, warn: float | None, bad: float | None, unit: str, since: float, advice: str
) -> Cause | None:
    """Say that a figure of the process is too large.

    Args:
        name: Name of the figure, as in `loop_lag`.
        value: The figure, in `unit`; not a number counts for nothing.
        warn: From here on degraded; None: never.
        bad: From here on bad; None: never.
        unit: Symbol of the unit.
        since: When it became so, POSIX s, UTC.
        advice: What an operator should do.
    """
    for level, limit in ((HealthLevel.BAD, bad), (HealthLevel.DEGRADED, warn)):
        if limit is not None and value >= limit:
            told = f"{name} is {_figure(value, unit)}, it should be below {_figure(limit, unit)}; {advice}"
            return Cause(level, f"process {name}", since, told)
    return None


def heartbeat_cause(age_s: float, limit_s: float, now: float) -> Cause | None:
    """Say that an agent has not been heard of.

    Args:
        age_s: Time since its last heartbeat in s.
        limit_s: From here on it is lost.
        now: POSIX s, UTC.
    """
    if not age_s >= limit_s:
        return None
    told = (
        f"no heartbeat for {_span(age_s)}, the limit is {limit_s:g} s: the process is frozen or its host is gone; "
        "look at the host, then restart the agent"
    )
    return Cause(HealthLevel.LOST, "heartbeat", now - age_s, told)


def _span(seconds: float) -> str:
    """Return how long, for people: 4.2 s, 41 s, 12 min, 3 h."""
    if seconds < _SHORT_S:
        return f"{max(seconds, 0.0):.1f} s"
    if seconds < _MINUTES_FROM_S:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < _HOURS_FROM_S else f"{seconds / 3600:.0f} h"


def _figure(value: float, unit: str) -> str:
    return f"{value:g} {unit}".rstrip()


def _ended(sentence: str) -> str:
    """Return a text as the first half of a sentence: one line, without its full stop."""
    return " ".join(sentence.split()).rstrip(".;")


def _because(sentence: str) -> str:
    told = _ended(sentence)
    return f" ({told})" if told else ""
