"""Rules over the whole file; the sentences about names are in the tests of loading."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.site.findings import KeyPath, Remark, Severity
from ocs.site.rules import class_rules, rules

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "hub",
                    "hosts",
                    "h",
                    "agent-instances",
                    "instance-id",
                    "devices",
                    "name",
                    "arguments",
                    "crossbar_timeout",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def first_line(_path: KeyPath) -> int:
    return 1


def site(*instances: dict[str, Any], **host: Any) -> dict[str, Any]:
    return {"hosts": {"h": {"agent-instances": list(instances), **host}}}


@given(plain)
def test_rules_look_at_any_data_without_failing(data: Any) -> None:
    list(rules(data, first_line))
    list(class_rules(data, ["A"]))


@pytest.mark.parametrize("option", ["--site", "--site-file=x", "--site-host", "--instance-id"])
def test_an_option_without_effect_is_warned_of(option: str) -> None:
    found = list(rules(site({"instance-id": "a", "arguments": [[option, "x"]]}), first_line))

    name = option.partition("=")[0]
    assert found == [
        Remark(
            ("hosts", "h", "agent-instances", 0, "arguments"),
            f"the option {name} has no effect in a site file; remove it",
            Severity.WARNING,
        )
    ]


@pytest.mark.parametrize(("seconds", "count"), [(0, 0), (10, 1), (19.9, 1), (20, 0), (60, 0)])
def test_a_timeout_shorter_than_the_start_of_a_router_is_warned_of(seconds: float, count: int) -> None:
    found = list(rules(site(crossbar_timeout=seconds), first_line))

    assert [remark.severity for remark in found] == [Severity.WARNING] * count


def test_a_class_that_is_not_installed_is_told_with_a_near_one() -> None:
    data = site({"agent-class": "FakeAgent"}, {"agent-class": "FakeDataAgent"})

    assert list(class_rules(data, ["FakeDataAgent", "HostsAgent"])) == [
        Remark(
            ("hosts", "h", "agent-instances", 0, "agent-class"),
            "no agent class 'FakeAgent' is installed; did you mean 'FakeDataAgent'?",
        )
    ]
