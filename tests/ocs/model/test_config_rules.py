from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from ocs.model.channel_config import CONFIG_KEYS, library_config, plain_setting
from ocs.model.config_rules import INCREASING, check_coherent, check_setting
from ocs.model.errors import ErrorCode, OutOfRangeError, ParameterError
from ocs.model.valuetype import value_type

FLOAT, INT, TEXT = value_type(float), value_type(int), value_type(str)
ENUM = value_type(str, labels=("off", "on"))
NUMERIC_KEYS = [
    *(key for pair in INCREASING for key in pair), "delta_val", "delta_t_s", "abs_change", "rel_change",
    "archive_abs_change", "archive_rel_change", "settle_tolerance", "settle_dwell_s",
]  # fmt: skip


@pytest.mark.parametrize("key", CONFIG_KEYS)
def test_every_key_has_a_rule_that_refuses_what_it_cannot_be(key: str) -> None:
    with pytest.raises(ParameterError) as refused:
        check_setting(key, {"a": "map"}, ENUM if key == "enum_labels" else FLOAT)

    assert refused.value.field == key


@pytest.mark.parametrize("key", NUMERIC_KEYS)
@pytest.mark.parametrize("kind", [TEXT, ENUM, value_type(bool), value_type(dict)])
def test_only_numbers_have_limits_and_thresholds(key: str, kind: Any) -> None:
    with pytest.raises(ParameterError, match=f"{key} goes with numbers"):
        check_setting(key, 1.0, kind)


@pytest.mark.parametrize("value", [True, "5", b"5", [5]])
def test_a_limit_is_a_number(value: Any) -> None:
    with pytest.raises(ParameterError) as refused:
        check_setting("max_alarm", value, FLOAT)

    assert refused.value.code is ErrorCode.WRONG_TYPE


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400])
def test_a_limit_is_finite(value: float) -> None:
    with pytest.raises(OutOfRangeError, match="a finite number"):
        check_setting("max_alarm", value, INT)


def test_limits_of_whole_numbers_stay_exact() -> None:
    kept = check_setting("max_value", 2**63 - 1, INT)

    assert (kept, type(kept)) == (2**63 - 1, int)
    assert type(check_setting("max_value", 5, FLOAT)) is float


@pytest.mark.parametrize(
    ("given", "pair"),
    [
        (2, (2, 2)), (-2, (2, 2)), ([1, 2], (1, 2)), ((-1, 2.5), (1, 2.5)), ([None, 1], (math.inf, 1)),
        ([1, math.inf], (1, math.inf)), ((-math.inf, 0), (math.inf, 0)),
    ],
)  # fmt: skip
def test_a_threshold_is_one_number_or_two_without_sign(given: Any, pair: tuple[float, float]) -> None:
    kept = check_setting("abs_change", given, FLOAT)

    assert kept == pair
    assert check_setting("abs_change", plain_setting(kept), FLOAT) == pair


@pytest.mark.parametrize("wrong", [[1], [1, 2, 3], ["a", 1], math.nan, [1, math.nan], True, "1"])
def test_other_thresholds_are_refused(wrong: Any) -> None:
    with pytest.raises(ParameterError):
        check_setting("rel_change", wrong, FLOAT)


def test_polling_is_never_faster_than_every_five_milliseconds() -> None:
    assert check_setting("poll_period_s", 0.005, TEXT) == 0.005

    with pytest.raises(OutOfRangeError, match="the fastest polling is every 5 ms") as refused:
        check_setting("poll_period_s", 0.001, TEXT)

    assert refused.value.limit == 0.005


@pytest.mark.parametrize("key", ["event_period_s", "archive_period_s", "stale_after_s", "delta_val"])
def test_periods_and_distances_are_above_zero(key: str) -> None:
    with pytest.raises(OutOfRangeError, match="above 0"):
        check_setting(key, 0, FLOAT)


@pytest.mark.parametrize("key", ["delta_t_s", "settle_dwell_s", "settle_tolerance"])
def test_waits_and_tolerances_may_be_zero_but_not_less(key: str) -> None:
    assert check_setting(key, 0, FLOAT) == 0

    with pytest.raises(OutOfRangeError, match="at least 0"):
        check_setting(key, -1, FLOAT)


@pytest.mark.parametrize(
    ("kind", "text"), [(FLOAT, "%6.2f"), (FLOAT, "%.3e K"), (FLOAT, "%d %%"), (INT, "0x%04x"), (TEXT, "<%10s>")]
)
def test_a_format_of_one_conversion_is_taken(kind: Any, text: str) -> None:
    assert check_setting("format", text, kind) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FLOAT, "%s %s"), (FLOAT, "setprecision(3)"), (TEXT, "%d"), (FLOAT, "%x"), (FLOAT, "%99999999f"), (FLOAT, "%"),
        (FLOAT, "%(a)s"), (FLOAT, "%*d"),
    ],
)  # fmt: skip
def test_a_format_that_cannot_print_the_value_is_refused(kind: Any, text: str) -> None:
    with pytest.raises(ParameterError, match="printf style"):
        check_setting("format", text, kind)


def test_labels_keep_their_number() -> None:
    assert check_setting("enum_labels", ["aus", "ein"], ENUM) == ("aus", "ein")

    with pytest.raises(ParameterError, match="there are 1 labels; the enum has 2 values"):
        check_setting("enum_labels", ["aus"], ENUM)


@pytest.mark.parametrize("pair", INCREASING)
@pytest.mark.parametrize("low", [5.0, 6.0])
def test_a_lower_limit_lies_below_the_upper_one(pair: tuple[str, str], low: float) -> None:
    limits: dict[str, Any] = {pair[0]: low, pair[1]: 5.0}
    config = dataclasses.replace(library_config("x", FLOAT), **limits)

    with pytest.raises(OutOfRangeError, match=f"{pair[0]} must be below {pair[1]}"):
        check_coherent(config)


@pytest.mark.parametrize("pair", INCREASING)
def test_one_limit_alone_is_coherent(pair: tuple[str, str]) -> None:
    for key in pair:
        limit: dict[str, Any] = {key: 5.0}
        check_coherent(dataclasses.replace(library_config("x", FLOAT), **limit))
