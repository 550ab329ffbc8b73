"""Where the router is, and by which transport it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ocs.model.errors import ConfigurationError

_SCHEMES = ("ws", "rs", "unix")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A way to the router.

    Attributes:
        scheme: `ws` (WebSocket), `rs` (RawSocket over TCP), `unix` (RawSocket over a unix socket).
        host: Name of the host; empty for `unix`.
        port: TCP port; 0 for `unix`.
        path: Path of the WebSocket or of the socket file.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The endpoint as one word."""
        if self.scheme == "unix":
            return f"unix:{self.path}"
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"


def parse_endpoint(url: str) -> Endpoint:
    """Return the endpoint that a URL names.

    Args:
        url: `ws://host:port/ws`, `rs://host:port` or `unix:/path/to/socket`.

    Raises:
        ConfigurationError: It is no such URL.
    """
    parts = urlsplit(url)
    if parts.scheme == "wss":
        raise ConfigurationError(
            f"{url!r} asks for TLS, which agents and clients do not speak yet; reach the router from its own host",
            field="wamp_server", given=url,
        )  # fmt: skip
    try:
        port = parts.port or {"ws": 80}.get(parts.scheme, 0)
    except ValueError:
        port = -1
    bad_tcp = parts.scheme != "unix" and (not parts.hostname or port <= 0)
    if parts.scheme not in _SCHEMES or bad_tcp:
        raise ConfigurationError(
            f"{url!r} is no address of a router; write ws://127.0.0.1:8001/ws, rs://host:8001 or unix:/path/to/socket",
            field="wamp_server", given=url,
        )  # fmt: skip
    return Endpoint(parts.scheme, parts.hostname or "", max(port, 0), parts.path)


def ways_to(url: str, local_socket: Path | None) -> tuple[Endpoint, ...]:
    """Return the ways to the router that `url` names, the fastest first.

    On the router's own host RawSocket comes before WebSocket; a router that serves no RawSocket is
    reached by the way that the URL names.

    Args:
        url: The site's `wamp_server`.
        local_socket: The unix socket that this machine's router for it would serve, if there is one.
    """
    named = parse_endpoint(url)
    if named.host not in {"127.0.0.1", "localhost", "::1"} or named.scheme != "ws":
        return (named,)
    raw = Endpoint("rs", named.host, named.port, "")
    if local_socket is None:
        return (raw, named)
    return (Endpoint("unix", "", 0, str(local_socket)), raw, named)
