"""Rules that no single value can show: names that meet, options that have no effect, times that are too short.

They look at the plain data, not at the models, so that they speak even when something else is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ocs.model.address import ADMIN_DOMAIN, fold
from ocs.site.arguments import flatten_arguments, group_arguments
from ocs.site.findings import KeyPath, Remark, Severity, path_text, suggestion

WITHOUT_EFFECT = ("--site", "--site-file", "--site-host", "--instance-id")
"""Options that say where the `arguments` are found, and so cannot stand in them."""

ROUTER_START_S = 20.0
"""Seconds that a router may need from start to answer (crossbar 26.10.1: 18 on a busy machine with two cores)."""


@dataclass(frozen=True, slots=True)
class _Place:
    """An agent of the file.

    Attributes:
        path: Where it stands.
        entry: Its keys.
        space: Router and realm, within which names must differ.
    """

    path: KeyPath
    entry: dict[str, Any]
    space: tuple[str, str]


def rules(data: Any, line: Callable[[KeyPath], int]) -> Iterator[Remark]:
    """Give the remarks that need the file alone; `line` tells where the other of two names is."""
    places = list(_instances(data))
    yield from _names(places, line)
    yield from _options(places)
    yield from _hub(data)
    yield from _timeouts(data)


def class_rules(data: Any, known_classes: Collection[str]) -> Iterator[Remark]:
    """Give a remark for each agent whose class is none of `known_classes`."""
    for place in _instances(data):
        name = place.entry.get("agent-class")
        if isinstance(name, str) and name not in known_classes:
            sentence = f"no agent class {name!r} is installed{suggestion(name, known_classes)}"
            yield Remark((*place.path, "agent-class"), sentence)


def _map(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _list(value: dict[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _instances(data: Any) -> Iterator[_Place]:
    hub = _map(data, "hub")
    for host_name, host in _map(data, "hosts").items():
        if not isinstance(host, dict):
            continue
        server = str(host.get("wamp_server") or hub.get("wamp_server"))
        realm = str(host.get("wamp_realm") or hub.get("wamp_realm"))
        for place, entry in enumerate(_list(host, "agent-instances")):
            if isinstance(entry, dict):
                yield _Place(("hosts", host_name, "agent-instances", place), entry, (server, realm))


def _names(places: list[_Place], line: Callable[[KeyPath], int]) -> Iterator[Remark]:
    seen: dict[tuple[tuple[str, str], str], tuple[KeyPath, str]] = {}
    for place in places:
        for path, name in _names_of(place):
            if name.split("/")[0].casefold() == ADMIN_DOMAIN:
                yield Remark(
                    path, f"{name!r} begins with {ADMIN_DOMAIN}/, which is kept for admin devices; choose another"
                )
            first_path, first = seen.setdefault((place.space, fold(name)), (path, name))
            if first_path == path or _same_agent(first_path, path):
                continue
            where = f"line {line(first_path)} ({path_text(first_path)})"
            if first == name:
                yield Remark(path, f"the name {name!r} is taken by {where}; every agent and device needs its own")
            else:
                sentence = f"the name {name!r} differs from {first!r} in {where} only in upper and lower case"
                yield Remark(path, f"{sentence}; choose another")


def _names_of(place: _Place) -> Iterator[tuple[KeyPath, str]]:
    instance = place.entry.get("instance-id")
    if isinstance(instance, str):
        yield (*place.path, "instance-id"), instance
    for index, device in enumerate(_list(place.entry, "devices")):
        name = device.get("name") if isinstance(device, dict) else None
        if isinstance(name, str):
            yield (*place.path, "devices", index, "name"), name


def _same_agent(first: KeyPath, second: KeyPath) -> bool:
    """Tell whether a device merely bears the name of its own agent."""
    return first[-1] == "instance-id" and second[: len(first) - 1] == first[:-1]


def _options(places: list[_Place]) -> Iterator[Remark]:
    for place in places:
        try:
            words = flatten_arguments(place.entry.get("arguments", []))
        except ValueError:
            continue  # the schema tells it
        for group in group_arguments(words):
            if group.name in WITHOUT_EFFECT:
                sentence = f"the option {group.name} has no effect in a site file; remove it"
                yield Remark((*place.path, "arguments"), sentence, Severity.WARNING)


def _hub(data: Any) -> Iterator[Remark]:
    if "registry_address" in _map(data, "hub"):
        sentence = "the key 'registry_address' is not used any more; remove it"
        yield Remark(("hub", "registry_address"), sentence, Severity.WARNING)


def _timeouts(data: Any) -> Iterator[Remark]:
    for name, host in _map(data, "hosts").items():
        seconds = host.get("crossbar_timeout") if isinstance(host, dict) else None
        if isinstance(seconds, int | float) and 0 < seconds < ROUTER_START_S:
            sentence = (
                f"agents end {seconds:g} s after the router went away, and it may need {ROUTER_START_S:g} s to start; "
                "write 0 to keep them waiting"
            )
            yield Remark(("hosts", name, "crossbar_timeout"), sentence, Severity.WARNING)
