"""Crossbar's configuration, rendered for a port and one or more realms.

One TCP port on loopback carries all: RawSocket, WebSocket at `/ws` and `/wampy`, the HTTP bridge at
`/call`, and `/info`. Programs on the router's host use a unix socket in the node's folder. Anonymous
sessions are let in from this machine only (architecture, section 6).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocs.model.address import DEFAULT_PORT, DEFAULT_REALM, DEFAULT_ROOT

SOCKET_NAME = "ocs-{port}.sock"
"""Named by the port, so that a program that was told another port never meets this router."""

LONGEST_SOCKET_PATH = 100
"""Characters that Linux accepts in the path of a unix socket, less a reserve (unix(7): 108)."""

LARGEST_MESSAGE = 16 * 1024 * 1024
AGENT_ROLE = "iocs_agent"
CONTROLLER_ROLE = "iocs_controller"
_META_CALLS = ("wamp.session.count", "wamp.session.get", "wamp.registration.match", "wamp.registration.list_callees")
_META_TOPICS = ("wamp.session.on_join", "wamp.session.on_leave")


@dataclass(frozen=True, slots=True)
class RealmAccess:
    """A realm that the router serves, and the address root below which its members may speak."""

    name: str = DEFAULT_REALM
    root: str = DEFAULT_ROOT


@dataclass(frozen=True, slots=True)
class RouterConfiguration:
    """What a site decides about its router.

    Attributes:
        port: TCP port on loopback.
        realms: The realms; the HTTP bridge serves the first.
        unix_socket: Whether to offer the unix socket in the node's folder.
        extra_paths: Further WebSocket paths and their options, for tests.
    """

    port: int = DEFAULT_PORT
    realms: Sequence[RealmAccess] = (RealmAccess(),)
    unix_socket: bool = True
    extra_paths: dict[str, dict[str, Any]] = field(default_factory=dict)


def render(configuration: RouterConfiguration) -> dict[str, Any]:
    """Return crossbar's configuration file as a map."""
    transports = [_port(configuration)]
    if configuration.unix_socket:
        transports.append(_local_socket(configuration.port))
    return {
        "version": 2,
        "controller": {"id": "ocs"},
        "workers": [
            {
                "type": "router",
                "options": {"title": "ocs-router"},
                "realms": [_realm(realm) for realm in configuration.realms],
                "transports": transports,
            }
        ],
    }


def render_text(configuration: RouterConfiguration) -> str:
    """Return the text of crossbar's configuration file."""
    return json.dumps(render(configuration), indent=2) + "\n"


def socket_path(node_folder: Path, port: int) -> Path | None:
    """Return where the router of a folder and port has its unix socket; None when the path would be too long."""
    path = node_folder.absolute() / SOCKET_NAME.format(port=port)
    return path if len(str(path)) <= LONGEST_SOCKET_PATH else None


def _realm(realm: RealmAccess) -> dict[str, Any]:
    everything = {"call": True, "register": True, "publish": True, "subscribe": True}
    meta = [
        *(_permission(uri, {"call": True}, match="exact") for uri in _META_CALLS),
        *(_permission(uri, {"subscribe": True}, match="exact") for uri in _META_TOPICS),
    ]
    return {
        "name": realm.name,
        "roles": [
            {"name": AGENT_ROLE, "permissions": [_permission(f"{realm.root}.", everything), *meta]},
            {
                "name": CONTROLLER_ROLE,
                "permissions": [_permission(f"{realm.root}.", {**everything, "register": False}), *meta],
            },
        ],
    }


def _permission(uri: str, allow: dict[str, bool], *, match: str = "prefix") -> dict[str, Any]:
    refused = {"call": False, "register": False, "publish": False, "subscribe": False}
    return {
        "uri": uri,
        "match": match,
        "allow": {**refused, **allow},
        "disclose": {"caller": True, "publisher": False},
        "cache": True,
    }


def _anonymous(role: str) -> dict[str, Any]:
    return {"anonymous": {"type": "static", "role": role}}


def _websocket(serializers: list[str], options: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "websocket",
        "serializers": serializers,
        "auth": _anonymous(AGENT_ROLE),
        "options": {"open_handshake_timeout": 4000, "max_message_size": LARGEST_MESSAGE, **options},
    }


def _port(configuration: RouterConfiguration) -> dict[str, Any]:
    pinged = {"auto_ping_interval": 10000, "auto_ping_timeout": 5000, "auto_ping_size": 12}
    paths = {
        "ws": _websocket(["cbor", "msgpack", "json"], pinged),
        # wampy ends at the first ping and speaks JSON only.
        "wampy": _websocket(["json"], {"auto_ping_interval": 0}),
    }
    for name, options in configuration.extra_paths.items():
        paths[name] = _websocket(["json"], options)
    return {
        "type": "universal",
        "endpoint": {
            "type": "tcp",
            "interface": "127.0.0.1",
            "port": configuration.port,
            "user_timeout": 10000,
        },
        "rawsocket": {"serializers": ["msgpack", "cbor", "json"], "auth": _anonymous(AGENT_ROLE)},
        "websocket": paths,
        "web": {
            "paths": {
                "/": {"type": "path", "paths": {}},
                "info": {"type": "nodeinfo"},
                "call": {
                    "type": "caller",
                    "realm": configuration.realms[0].name,
                    "role": CONTROLLER_ROLE,
                    "options": {},
                },
            }
        },
    }


def _local_socket(port: int) -> dict[str, Any]:
    return {
        "type": "rawsocket",
        "endpoint": {"type": "unix", "path": SOCKET_NAME.format(port=port)},
        "serializers": ["msgpack"],
        "auth": _anonymous(AGENT_ROLE),
    }
