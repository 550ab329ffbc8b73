"""Single values: what is taken and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.site.values import (
    LogLevel,
    check_access_policy,
    check_http_url,
    check_router_url,
    read_log_level,
    read_manage,
    read_megabytes,
    read_seconds,
    replace_port,
)


@pytest.mark.parametrize(
    "url", ["ws://h/ws", "wss://h:443/ws", "rs://h:8001", "rss://[::1]:8001", "ws://10.0.0.1:8001/ws"]
)
def test_addresses_of_routers_are_taken(url: str) -> None:
    assert check_router_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8001", "http://h:1", "ws://", "ws:///ws", "ws://h:x/ws", "ws://h:70000", "ws://h:0", "ws://[h"],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a router; it must begin with ws://"):
        check_router_url(url)


def test_the_bridge_has_an_http_address() -> None:
    assert check_http_url("https://h/call") == "https://h/call"
    with pytest.raises(ValueError, match="it must begin with http:// or https://"):
        check_http_url("ws://h/ws")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://h:1/ws", "ws://h:9/ws"),
        ("ws://h/ws", "ws://h:9/ws"),
        ("ws://[::1]:1/ws", "ws://[::1]:9/ws"),
        ("ws://[::1]/ws", "ws://[::1]:9/ws"),
        ("rs://u:p@h:1", "rs://u:p@h:9"),
        ("http://h:1/call?a=b:1", "http://h:9/call?a=b:1"),
    ],
)
def test_a_port_is_replaced_and_nothing_else(url: str, expected: str) -> None:
    assert replace_port(url, 9) == expected


@given(st.integers(1, 65535), st.integers(1, 65535))
def test_the_last_port_counts(first: int, second: int) -> None:
    url = "ws://h:1/ws"

    assert replace_port(replace_port(url, first), second) == replace_port(url, second)


@pytest.mark.parametrize("policy", ["", "none", "director:", "director:acc", "override:a,b"])
def test_the_policies_of_ocs_are_taken(policy: str) -> None:
    assert check_access_policy(policy) == policy


@pytest.mark.parametrize("policy", ["override:secret", "override:secret,", "override", "open", "override:secret,b,c"])
def test_a_refused_policy_is_not_repeated(policy: str) -> None:
    with pytest.raises(ValueError, match="no access policy is written so") as caught:
        check_access_policy(policy)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "level"), [("INFO", LogLevel.INFO), ("warning", LogLevel.WARN), ("debug", LogLevel.DEBUG)]
)
def test_log_levels_are_known_in_any_case(word: str, level: LogLevel) -> None:
    assert read_log_level(word) is level


def test_an_unknown_log_level_is_refused_with_a_near_one() -> None:
    with pytest.raises(ValueError, match="'dbug' is no log level; did you mean 'debug'"):
        read_log_level("dbug")


@pytest.mark.parametrize("word", ["-1", "x", "inf", "nan", ""])
def test_what_is_no_time_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="it must be a number of seconds, 0 or more"):
        read_seconds(word)


def test_a_time_may_have_a_fraction() -> None:
    assert read_seconds("0.5") == 0.5


@pytest.mark.parametrize("value", [3, ["up"], {}])
def test_manage_is_a_word(value: object) -> None:
    with pytest.raises(ValueError, match="is no way to manage an agent"):
        read_manage(value)


def test_a_size_is_a_number_of_megabytes() -> None:
    assert read_megabytes("2.5") == 2.5
    for word in ("0.5", "-1", "inf", "nan", "much"):
        with pytest.raises(ValueError, match="1 or more"):
            read_megabytes(word)
