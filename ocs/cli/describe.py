"""`ocs describe`: what a device is and offers."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import click

from ocs.cli.channel_lines import OF_EVERY_DEVICE, channel_lines, chart_lines
from ocs.cli.completing import complete_device
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import WIDTH, date, emit, emit_json, sentence
from ocs.cli.realm import realm
from ocs.cli.values import choices_of, kinds_of
from ocs.model.errors import ExitCode, NotFoundError
from ocs.model.interface import DeviceInterface, OperationInterface

EPILOG = """\b
Examples:
  ocs describe faker-1
  ocs describe faker-1 --graph         its state chart as mermaid, for a page or a viewer
  ocs describe faker-1 --schema        parameters and results as JSON schemas
  ocs describe faker-1 --json          all of it, for programs"""


@click.command("describe", epilog=EPILOG)
@click.argument("device", shell_complete=complete_device)
@click.option("--schema", is_flag=True, help="The JSON schemas of parameters and results.")
@click.option("--graph", is_flag=True, help="The state chart as a mermaid diagram, and nothing else.")
@where_options
@json_option
def command(where: Where, *, device: str, schema: bool, graph: bool, as_json: bool) -> ExitCode:
    """Tell what a device is: its channels, commands, states, operations and feeds, with units and limits."""
    if schema and graph:
        raise click.UsageError("--schema and --graph are two answers; ask for one of them")
    with realm(where) as observatory:
        interface: DeviceInterface = observatory[device].interface
    if schema:
        operations = [*interface.operations.items(), *interface.commands.items()]
        emit_json({name: {"params": op.params, "result": dict(op.result)} for name, op in operations})
    elif graph:
        if interface.chart is None:
            raise NotFoundError(f"{interface.identity.name} has no state chart: it is an agent of OCS", field="graph")
        emit(interface.chart.graph.rstrip("\n"))
    elif as_json:
        from ocs.wire.describe import encode_interface

        emit_json(encode_interface(interface))
    else:
        _tell(interface)
    return ExitCode.OK


def _tell(interface: DeviceInterface) -> None:
    identity = interface.identity
    emit(f"{identity.name}  {identity.device_class}{' ' + identity.version if identity.version else ''}")
    _paragraph(identity.doc, "  ")
    since = f", since {date(identity.epoch / 1e9)} UTC" if identity.epoch else ""
    emit(f"  address {identity.address}, process {identity.pid} on {identity.host}{since}")
    if not identity.wire:
        emit("  an agent of OCS: it does not tell its parameters")
    _tell_channels(interface)
    if interface.chart is not None:
        emit()
        for line in chart_lines(interface.chart):
            sentence(line)
    own = [command for name, command in interface.commands.items() if name not in OF_EVERY_DEVICE]
    for operation in [*own, *interface.operations.values()]:
        emit()
        _tell_operation(operation)
    if interface.commands:
        emit(f"\n{'and as every device' if own else 'commands of every device'}: {', '.join(OF_EVERY_DEVICE)}")
    if interface.feeds:
        emit("\nfeeds:")
    for name, feed in interface.feeds.items():
        kept = "" if feed.record else " (not recorded)"
        emit(f"  {name}{kept}{': ' + feed.doc if feed.doc else ''}")


def _tell_channels(interface: DeviceInterface) -> None:
    own = [channel for name, channel in interface.channels.items() if name not in OF_EVERY_DEVICE]
    if not own:
        return
    emit("\nchannels:")
    for channel in own:
        first, *more = channel_lines(channel)
        sentence(first, indent="  ")
        for line in more:
            sentence(line, indent="      ")


def _tell_operation(operation: OperationInterface) -> None:
    limit = f", ends after {operation.timeout_s:g} s" if operation.timeout_s else ""
    fixed = "" if operation.abortable else ", cannot be aborted"
    emit(f"{operation.kind.value} {operation.name}{limit}{fixed}")
    _paragraph(operation.doc.split("\n\n", maxsplit=1)[0], "  ")
    for line in parameter_lines(operation.params):
        emit(f"    {line}")
    unit = operation.result.get("unit", "")
    if operation.result:
        emit(f"  gives {operation.result.get('type', 'a value')}{' in ' + unit if unit else ''}")


def parameter_lines(schema: Mapping[str, Any] | None) -> list[str]:
    """Return lines for each parameter: type, unit, limits and default, then its help."""
    if schema is None:
        return []
    required = set(schema.get("required", ()))
    lines = []
    for name, entry in schema.get("properties", {}).items():
        choices = choices_of(entry, schema)
        kinds = [kind for kind in kinds_of(entry, schema) if kind != "null"]
        kind = "|".join(str(one) for one in choices) if choices else "|".join(kinds) or "any"
        unit = f" {entry['unit']}" if entry.get("unit") else ""
        bounds = limits(entry)
        default = "needed" if name in required else f"default {_spelt(entry.get('default'))}"
        lines.append(f"{name}: {kind}{unit}{bounds}, {default}")
        lines += [f"    {line}" for line in textwrap.wrap(entry.get("description", ""), WIDTH - 8)]
    return lines


def limits(entry: Mapping[str, Any]) -> str:
    """Return the limits of a number in words, with a blank before."""
    for one in (entry, *entry.get("anyOf", ())):
        low = one.get("minimum", one.get("exclusiveMinimum"))
        high = one.get("maximum", one.get("exclusiveMaximum"))
        if low is not None and high is not None:
            return f" {low:g} to {high:g}"
        if low is not None:
            return f" from {low:g}"
        if high is not None:
            return f" up to {high:g}"
    return ""


def _spelt(value: Any) -> str:
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _paragraph(text: str, indent: str) -> None:
    for line in textwrap.wrap(" ".join(text.split()), WIDTH - len(indent)):
        emit(indent + line)
