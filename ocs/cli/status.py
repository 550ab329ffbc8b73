"""`ocs status`: the states and health of devices, and what their operations do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.completing import complete_device, complete_operation
from ocs.cli.list_devices import WELL, notes
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import Word, age, date, emit, emit_json, paint, sentence, shown, table, took
from ocs.cli.realm import api_of, devices_here, operations_in, realm
from ocs.model.address import is_admin
from ocs.model.errors import ExitCode, OcsError

if TYPE_CHECKING:
    from ocs.client import Observatory

HOW = ("state", "health")

EPILOG = """\b
Examples:
  ocs status                           every device
  ocs status --all                     the agents' own admin devices too
  ocs status faker-1                   one device
  ocs status faker-1 delay_task        one operation, all that is known of its newest run
  ocs status faker-1 delay_task --history"""


@click.command("status", epilog=EPILOG)
@click.argument("device", required=False, shell_complete=complete_device)
@click.argument("op", required=False, shell_complete=complete_operation)
@click.option("--history", is_flag=True, help="The newest runs of the operation, up to 50, oldest first.")
@click.option("--all", "everybody", is_flag=True, help="The agents' own admin devices too (dserver/...).")
@where_options
@json_option
def command(
    where: Where, *, device: str | None, op: str | None, history: bool, everybody: bool, as_json: bool
) -> ExitCode:
    """Show the states and health of devices, their operations and how the newest runs are."""
    if history and op is None:
        raise click.UsageError("--history is about one operation; name a device and an operation")
    with realm(where) as observatory:
        if op is not None and device is not None:
            _one_operation(observatory, device, op, history=history, as_json=as_json)
        elif device is not None:
            _one_device(observatory, device, as_json=as_json)
        else:
            _all(observatory, everybody=everybody, as_json=as_json)
    return ExitCode.OK


# -- every device ------------------------------------------------------------------------------------


def _all(observatory: Observatory, *, everybody: bool, as_json: bool) -> None:
    known = devices_here(observatory)
    entries = {name: known[name] for name in sorted(known) if everybody or not hidden(name, known[name])}
    answers: dict[str, Any] = {}
    for name, entry in entries.items():
        try:
            if not entry.get("expired"):
                answers[name] = api_of(observatory, name)
        except OcsError as error:
            entries[name] = {**entry, "error": error.message}
    if as_json:
        emit_json({name: _document(entry, answers.get(name)) for name, entry in entries.items()})
    elif entries:
        table(*columns(entries, answers, time.time()))
        for note in notes(entries):
            sentence(note)
    else:
        emit("the realm is there, and nobody is in it; start agents with `ocs up`")


def hidden(name: str, entry: Mapping[str, Any]) -> bool:
    """Whether a device is an agent's own and needs nobody's eye."""
    return is_admin(name) and (bool(entry.get("expired")) or entry.get("health", "") in WELL)


def columns(
    entries: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Mapping[str, Any]], now: float
) -> tuple[list[str], list[Sequence[str | Word]]]:
    """Return the table's headers and rows; state and health have a column where somebody tells them.

    Args:
        entries: What the registry knows, by device.
        answers: What those who are here answered to `get_api`, by device.
        now: POSIX s, UTC.
    """
    told = [key for key in HOW if any(entry.get(key) for entry in entries.values())]
    rows: list[Sequence[str | Word]] = []
    for name, entry in entries.items():
        if name not in answers:
            rows.append(_missing_row(name, entry, told, now))
            continue
        how = [Word(str(entry.get(key, ""))) for key in told]
        runs = [_row(op, session, now) for op, session, _ in operations_in(answers[name])] or [("", Word(""), "", "")]
        blank = [""] * (1 + len(told))
        rows += [[*([name, *how] if place == 0 else blank), *run] for place, run in enumerate(runs)]
    return ["DEVICE", *(key.upper() for key in told), "OPERATION", "RUN", "WHEN", "TELLS"], rows


def _missing_row(name: str, entry: Mapping[str, Any], told: list[str], now: float) -> list[str | Word]:
    heard = entry.get("time_expired")
    tells = entry.get("error") or ("" if entry.get("sentence") else "no heartbeat")
    presence = Word(str(entry.get("presence") or "lost"))
    return [name, *([""] * len(told)), "", presence, f"{age(now - heard)} ago" if heard else "", str(tells)]


def _document(entry: Mapping[str, Any], api: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if api is None:
        return None
    operations = {op: session for op, session, _ in operations_in(api)}
    return {**{key: entry.get(key) for key in HOW}, "operations": operations}


# -- one device --------------------------------------------------------------------------------------


def _one_device(observatory: Observatory, device: str, *, as_json: bool) -> None:
    found = observatory[device]
    api = api_of(observatory, found.name)
    identity = found.interface.identity
    report = found.state.read() if found.interface.chart is not None else None
    health = found.health if identity.wire else None
    if as_json:
        entry = {"state": report and report.state, "health": health and health.level.value}
        emit_json(_document(entry, api))
        return
    emit(f"{found.name}  {identity.device_class}, process {identity.pid} on {identity.host}")
    now = time.time()
    if report is not None and health is not None:
        from ocs.cli.state import state_word

        state = paint(state_word(report), report.tango.name)
        level = paint(health.level.value, health.level.value)
        emit(f"  {state} for {age(now - report.since)}, health {level} for {age(now - health.since)}")
        for cause in health.causes:
            sentence(f"{cause.source}: {cause.sentence}", indent="  ")
    rows = [(op, info.get("op_type", ""), *_row(op, session, now)[1:]) for op, session, info in operations_in(api)]
    if rows:
        table(("OPERATION", "KIND", "RUN", "WHEN", "TELLS"), rows, indent="  ")


def _one_operation(observatory: Observatory, device: str, op: str, *, history: bool, as_json: bool) -> None:
    from ocs.cli.operate import operation_of
    from ocs.cli.sessions import show_session, state_word, tells

    operation = operation_of(observatory[device], op)
    if not history:
        session = operation.status()
        if as_json:
            emit_json(None if session is None else session.raw)
        elif session is None:
            emit(f"{device}.{op} never ran")
        else:
            show_session(device, session)
        return
    runs = operation.history()
    if as_json:
        emit_json([run.raw for run in runs])
        return
    rows = [
        (date(run.start_time), took(run.elapsed_s), Word(state_word(run)), shown(dict(run.params)), tells(run))
        for run in runs
    ]
    table(("STARTED (UTC)", "TOOK", "STATE", "WITH", "TELLS"), rows)


def _row(op: str, session: dict[str, Any], now: float) -> tuple[str, Word, str, str]:
    from ocs.cli.sessions import row

    return row(op, session, now)
