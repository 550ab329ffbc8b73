"""`ocs read`: what channels have as their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.completing import complete_channel, complete_target
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json, tell_error
from ocs.cli.readings import Shown, reading_document, show_history, show_readings
from ocs.cli.realm import realm
from ocs.cli.targets import exit_code_of, selected, targets
from ocs.model.errors import ExitCode

if TYPE_CHECKING:
    from ocs.client.readings import Reading

EPILOG = """\b
Examples:
  ocs read psu-1                           all its channels
  ocs read psu-1 voltage_1 'current_*'     some of them
  ocs read psu-1.voltage_1 thermo-1.T1     of several devices
  ocs read psu-1 --source device           ask the instrument itself
  ocs read psu-1 voltage_1 --history 20    the newest readings that its agent keeps
  ocs read psu-1 voltage_1 --json          all that is known of it, for programs

The exit code is that of the error when a channel could not be read."""


@click.command("read", epilog=EPILOG)
@click.argument("device", metavar="DEVICE[.CHANNEL]", shell_complete=complete_target)
@click.argument("channels", nargs=-1, metavar="[CHANNEL|PATTERN]...", shell_complete=complete_channel)
@click.option(
    "--source", type=click.Choice(["auto", "device", "cache"]), default="auto", show_default=True,
    help="Ask the instrument; or only the agent, which polls it; or the instrument when the agent has nothing fresh.",
)  # fmt: skip
@click.option("--max-age", "max_age_s", type=click.FloatRange(min=0), help="What counts as fresh, in s, with auto.")
@click.option("--history", type=click.IntRange(min=1), help="So many of the newest readings, oldest first.")
@where_options
@json_option
def command(
    where: Where, *, device: str, channels: tuple[str, ...], source: str, max_age_s: float | None,
    history: int | None, as_json: bool,
) -> ExitCode:  # fmt: skip
    """Show the values of channels: with unit, set point, quality and age, and what is wrong with them."""
    asked = targets(device, channels)
    rows: list[Shown] = []
    with realm(where) as observatory:
        for name, patterns in asked.items():
            found = observatory[name]
            names = selected(found, patterns)
            before = f"{found.name}." if len(asked) > 1 else ""
            rows += _read(found, names, before, source, max_age_s) if history is None else _recent(
                found, names, before, history
            )  # fmt: skip
    if as_json:
        emit_json(_documents(rows, listed=history is not None))
    elif history is None:
        show_readings(rows)
    else:
        show_history(rows)
        if not rows:
            emit("its agent keeps no readings yet")
    errors = [] if history is not None else [reading.error for _, _, reading in rows if reading.error is not None]
    if not as_json:
        for error in errors:
            tell_error(error.message)
    return exit_code_of(errors)


def _read(device: Any, names: list[str], before: str, source: str, max_age_s: float | None) -> list[Shown]:
    readings: Mapping[str, Reading] = device.read(names, source=source, max_age_s=max_age_s)
    return [(before + name, device.channels[name].interface, readings[name]) for name in names]


def _recent(device: Any, names: list[str], before: str, count: int) -> list[Shown]:
    return [
        (before + name, device.channels[name].interface, reading)
        for name in names
        for reading in device.channels[name].recent(count)
    ]


def _documents(rows: list[Shown], *, listed: bool) -> dict[str, Any]:
    if not listed:
        return {name: reading_document(reading) for name, _, reading in rows}
    documents: dict[str, list[dict[str, Any]]] = {}
    for name, _, reading in rows:
        documents.setdefault(name, []).append(reading_document(reading))
    return documents
