"""Where the router is and which names count there: the part that agents and clients have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ocs.model.address import DEFAULT_PORT, DEFAULT_REALM, DEFAULT_ROOT, check_root
from ocs.model.errors import ConfigurationError
from ocs.site.loading import LoadedSite
from ocs.site.options import OPTIONS
from ocs.site.schema import Host
from ocs.site.values import check_http_url, check_realm, check_router_url, replace_port

DEFAULT_HUB = f"ws://127.0.0.1:{DEFAULT_PORT}/ws"
DEFAULT_HTTP = f"http://127.0.0.1:{DEFAULT_PORT}/call"
LARGEST_PORT = 65535

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Connection:
    """A name space on a router.

    Attributes:
        router_url: Address of the router.
        http_url: Address of its HTTP bridge; None where the site has none.
        realm: The realm.
        address_root: First part of every address.
    """

    router_url: str
    http_url: str | None
    realm: str
    address_root: str


def make_connection(
    values: Mapping[str, str],
    environ: Mapping[str, str],
    loaded: LoadedSite | None,
    host: Host | None,
) -> Connection:
    """Return the connection by hub, then host, then options; `OCS_PORT` changes what no option gives.

    Args:
        values: Options by name, from `arguments`, environment and command line.
        environ: The environment, for `OCS_PORT`.
        loaded: The site file, if there is one.
        host: The entry of the host in it, if there is one.

    Raises:
        ConfigurationError: An option or `OCS_PORT` is wrong.
    """
    in_file = _without_file() if loaded is None else _in_file(loaded, host)
    port = _port(environ)
    router_url = read_option(values, "site-hub", check_router_url)
    http_url = read_option(values, "site-http", check_http_url)
    # An HTTP address that nobody wrote belongs to the default router only.
    known_http = None if loaded is None and router_url is not None else in_file.http_url
    return Connection(
        router_url or _with_port(in_file.router_url, port),
        http_url or (None if known_http is None else _with_port(known_http, port)),
        read_option(values, "site-realm", check_realm) or in_file.realm,
        read_option(values, "address-root", check_root) or in_file.address_root,
    )


def _without_file() -> Connection:
    return Connection(DEFAULT_HUB, DEFAULT_HTTP, DEFAULT_REALM, DEFAULT_ROOT)


def _in_file(loaded: LoadedSite, host: Host | None) -> Connection:
    hub = loaded.site.hub
    if host is None:
        return Connection(hub.wamp_server, hub.wamp_http, hub.wamp_realm, hub.address_root)
    return Connection(
        host.wamp_server or hub.wamp_server,
        host.wamp_http or hub.wamp_http,
        host.wamp_realm or hub.wamp_realm,
        hub.address_root,
    )


def _port(environ: Mapping[str, str]) -> int | None:
    word = environ.get("OCS_PORT")
    if not word:
        return None
    if not (word.isascii() and word.isdigit() and 1 <= int(word) <= LARGEST_PORT):
        message = f"OCS_PORT is {word!r}; it must be a TCP port, 1 to {LARGEST_PORT}"
        raise ConfigurationError(message, field="OCS_PORT", given=word)
    return int(word)


def _with_port(url: str, port: int | None) -> str:
    return url if port is None else replace_port(url, port)


def read_option(values: Mapping[str, str], name: str, read: Callable[[str], _T]) -> _T | None:
    """Return the value of an option, read and checked; None when it was not given.

    Raises:
        ConfigurationError: `read` refuses the value; the sentence says where it may come from.
    """
    if name not in values:
        return None
    try:
        return read(values[name])
    except (ValueError, ConfigurationError) as error:
        option = next(option for option in OPTIONS if option.name == name)
        source = option.flag if option.variable is None else f"{option.flag} or ${option.variable}"
        raise ConfigurationError(f"{source}: {error}", field=name) from error
