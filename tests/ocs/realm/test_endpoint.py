"""Addresses of routers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.model.errors import ConfigurationError
from ocs.realm.endpoint import parse_endpoint, ways_to


@given(st.sampled_from(["ws", "rs"]), st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), st.integers(1, 65535))
def test_an_address_comes_back_as_it_was_given(scheme: str, host: str, port: int) -> None:
    url = f"{scheme}://{host}:{port}/ws"

    assert parse_endpoint(url).url == url


def test_a_socket_file_is_an_address() -> None:
    endpoint = parse_endpoint("unix:/run/ocs/ocs.sock")

    assert (endpoint.scheme, endpoint.path) == ("unix", "/run/ocs/ocs.sock")
    assert endpoint.url == "unix:/run/ocs/ocs.sock"


@pytest.mark.parametrize(
    "url", ["", "8001", "localhost:8001", "http://localhost:8001", "rs://localhost", "ws://h:99999/"]
)
def test_what_is_no_address_is_refused_with_examples(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address of a router; write ws://") as refused:
        parse_endpoint(url)

    assert refused.value.given == url


def test_tls_is_refused_instead_of_being_left_out() -> None:
    with pytest.raises(ConfigurationError, match="asks for TLS, which agents and clients do not speak yet"):
        parse_endpoint("wss://dome/ws")


def test_on_its_own_host_the_router_is_tried_by_socket_then_raw_then_websocket() -> None:
    ways = ways_to("ws://127.0.0.1:8001/ws", Path("/run/ocs.sock"))

    assert [way.url for way in ways] == ["unix:/run/ocs.sock", "rs://127.0.0.1:8001", "ws://127.0.0.1:8001/ws"]


def test_another_host_is_reached_as_the_address_says() -> None:
    assert [way.url for way in ways_to("ws://dome:8001/ws", Path("/run/ocs.sock"))] == ["ws://dome:8001/ws"]
