"""`ocs list`: who is here."""

from __future__ import annotations

import time
from typing import Any

import click

from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import OP_WORDS, Word, age, emit, emit_json, table
from ocs.cli.realm import devices_here, realm
from ocs.model.errors import ExitCode

QUIET = frozenset({"never ran", "succeeded"})
EPILOG = """\b
Examples:
  ocs list
  ocs list --json
  ocs list --port 8042"""


@click.command("list", epilog=EPILOG)
@where_options
@json_option
def command(where: Where, *, as_json: bool) -> ExitCode:
    """List the devices of the realm and what they do.

    A device is lost when its heartbeat stopped; a device that was ended in good order stays in the list as lost.
    """
    with realm(where) as observatory:
        devices = devices_here(observatory)
    if as_json:
        emit_json(devices)
    elif not devices:
        emit("the realm is there, and nobody is in it; start agents with `ocs up`")
    else:
        now = time.time()
        table(
            ("DEVICE", "CLASS", "STATE", "HEARD", "DOES"), [_row(name, devices[name], now) for name in sorted(devices)]
        )
    return ExitCode.OK


def _row(name: str, entry: dict[str, Any], now: float) -> tuple[str, str, Word, str, str]:
    words = {op: OP_WORDS.get(code, str(code)) for op, code in entry.get("op_codes", {}).items()}
    does = ", ".join(f"{op} {word}" for op, word in sorted(words.items()) if word not in QUIET)
    lost = bool(entry.get("expired"))
    heard = entry.get("last_updated")
    return (
        name,
        str(entry.get("agent_class", "")),
        Word("lost" if lost else "here"),
        "now" if heard is None else age(now - heard),
        "" if lost else does or "nothing",
    )
