"""The router's configuration."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ocs.router.configuration import RealmAccess, RouterConfiguration, render, render_text, socket_path

ROOT = Path(__file__).parents[3]


def test_the_file_of_the_checkout_is_what_is_rendered_for_the_default_port() -> None:
    assert (ROOT / "dot_crossbar" / "config.json").read_text() == render_text(RouterConfiguration())


@given(st.integers(1, 65535), st.booleans())
def test_it_listens_on_loopback_only(port: int, unix_socket: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    transports = render(RouterConfiguration(port=port, unix_socket=unix_socket))["workers"][0]["transports"]

    tcp = [transport["endpoint"] for transport in transports if transport["endpoint"]["type"] == "tcp"]
    assert [(endpoint["interface"], endpoint["port"]) for endpoint in tcp] == [("127.0.0.1", port)]
    assert len(transports) == 1 + unix_socket


def test_each_realm_lets_its_members_speak_below_their_own_root_only() -> None:
    realms = [RealmAccess("site_a", "north"), RealmAccess("site_b", "south")]

    rendered = render(RouterConfiguration(realms=realms))["workers"][0]["realms"]

    for realm, expected in zip(rendered, realms, strict=True):
        prefixes = {
            permission["uri"]
            for role in realm["roles"]
            for permission in role["permissions"]
            if permission["match"] == "prefix"
        }
        assert (realm["name"], prefixes) == (expected.name, {f"{expected.root}."})


def test_nobody_may_call_what_ends_other_sessions() -> None:
    text = json.dumps(render(RouterConfiguration()))

    assert "wamp.session.kill" not in text
    assert '"uri": "wamp."' not in text


def test_callers_are_disclosed_so_that_runs_have_an_author() -> None:
    for role in render(RouterConfiguration())["workers"][0]["realms"][0]["roles"]:
        assert all(permission["disclose"]["caller"] for permission in role["permissions"])


def test_wampy_is_never_pinged() -> None:
    paths = render(RouterConfiguration())["workers"][0]["transports"][0]["websocket"]

    assert paths["wampy"]["options"]["auto_ping_interval"] == 0
    assert paths["ws"]["options"]["auto_ping_interval"] > 0


def test_a_socket_path_that_linux_would_refuse_is_left_out(tmp_path: Path) -> None:
    assert socket_path(Path("/run/ocs"), 8001) is not None
    assert socket_path(tmp_path / ("deep" * 30), 8001) is None
