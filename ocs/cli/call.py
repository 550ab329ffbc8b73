"""`ocs command`: commands of a device, answered in the call."""

from __future__ import annotations

from typing import Any

import click

from ocs.cli.completing import complete_command, complete_device, complete_parameter
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json, shown
from ocs.cli.realm import realm
from ocs.cli.targets import unknown
from ocs.cli.values import read_parameters, split_words
from ocs.model.errors import ExitCode

EPILOG = """\b
Examples:
  ocs command psu-1 Status
  ocs command psu-1 Init force=yes
  ocs command dserver/Psu/psu-1 polling_status device=psu-1

`ocs describe DEVICE` tells which there are."""


@click.command("command", epilog=EPILOG)
@click.argument("device", shell_complete=complete_device)
@click.argument("name", metavar="COMMAND", shell_complete=complete_command)
@click.argument("parameters", nargs=-1, metavar="[PARAM=VALUE]...", shell_complete=complete_parameter)
@where_options
@json_option
def command(where: Where, *, device: str, name: str, parameters: tuple[str, ...], as_json: bool) -> ExitCode:
    """Have a device carry a command out, and print its result."""
    given = split_words(parameters)
    with realm(where) as observatory:
        found = observatory[device]
        called = _command_of(found, name)
        result = called(**read_parameters(given, called.interface.params))
    if as_json:
        emit_json(result)
    else:
        _tell(result, str(called.interface.result.get("unit", "")))
    return ExitCode.OK


def _command_of(device: Any, name: str) -> Any:
    alike = [known for known in device.commands if known.casefold() == name.casefold()]
    if name in device.commands or len(alike) == 1:
        return device.commands[name if name in device.commands else alike[0]]
    raise unknown(device.name, "command", name, device.commands)


def _tell(result: Any, unit: str) -> None:
    if result is None:
        emit("done")
    elif isinstance(result, list) and result and all(isinstance(one, dict) for one in result):
        for one in result:
            emit(shown(one))
    else:
        emit(f"{shown(result)}{' ' + unit if unit else ''}")
