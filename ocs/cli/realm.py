"""The realm as commands use it: joined for one command, and asked for names by the shell's completion."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from ocs.cli.options import Where
from ocs.client.steps import Call, Conversation
from ocs.model.errors import NotFoundError, OcsError, RouterLostError
from ocs.model.operation import OpCode
from ocs.wire import uris

if TYPE_CHECKING:
    from ocs.client import Observatory

JOIN_S = 10.0
HEARTBEATS_S = 1.5
COMPLETION_S = float(os.environ.get("OCS_COMPLETION_S", "2"))
"""Time, in s, after which the shell gets no names; a slow machine may want more."""


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
        }

    subscription = observatory.subscribe("", "heartbeat", heard)
    threading.Event().wait(HEARTBEATS_S)
    subscription.close()
    return found


def complete_device(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the devices whose names begin so; none when the realm does not tell in time."""
    names = _in_time(lambda: _device_names(context))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_operation(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the operations of the device on the command line."""
    device = context.params.get("device")
    names = _in_time(lambda: _operation_names(context, str(device))) if device else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_parameter(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the parameters of the operation on the command line, each with its `=`."""
    device, operation = context.params.get("device"), context.params.get("op")
    names = _in_time(lambda: _parameter_names(context, str(device), str(operation))) if operation else []
    return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


def _device_names(context: click.Context) -> list[str]:
    with realm(_where(context), timeout_s=COMPLETION_S) as observatory:
        return sorted(name for name, entry in devices_here(observatory).items() if not entry.get("expired"))


def _operation_names(context: click.Context, device: str) -> list[str]:
    with realm(_where(context), timeout_s=COMPLETION_S) as observatory:
        return sorted(observatory[device].operations)


def _parameter_names(context: click.Context, device: str, operation: str) -> list[str]:
    with realm(_where(context), timeout_s=COMPLETION_S) as observatory:
        schema = observatory[device].operations[operation].interface.params or {}
        return list(schema.get("properties", {}))


def _where(context: click.Context) -> Where:
    given = context.params
    if given.get("port"):  # a completion does not run the command, which would do this
        os.environ["OCS_PORT"] = str(given["port"])
    return Where(given.get("url"), given.get("realm"), given.get("root"), given.get("site_file"))


def _in_time(ask: Any) -> list[str]:
    names: list[str] = []

    def run() -> None:
        try:
            names.extend(ask())
        except (OcsError, OSError, KeyError):
            return  # a shell in the middle of a line wants no messages

    asking = threading.Thread(target=run, daemon=True)
    asking.start()
    asking.join(COMPLETION_S)
    return list(names)
