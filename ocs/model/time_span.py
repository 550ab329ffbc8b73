"""Instants and spans as people write them: `-1h`, `today`, an ISO 8601 text, POSIX seconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from ocs.model.errors import ParameterError

NS_PER_S = 1_000_000_000
LONG_NS = 10 * NS_PER_S
"""The ends of a span of this length or more are told to the second."""

LEAST_NS = 10**17
"""A whole number of at least this is no POSIX seconds but ns: as such it is in March 1973."""

DAY_NS = 86_400 * NS_PER_S
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
"""Seconds in each unit of a duration."""

_PIECE = r"\d{1,15}(?:\.\d*)?(?:ms|min|[smhdw])"
_DURATION = re.compile(rf"(?:{_PIECE})+")
_PIECES = re.compile(r"(\d{1,15}(?:\.\d*)?)(ms|min|[smhdw])")
_RELATIVE = re.compile(rf"(now|today|yesterday)?(?:([+-])((?:{_PIECE})+))?")
_POSIX = re.compile(r"-?(\d{9,20}(\.\d*)?|\d{1,20}\.\d*)")
_FRACTION = re.compile(r"(:\d\d)[.,](\d+)")

Moment = str | float | date | np.datetime64
"""What stands for an instant."""


def read_time(given: Moment, now: int) -> int:
    """Return an instant in ns since 1970 UTC.

    Args:
        given: `now`, `today` (its midnight, UTC), `yesterday`, a duration before or after now such as `-90s`, `-1h30m`
            or `-2d`, both together (`today+6h`), an ISO 8601 text (UTC unless it names its zone), POSIX seconds, a
            datetime, or a whole number of ns since 1970, which is told from seconds by its size.
        now: The present, ns.

    Raises:
        ParameterError: It is nothing of that kind, or more than 290 years from 1970.
    """
    moment = _text(given.strip(), now) if isinstance(given, str) else _object(given)
    if moment is None:
        raise ParameterError(
            f"{given!r} is no time; write -1h, -90s, -2d, now, today, today+18h, 2026-03-01T12:00 (UTC), or POSIX "
            "seconds", field="time", given=str(given),
        )  # fmt: skip
    if not -(2**63) < moment < 2**63:
        raise ParameterError(
            f"{given!r} is too far from 1970; a number is taken as POSIX seconds, as time.time() gives them",
            field="time", given=str(given),
        )  # fmt: skip
    return moment


def read_span(start: Moment, end: Moment, now: int) -> tuple[int, int]:
    """Return a span of time in ns since 1970 UTC; its end is no part of it.

    Raises:
        ParameterError: One of the two is no time, or the start lies behind the end.
    """
    first, last = read_time(start, now), read_time(end, now)
    if first > last:
        raise ParameterError(
            f"the span from {start} to {end} ends {_length(first - last)} before it starts; exchange the two, or note "
            "that a duration such as -1h counts from now",
            field="start", given=str(start),
        )  # fmt: skip
    return first, last


def read_duration(text: str) -> float:
    """Return a duration such as `90s`, `1h30m` or `30d` in s.

    Raises:
        ParameterError: It is none.
    """
    told = text.strip()
    if not _DURATION.fullmatch(told):
        raise ParameterError(
            f"{text!r} is no duration; write a number and its unit: {', '.join(UNITS_S)}", field="duration", given=text
        )
    return _duration(told) / NS_PER_S


def iso_time(moment: int) -> str:
    """Return ns since 1970 as an ISO 8601 text in UTC with no more digits than it needs, for people."""
    seconds, rest = divmod(moment, NS_PER_S)
    told = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return told + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"


def span_text(start: int, end: int) -> str:
    """Return a span between two instants (ns since 1970) for people, exact where it is short."""
    unit = NS_PER_S if end - start >= LONG_NS else 1
    first, last = (iso_time(moment // unit * unit) for moment in (start, end))
    return f"from {first} to {last}"


def _text(text: str, now: int) -> int | None:
    relative = _RELATIVE.fullmatch(text.lower())
    if text and relative:
        day, sign, length = relative.groups()
        moment = now if day in {None, "now"} else now - now % DAY_NS - (DAY_NS if day == "yesterday" else 0)
        return moment + (0 if length is None else _duration(length) * (-1 if sign == "-" else 1))
    if _POSIX.fullmatch(text):
        return _exact(text)
    fraction = _FRACTION.search(text)
    try:
        moment = _datetime(datetime.fromisoformat(_FRACTION.sub(r"\1", text)))
    except ValueError:
        return None
    return moment + (int(fraction[2][:9].ljust(9, "0")) if fraction else 0)


def _object(given: object) -> int | None:
    if isinstance(given, np.datetime64):
        return None if np.isnat(given) else int(given.astype("datetime64[ns]").astype(np.int64))
    if isinstance(given, datetime):
        return _datetime(given)
    if isinstance(given, date):
        return _datetime(datetime.combine(given, time()))
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        whole = int(given)
        return whole if abs(whole) >= LEAST_NS else whole * NS_PER_S
    if isinstance(given, (float, np.floating)) and math.isfinite(given):
        seconds = math.floor(given)
        return seconds * NS_PER_S + round((float(given) - seconds) * NS_PER_S)
    return None


def _datetime(given: datetime) -> int:
    zoned = given if given.tzinfo is not None else given.replace(tzinfo=UTC)
    past = zoned - EPOCH
    whole = past.days * DAY_NS + past.seconds * NS_PER_S + past.microseconds * 1000
    return whole + int(getattr(given, "nanosecond", 0))


def _exact(text: str) -> int:
    whole, _, fraction = text.lstrip("-").partition(".")
    moment = int(whole) * NS_PER_S + int(fraction[:9].ljust(9, "0"))
    return -moment if text.startswith("-") else moment


def _duration(text: str) -> int:
    return sum(round(float(number) * UNITS_S[unit] * NS_PER_S) for number, unit in _PIECES.findall(text))


def _length(span: int) -> str:
    seconds = span / NS_PER_S
    unit = next((unit for unit in ("d", "h", "min") if seconds >= UNITS_S[unit]), "s")
    return f"{seconds / UNITS_S[unit]:.3g} {unit}"
