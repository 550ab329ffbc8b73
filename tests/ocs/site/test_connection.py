"""Router, realm and root by hub, host, options and port."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ocs.model.errors import ConfigurationError
from ocs.site.connection import (
    DEFAULT_HTTP,
    DEFAULT_HUB,
    Connection,
    make_connection,
)
from ocs.site.loading import LoadedSite, load_site

HUB = "hub: {wamp_server: 'ws://h:1/ws', wamp_http: 'http://h:1/call', wamp_realm: test_realm, address_root: obs}\n"


@pytest.fixture
def loaded(write: Callable[[str], Path]) -> LoadedSite:
    return load_site(write(HUB + "hosts:\n  plain: {}\n  own: {wamp_server: 'ws://o:2/ws', wamp_realm: other}\n"))


def test_without_file_the_defaults_count() -> None:
    assert make_connection({}, {}, None, None) == Connection(DEFAULT_HUB, DEFAULT_HTTP, "test_realm", "observatory")


def test_a_host_without_keys_of_its_own_has_those_of_the_hub(loaded: LoadedSite) -> None:
    hub = Connection("ws://h:1/ws", "http://h:1/call", "test_realm", "obs")

    assert make_connection({}, {}, loaded, None) == hub
    assert make_connection({}, {}, loaded, loaded.site.hosts["plain"]) == hub


def test_the_keys_of_a_host_beat_those_of_the_hub(loaded: LoadedSite) -> None:
    connection = make_connection({}, {}, loaded, loaded.site.hosts["own"])

    assert connection == Connection("ws://o:2/ws", "http://h:1/call", "other", "obs")


def test_options_beat_the_file(loaded: LoadedSite) -> None:
    values = {"site-hub": "ws://c:3/ws", "site-http": "http://c:3/call", "site-realm": "third", "address-root": "root"}

    connection = make_connection(values, {}, loaded, loaded.site.hosts["own"])

    assert connection == Connection("ws://c:3/ws", "http://c:3/call", "third", "root")


def test_the_port_changes_addresses_of_the_file_and_of_the_defaults(loaded: LoadedSite) -> None:
    environ = {"OCS_PORT": "9000"}

    assert make_connection({}, environ, loaded, None).router_url == "ws://h:9000/ws"
    assert make_connection({}, environ, loaded, None).http_url == "http://h:9000/call"
    assert make_connection({}, environ, None, None).router_url == "ws://127.0.0.1:9000/ws"
    assert make_connection({}, environ, None, None).http_url == "http://127.0.0.1:9000/call"


def test_the_port_leaves_the_addresses_of_options_alone(loaded: LoadedSite) -> None:
    values = {"site-hub": "ws://c:3/ws", "site-http": "http://c:3/call"}

    connection = make_connection(values, {"OCS_PORT": "9000"}, loaded, None)

    assert (connection.router_url, connection.http_url) == ("ws://c:3/ws", "http://c:3/call")


def test_another_router_than_the_default_has_no_bridge_that_nobody_wrote() -> None:
    assert make_connection({"site-hub": "ws://c:3/ws"}, {}, None, None).http_url is None


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1", "8001.0", "\u0661"])
def test_what_is_no_port_is_refused(port: str) -> None:
    with pytest.raises(ConfigurationError, match="it must be a TCP port, 1 to 65535"):
        make_connection({}, {"OCS_PORT": port}, None, None)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("site-hub", "h:1", "--site-hub or $SITE_HUB: 'h:1' is no address of a router"),
        ("site-http", "h:1", "--site-http or $SITE_HTTP: 'h:1' is no address of a router"),
        ("site-realm", "a b", "--site-realm or $OCS_REALM: 'a b' cannot be a realm"),
        ("address-root", "a.b", "--address-root or $OCS_ADDRESS_ROOT: 'a.b' cannot be an address root"),
    ],
)
def test_a_wrong_option_is_told_with_the_places_it_may_come_from(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_connection({name: value}, {}, None, None)

    assert caught.value.message.startswith(sentence)
