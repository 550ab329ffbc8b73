"""Finding devices by name, and what they tell of themselves, as conversations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocs.client.session import decode_session
from ocs.client.steps import Call, Conversation
from ocs.model.address import check_device_name, fold, is_admin
from ocs.model.errors import ConfigurationError, NotFoundError, OcsError
from ocs.model.interface import DeviceInterface
from ocs.wire import describe, uris
from ocs.wire.replies import decode_reply


def discover(root: str, name: str, registry: str = "registry") -> Conversation[DeviceInterface]:
    """Return the interface of the device `name`, also when its case differs, or of a plain agent of OCS.

    Raises:
        NotFoundError: Nobody has the name; the sentence tells near ones.
    """
    wanted = _nameable(strip_facility(root, name))
    try:
        return (yield from describe_device(root, wanted))
    except NotFoundError:
        names = yield from _known_names(root, registry)
    same = [known for known in names if fold(known) == fold(wanted)]
    if same and same[0] != wanted:
        return (yield from describe_device(root, same[0]))
    shown = [known for known in names if not is_admin(known)]
    listed = f"; here are {', '.join(shown)}" if shown else "; no registry tells who is here"
    raise NotFoundError(f"there is no device {wanted}{listed}", field=wanted, allowed=sorted(names))


def strip_facility(root: str, name: str) -> str:
    """Return the device's name without a leading `//facility/`.

    Raises:
        NotFoundError: It names another facility.
    """
    if not name.startswith("//"):
        return name
    facility, _, device = name[2:].partition("/")
    if facility != root:
        raise NotFoundError(f"{name} belongs to facility {facility}; this client is connected to {root}", field=name)
    return device


def _nameable(name: str) -> str:
    try:
        return check_device_name(name)
    except ConfigurationError as error:
        raise NotFoundError(error.message, field=name) from None


def list_devices(root: str, registry: str = "registry") -> Conversation[dict[str, dict[str, Any]]]:
    """Return what the registry knows of each device, by name."""
    answer = yield Call(uris.operations(root, registry), ("status", "main", {}))
    session = decode_session(decode_reply(answer).session)
    entries = session.data if session is not None and isinstance(session.data, dict) else {}
    return {address.partition(".")[2]: entry for address, entry in entries.items()}


def describe_device(root: str, name: str) -> Conversation[DeviceInterface]:
    """Return the interface of the device of exactly this name, or of a plain agent of OCS."""
    uri = uris.management(root, name)
    described = yield Call(uri, ("describe",))
    if isinstance(described, Mapping) and "identity" in described:
        return describe.decode_interface(described)
    api = yield Call(uri, ("get_api",))
    return describe.decode_api(root, name, api)


def _known_names(root: str, registry: str) -> Conversation[list[str]]:
    try:
        known = yield from list_devices(root, registry)
        return sorted(name for name, entry in known.items() if not entry.get("expired"))
    except OcsError:
        return []
