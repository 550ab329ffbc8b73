"""The realm as commands use it: joined for one command, and who is in it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ocs.cli.options import Where
from ocs.client.steps import Call, Conversation
from ocs.model.errors import NotFoundError, RouterLostError
from ocs.model.operation import OpCode
from ocs.wire import uris

if TYPE_CHECKING:
    from ocs.client import Observatory

JOIN_S = 10.0
HEARTBEATS_S = 1.5


@contextmanager
def realm(where: Where, *, timeout_s: float = JOIN_S) -> Iterator[Observatory]:
    """Be a member of the realm in the block.

    Raises:
        RouterLostError: The router is not there; at once when nobody listens on this machine.
    """
    from ocs.client import connect
    from ocs.client.settings import find_place

    place = find_place(where.url, realm=where.realm, root=where.root, site_file=where.site_file)
    _check_listening(place.url)
    with connect(
        where.url, realm=where.realm, root=where.root, site_file=where.site_file, timeout_s=timeout_s
    ) as observatory:
        yield observatory


def _check_listening(url: str) -> None:
    parts = urlsplit(url)
    if parts.hostname not in {"127.0.0.1", "localhost", "::1"} or parts.port is None:
        return
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=JOIN_S).close()
    except OSError as error:
        raise RouterLostError(
            f"no router listens on {url} ({(error.strerror or str(error)).lower()}); "
            "start it with `ocs up`, or say where it is by --port, --url or OCS_PORT",
            field="url", given=url,
        ) from error  # fmt: skip


def devices_here(observatory: Observatory) -> dict[str, dict[str, Any]]:
    """Return what is known of each device, by name, from the registry; without one, from heartbeats."""
    try:
        known = observatory.devices()
    except NotFoundError:
        return _by_heartbeat(observatory)
    name = observatory.realm.registry
    if name not in known:  # it does not hear itself
        api = api_of(observatory, name)
        codes = {op: session.get("op_code", OpCode.NONE.value) for op, session, _ in operations_in(api)}
        entry = {"expired": False, "last_updated": None, "agent_class": api.get("agent_class", ""), "op_codes": codes}
        known = {**known, name: entry}
    return known


def api_of(observatory: Observatory, device: str) -> dict[str, Any]:
    """Return what a device answers to OCS's `get_api`: its operations with their newest sessions, its feeds.

    Raises:
        NotFoundError: Nobody has the name.
    """

    def conversation() -> Conversation[dict[str, Any]]:
        answer = yield Call(uris.management(observatory.realm.root, device), ("get_api",), timeout_s=JOIN_S)
        return dict(answer)

    answered: dict[str, Any] = observatory.client.do(conversation())
    return answered


def operations_in(api: Mapping[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return (name, session, info) of each operation in an answer to `get_api`."""
    return [(name, session, info) for key in ("tasks", "processes") for name, session, info in api.get(key, ())]


def _by_heartbeat(observatory: Observatory) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}

    def heard(event: Any) -> None:
        found[event.device] = {
            "expired": False,
            "last_updated": None,
            "agent_class": event.info.get("agent_class", ""),
            # Agents of very old releases send the integer 0.
            "op_codes": dict(event.message) if isinstance(event.message, dict) else {},
            **{key: event.info[key] for key in ("agent", "health", "state") if event.info.get(key)},
        }

    subscription = observatory.subscribe("", "heartbeat", heard)
    threading.Event().wait(HEARTBEATS_S)
    subscription.close()
    return found
