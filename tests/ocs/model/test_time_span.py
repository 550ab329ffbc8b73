from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import ParameterError
from ocs.model.time_span import NS_PER_S, iso_time, read_duration, read_span, read_time, span_text

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * NS_PER_S
HOUR = 3600 * NS_PER_S
instants = st.integers(-8_000_000_000 * NS_PER_S, 9_000_000_000 * NS_PER_S)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("now", 0),
        ("NOW", 0),
        ("today", -12),
        ("yesterday", -36),
        ("-1h", -1),
        ("-1h30m", -1.5),
        ("-90min", -1.5),
        ("-2d", -48),
        ("-1w", -168),
        ("+1h", 1),
        ("now-1h", -1),
        ("today+6h", -6),
        (" -0.5h ", -0.5),
        ("-1800s", -0.5),
        ("-1800000ms", -0.5),
    ],
)
def test_a_text_counts_from_now(text: str, hours: float) -> None:
    assert read_time(text, NOON) == NOON + hours * HOUR


@pytest.mark.parametrize(
    "same",
    [
        "2026-03-01T12:00",
        "2026-03-01 12:00:00",
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00+01:00",
        "2026-03-01T12:00:00.000000000Z",
        "20260301T120000",
        str(NOON // NS_PER_S),
        f"{NOON // NS_PER_S}.0",
        NOON // NS_PER_S,
        NOON / NS_PER_S,
        np.int64(NOON // NS_PER_S),
        np.float64(NOON / NS_PER_S),
        NOON,
        np.int64(NOON),
        np.datetime64("2026-03-01T12:00"),
        datetime(2026, 3, 1, 12),  # noqa: DTZ001 - UTC is what is tested
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_one_instant_has_many_forms(same: str | float | datetime | np.datetime64) -> None:
    assert read_time(same, 0) == NOON


def test_a_date_is_its_midnight_in_utc() -> None:
    assert read_time(date(2026, 3, 1), 0) == read_time("2026-03-01", 0) == read_time("20260301", 0) == NOON - 12 * HOUR


@pytest.mark.parametrize(
    "wrong",
    ["", "h", "1h", "9" * 5000, "-" + "9" * 500 + "s", "-1", "-1y",
     "-h", "--1h", "2026", "tomorrow", "2026-13-01", "nan",
     True, float("nan"), float("inf"), None, [], np.datetime64("NaT")],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_examples(wrong: str) -> None:
    with pytest.raises(ParameterError, match=r"is no time; write -1h.*POSIX seconds"):
        read_time(wrong, NOON)


@pytest.mark.parametrize("far", [float(NOON), str(NOON), NOON // 1000, NOON // 1_000_000, 2**63, -1e12, "-9999999w"])
def test_what_is_no_number_of_seconds_is_too_far_away(far: str | float) -> None:
    with pytest.raises(ParameterError, match="too far from 1970; a number is taken as POSIX seconds"):
        read_time(far, NOON)


def test_a_span_is_its_two_instants() -> None:
    assert read_span("-1h", "now", NOON) == (NOON - HOUR, NOON)
    assert read_span("now", "now", NOON) == (NOON, NOON)


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"from now to -90m ends 1.5 h before it starts; exchange the two"):
        read_span("now", "-90m", NOON)


def test_a_long_span_is_told_to_the_second_a_short_one_exactly() -> None:
    assert span_text(NOON + 1, NOON + HOUR + 1) == "from 2026-03-01T12:00:00Z to 2026-03-01T13:00:00Z"
    assert span_text(NOON, NOON + 1000) == "from 2026-03-01T12:00:00Z to 2026-03-01T12:00:00.000001Z"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("30d", 2_592_000), ("1.5ms", 0.0015)])
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("wrong", ["", "5", "-1h", "1 h", "h", "1y"])
def test_a_duration_without_a_unit_is_refused(wrong: str) -> None:
    with pytest.raises(ParameterError, match="is no duration; write a number and its unit: ms, s, min"):
        read_duration(wrong)


@given(instants)
def test_a_written_instant_is_read_to_the_nanosecond(moment: int) -> None:
    assert read_time(iso_time(moment), 0) == moment
    assert read_time(np.datetime64(moment, "ns"), 0) == moment


@given(instants)
def test_a_number_text_is_read_to_the_nanosecond(moment: int) -> None:
    sign = "-" if moment < 0 else ""
    seconds, rest = divmod(abs(moment), NS_PER_S)

    assert read_time(f"{sign}{seconds}.{rest:09d}", 0) == moment


@given(st.floats(-9e9, 9e9))
def test_a_float_is_read_as_exactly_as_it_is(seconds: float) -> None:
    assert abs(read_time(seconds, 0) - int(seconds * NS_PER_S)) <= max(256, abs(seconds) * NS_PER_S * 2**-52)


@given(st.text(max_size=30))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    try:
        moment = read_time(text, NOON)
    except ParameterError:
        return

    assert -(2**63) < moment < 2**63
