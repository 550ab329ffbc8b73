from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.archive_policy import KEEP_ALL, MOST_RULES, Keeping, Policy, Rule, read_policy
from ocs.model.errors import ErrorCode, OcsError
from ocs.model.series import SeriesKey

FAST = SeriesKey("thermo-1", "fast", "fast")
CHANNEL = SeriesKey("cryo/heater/1", "_channels", "power")

positive = st.floats(min_value=1e-6, max_value=1e6)
days = st.floats(min_value=1e-6, max_value=1e5)
rules = st.builds(
    Rule,
    match=st.sampled_from(["*", "thermo-1", "thermo-1.*", "*.power, stage-1", "cryo/*"]),
    dead_band=st.none() | positive,
    period_s=st.none() | positive,
    keep_days=st.none() | days,
    keep_rollup_days=st.none() | days,
)


def test_without_rules_all_is_kept_for_ever() -> None:
    policy = Policy()

    assert policy.rule_for(FAST, "temperature") == (0, KEEP_ALL)
    assert policy.keeping(FAST, ["temperature"]) == Keeping(None, None)


def test_the_first_rule_that_fits_decides() -> None:
    policy = read_policy(
        [{"match": "*.power", "dead_band": 0.1}, {"match": "cryo/*", "archive": False}, {"match": "*", "period_s": 60}]
    )

    assert policy.rule_for(CHANNEL, "power") == (1, Rule(match="*.power", dead_band=0.1))
    assert policy.rule_for(SeriesKey("cryo/heater/1", "slow", "slow"), "current") == (
        2,
        Rule(match="cryo/*", archive=False),
    )
    assert policy.rule_for(FAST, "temperature")[0] == 3


def test_a_field_may_be_named_with_its_feed() -> None:
    policy = read_policy([{"match": "thermo-1.fast.temperature", "archive": False}])

    assert not policy.rule_for(FAST, "temperature")[1].archive
    assert policy.rule_for(SeriesKey("thermo-1", "slow", "slow"), "temperature")[1].archive


def test_yes_and_no_are_read_as_site_files_write_them() -> None:
    policy = read_policy([{"match": "a", "archive": "no"}, {"match": "b", "archive": "yes"}])

    assert [rule.archive for rule in policy.rules] == [False, True]


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_no_rules_are_a_policy_too(nothing: Any) -> None:
    assert read_policy(nothing) == Policy()


@pytest.mark.parametrize(
    ("rule", "told", "code"),
    [
        ({"match": "*", "deadband": 1}, "rule 2 has the key deadband.*dead_band", ErrorCode.UNKNOWN_PARAMETER),
        ({"dead_band": 1}, "rule 2 has no match", ErrorCode.MISSING_PARAMETER),
        ({"match": "*", "dead_band": 0}, "rule 2: dead_band is 0; .*greater than 0", ErrorCode.WRONG_TYPE),
        ({"match": "*", "dead_band": float("nan")}, "rule 2: dead_band is nan", ErrorCode.WRONG_TYPE),
        ({"match": "*", "period_s": "soon"}, "rule 2: period_s is 'soon'", ErrorCode.WRONG_TYPE),
        ({"match": "*", "keep_days": -1}, "rule 2: keep_days is -1", ErrorCode.WRONG_TYPE),
        ({"match": "*", "keep_rollup_days": float("inf")}, "rule 2: keep_rollup_days is inf", ErrorCode.WRONG_TYPE),
        ({"match": "*", "keep_days": 1_000_000}, "keep_days is 1000000; .*equal to 100000", ErrorCode.WRONG_TYPE),
        ({"match": "*", "keep_rollup_days": 1e300}, "rule 2: keep_rollup_days is 1e", ErrorCode.WRONG_TYPE),
        ({"match": "*", "period_s": 1e300}, "rule 2: period_s is 1e", ErrorCode.WRONG_TYPE),
        ({"match": "*", "archive": "perhaps"}, "rule 2: archive is 'perhaps'", ErrorCode.WRONG_TYPE),
        ({"match": ""}, "rule 2: match is ''", ErrorCode.WRONG_TYPE),
        ({"match": " , "}, "rule 2: .*names no channels", ErrorCode.WRONG_TYPE),
        ({"match": 7}, "rule 2: match is 7", ErrorCode.WRONG_TYPE),
        ({"match": "*", "archive": False, "period_s": 5}, "rule 2 archives nothing", ErrorCode.WRONG_TYPE),
        ("thermo-1", "rule 2 is 'thermo-1'", ErrorCode.WRONG_TYPE),
        (None, "rule 2 is 'None'", ErrorCode.WRONG_TYPE),
        ({1: 2}, "rule 2 has no match", ErrorCode.MISSING_PARAMETER),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_by_its_number(rule: Any, told: str, code: ErrorCode) -> None:
    with pytest.raises(OcsError, match=told) as refused:
        read_policy([{"match": "*"}, rule])

    assert refused.value.code is code


@pytest.mark.parametrize("given", ["*", b"*", {"match": "*"}, 3, 1.5, True])
def test_what_is_no_list_of_rules_is_refused(given: Any) -> None:
    with pytest.raises(OcsError, match="a policy is a list of rules"):
        read_policy(given)


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(OcsError, match="it may have 1000"):
        read_policy([{"match": "*"}] * (MOST_RULES + 1))


@pytest.mark.parametrize(("days", "longest"), [((1, 30), 30.0), ((1, None), None), ((None, None), None), ((2, 2), 2.0)])
def test_a_series_stays_as_long_as_its_longest_field(days: tuple[float | None, ...], longest: float | None) -> None:
    policy = Policy(
        Rule(match=f"thermo-1.{name}", keep_days=each, keep_rollup_days=each)
        for name, each in zip("ab", days, strict=True)
    )

    assert policy.keeping(FAST, ["a", "b"]) == Keeping(longest, longest)


def test_what_a_rule_does_not_say_is_not_written() -> None:
    assert read_policy([{"match": "a", "archive": True, "dead_band": None}]).encode() == [{"match": "a"}]


@given(st.lists(rules, max_size=4))
def test_a_policy_that_is_written_is_read_as_the_same(chosen: list[Rule]) -> None:
    policy = Policy(chosen)

    assert read_policy(policy.encode()) == policy
    assert hash(read_policy(policy.encode())) == hash(policy)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["match", "archive", "dead_band", "x"]) | st.integers(), inner, max_size=3)
    ),
)


@given(plain)
def test_whatever_is_given_as_a_policy_is_one_or_refused(given: Any) -> None:
    try:
        policy = read_policy(given)
    except OcsError:
        return
    assert all(isinstance(rule.match, str) and rule.match for rule in policy.rules)
