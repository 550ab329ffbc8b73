"""`ocs health`: how a device or the whole site is, and each cause of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.completing import complete_device
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import Word, age, date, emit, emit_json, paint, sentence, table
from ocs.cli.realm import realm
from ocs.cli.site_health import site_health
from ocs.model.errors import ExitCode, NotFoundError
from ocs.model.health import HealthLevel

if TYPE_CHECKING:
    from ocs.model.health import Health

NOT_WELL = frozenset({HealthLevel.BAD.value, HealthLevel.LOST.value})
OK = HealthLevel.OK.value
NAMES_TOLD = 3

EPILOG = """\b
Examples:
  ocs health              the whole site, agent by agent, and what is wrong in it
  ocs health psu-1        one device
  ocs health --json       all of it, for programs

The exit code is 1 when something is bad or lost."""

Told = Mapping[str, Any]
"""A health as on the wire."""


@click.command("health", epilog=EPILOG)
@click.argument("device", required=False, shell_complete=complete_device)
@where_options
@json_option
def command(where: Where, *, device: str | None, as_json: bool) -> ExitCode:
    """Tell how a device or the whole site is: each cause, since when, and what to do about it."""
    with realm(where) as observatory:
        told = site_health(observatory) if device is None else _device_health(observatory[device])
    if as_json:
        emit_json(told)
    elif device is None:
        show_site(told, time.time())
    else:
        show_device(device, told, time.time())
    return ExitCode.FAILED if told["level"] in NOT_WELL else ExitCode.OK


def _device_health(device: Any) -> Told:
    from ocs.wire.health import encode_health

    if not device.interface.identity.wire:
        raise NotFoundError(
            f"{device.name} does not tell its health: it is an agent of OCS; `ocs status {device.name}` tells its runs"
        )
    health: Health = device.health
    return encode_health(health)


def show_device(device: str, told: Told, now: float) -> None:
    """Print a device's health and its causes."""
    emit(f"{device}: {_level(told, now)}")
    for cause in told["causes"]:
        _show_cause(cause, now, "  ")


def show_site(told: Told, now: float) -> None:
    """Print the agents with how they are, then the causes, device by device."""
    agents: Mapping[str, Any] = told.get("agents", {})
    emit(f"site: {_level(told, now)}")
    emit()
    rows: list[list[str | Word]] = [
        [name, Word(str(agent["level"])), age(now - agent["since"]), _counted(agent.get("devices", {}))]
        for name, agent in sorted(agents.items(), key=lambda item: (-_rank(item[1]), item[0]))
    ]
    table(("AGENT", "HEALTH", "FOR", "DEVICES"), rows)
    for name, device in _unwell(agents):
        emit(f"\n{name}: {_level(device, now)}")
        for cause in device["causes"]:
            _show_cause(cause, now, "  ")
    if told.get("closed"):
        emit()
        sentence(f"closed in good order: {', '.join(told['closed'])}")


def _level(told: Told, now: float) -> str:
    return f"{paint(told['level'], told['level'])} for {age(now - told['since'])}"


def _show_cause(cause: Told, now: float, indent: str) -> None:
    level = str(cause["level"])
    emit(f"{indent}{paint(level, level)}  {cause['source']}, for {age(now - cause['since'])}, {_moment(cause, now)}")
    sentence(str(cause["sentence"]), indent=f"{indent}  ")


def _moment(cause: Told, now: float) -> str:
    day, _, clock = date(cause["since"]).partition(" ")
    today = date(now).startswith(day)
    return f"since {clock if today else f'{day} {clock}'} UTC"


def _unwell(agents: Mapping[str, Any]) -> list[tuple[str, Told]]:
    found = [
        (name, device)
        for agent in agents.values()
        for name, device in agent.get("devices", {}).items()
        if device["level"] != OK
    ]
    return sorted(found, key=lambda item: (-_rank(item[1]), item[0]))


def _rank(told: Told) -> int:
    return HealthLevel(told["level"]).rank


def _counted(devices: Mapping[str, Told]) -> str:
    names: dict[str, list[str]] = {}
    for name, told in devices.items():
        names.setdefault(str(told["level"]), []).append(name)
    counts = Counter(str(told["level"]) for told in devices.values())
    unwell = [f"{_named(names[level])} {level}" for level in sorted(names, key=_order) if level != OK]
    return ", ".join([*unwell, *([f"{counts[OK]} ok"] if counts[OK] else [])])


def _order(level: str) -> int:
    return -HealthLevel(level).rank


def _named(names: Sequence[str]) -> str:
    more = len(names) - NAMES_TOLD
    return " ".join(sorted(names)[:NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")
