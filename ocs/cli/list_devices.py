"""`ocs list`: who is here, who is not, and how they are."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import OP_WORDS, Word, age, emit, emit_json, table
from ocs.cli.realm import devices_here, realm
from ocs.model.address import is_admin
from ocs.model.errors import ExitCode

QUIET = frozenset({"never ran", "succeeded"})
NAMES_TOLD = 4
WELL = frozenset({"", "ok"})
EPILOG = """\b
Examples:
  ocs list
  ocs list --all
  ocs list --json
  ocs list --port 8042"""

Entry = Mapping[str, Any]


@click.command("list", epilog=EPILOG)
@click.option("--all", "everybody", is_flag=True, help="The agents' own admin devices too (dserver/...).")
@where_options
@json_option
def command(where: Where, *, everybody: bool, as_json: bool) -> ExitCode:
    """List the devices of the realm, how they are and what they do.

    A device that is not here was closed in good order, is gone with its process or its network, or is lost: still
    connected, but without a heartbeat. Below the list is what to do about it.
    """
    with realm(where) as observatory:
        known = devices_here(observatory)
    names = sorted(known, key=lambda name: (name.casefold(), name))
    devices = {name: known[name] for name in names if everybody or not _hidden(name, known[name])}
    if as_json:
        emit_json(devices)
    elif not devices:
        emit("the realm is there, and nobody is in it; start agents with `ocs up`")
    else:
        headers, rows = columns(devices, time.time())
        table(headers, rows)
        for note in notes(devices):
            emit(note)
    return ExitCode.OK


def columns(devices: Mapping[str, Entry], now: float) -> tuple[list[str], list[list[str | Word]]]:
    """Return the table's headers and rows; health and state have a column where somebody tells them.

    Args:
        devices: What the registry knows, by name.
        now: POSIX s, UTC.
    """
    told = [key for key in ("health", "state") if any(entry.get(key) for entry in devices.values())]
    headers = ["DEVICE", "CLASS", "PRESENCE", "SINCE", *(key.upper() for key in told), "DOES"]
    rows: list[list[str | Word]] = []
    for name, entry in devices.items():
        here = _presence(entry) == "here"
        kind = str(entry.get("class") or entry.get("agent_class", ""))
        how = [Word(str(entry.get(key, "")) if here else "") for key in told]
        rows.append([name, kind, Word(_presence(entry)), _since(entry, now), *how, _does(entry) if here else ""])
    return headers, rows


def notes(devices: Mapping[str, Entry]) -> list[str]:
    """Return what to do about those who are not here or not well: a line for each reason, however many share it."""
    missing: dict[tuple[str, str], list[str]] = defaultdict(list)
    unwell, clashes = [], set()
    for name, entry in devices.items():
        presence = _presence(entry)
        if presence in {"gone", "lost"} and entry.get("sentence"):
            missing[presence, str(entry["sentence"])].append(name)
        if presence == "here" and entry.get("health", "") not in WELL:
            unwell.append(name)
        if entry.get("conflict"):
            clashes.add(tuple(sorted((name, str(entry["conflict"])))))
    told = [f"{_names(names)} {presence}: {sentence}" for (presence, sentence), names in missing.items()]
    told += [f"{one} and {other} differ only in case; rename one of them" for one, other in sorted(clashes)]
    if unwell:
        told.append(f"{_names(unwell)}: `ocs health` tells what is wrong and what to do")
    return told


def _hidden(name: str, entry: Entry) -> bool:
    """Whether a device is an agent's own and needs nobody's eye: its process is well, or went with its devices."""
    return is_admin(name) and (_presence(entry) != "here" or entry.get("health", "") in WELL)


def _presence(entry: Entry) -> str:
    # A registry of OCS tells only whether the heartbeat stopped.
    return str(entry.get("presence") or ("lost" if entry.get("expired") else "here"))


def _since(entry: Entry, now: float) -> str:
    moment = entry.get("started") if _presence(entry) == "here" else entry.get("since") or entry.get("time_expired")
    return "" if moment is None else f"{age(now - moment)} ago"


def _does(entry: Entry) -> str:
    words = {op: OP_WORDS.get(code, str(code)) for op, code in entry.get("op_codes", {}).items()}
    return ", ".join(f"{op} {word}" for op, word in sorted(words.items()) if word not in QUIET) or "nothing"


def _names(names: Sequence[str]) -> str:
    more = len(names) - NAMES_TOLD
    return ", ".join(names[:NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")
