"""`ocs status`: what the operations do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import Word, age, date, emit, emit_json, table, took
from ocs.cli.realm import api_of, complete_device, complete_operation, devices_here, operations_in, realm
from ocs.model.errors import ExitCode, OcsError

if TYPE_CHECKING:
    from ocs.client import Observatory

EPILOG = """\b
Examples:
  ocs status                           every device
  ocs status faker-1                   one device
  ocs status faker-1 delay_task        one operation, all that is known of its newest run
  ocs status faker-1 delay_task --history"""


@click.command("status", epilog=EPILOG)
@click.argument("device", required=False, shell_complete=complete_device)
@click.argument("op", required=False, shell_complete=complete_operation)
@click.option("--history", is_flag=True, help="The newest runs of the operation, up to 50, oldest first.")
@where_options
@json_option
def command(where: Where, *, device: str | None, op: str | None, history: bool, as_json: bool) -> ExitCode:
    """Show operations and how their newest runs are."""
    if history and op is None:
        raise click.UsageError("--history is about one operation; name a device and an operation")
    with realm(where) as observatory:
        if op is not None and device is not None:
            _one_operation(observatory, device, op, history=history, as_json=as_json)
        elif device is not None:
            _one_device(observatory, device, as_json=as_json)
        else:
            _all(observatory, as_json=as_json)
    return ExitCode.OK


def _all(observatory: Observatory, *, as_json: bool) -> None:
    answers: dict[str, Any] = {}
    lost: dict[str, dict[str, Any]] = {}
    for name, entry in sorted(devices_here(observatory).items()):
        try:
            if entry.get("expired"):
                lost[name] = entry
            else:
                answers[name] = api_of(observatory, name)
        except OcsError as error:
            lost[name] = {**entry, "error": error.message}
    if as_json:
        found = {name: {op: session for op, session, _ in operations_in(api)} for name, api in answers.items()}
        emit_json({**found, **dict.fromkeys(lost)})
        return
    now = time.time()
    rows: list[tuple[str | Word, ...]] = []
    for name in sorted([*answers, *lost]):
        rows += [_lost_row(name, lost[name], now)] if name in lost else _rows(name, answers[name], now)
    if rows:
        table(("DEVICE", "OPERATION", "STATE", "WHEN", "TELLS"), rows)
    else:
        emit("the realm is there, and nobody is in it; start agents with `ocs up`")


def _lost_row(name: str, entry: dict[str, Any], now: float) -> tuple[str | Word, ...]:
    heard = entry.get("time_expired")
    tells = entry.get("error", "no heartbeat")
    return (name, "", Word("lost"), f"{age(now - heard)} ago" if heard else "", tells)


def _rows(name: str, api: dict[str, Any], now: float) -> list[tuple[str | Word, ...]]:
    operations = enumerate(operations_in(api))
    return [(name if place == 0 else "", *_row(op, session, now)) for place, (op, session, _) in operations]


def _one_device(observatory: Observatory, device: str, *, as_json: bool) -> None:
    found = observatory[device]
    api = api_of(observatory, found.name)
    if as_json:
        emit_json({op: session for op, session, _ in operations_in(api)})
        return
    identity = found.interface.identity
    emit(f"{found.name}  {identity.device_class}, process {identity.pid} on {identity.host}")
    now = time.time()
    rows = [(op, info.get("op_type", ""), *_row(op, session, now)[1:]) for op, session, info in operations_in(api)]
    table(("OPERATION", "KIND", "STATE", "WHEN", "TELLS"), rows, indent="  ")


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
        (date(run.start_time), took(run.elapsed_s), Word(state_word(run)), _parameters(run), tells(run)) for run in runs
    ]
    table(("STARTED (UTC)", "TOOK", "STATE", "WITH", "TELLS"), rows)


def _parameters(run: Any) -> str:
    from ocs.cli.printing import shown

    return shown(dict(run.params))


def _row(op: str, session: dict[str, Any], now: float) -> tuple[str, Word, str, str]:
    from ocs.cli.sessions import row

    return row(op, session, now)
