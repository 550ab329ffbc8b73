"""`ocs state`: where a device is in its state chart, and transitions of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from ocs.cli.completing import complete_device, complete_state, complete_trigger
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import age, date, emit, emit_json, paint, sentence
from ocs.cli.realm import realm
from ocs.model.errors import ExitCode, NotFoundError

if TYPE_CHECKING:
    from ocs.wire.states import StateReport

EPILOG = """\b
Examples:
  ocs state psu-1                                  where it is, and what may be asked for
  ocs state psu-1 switch_on --reason 'first light'
  ocs state psu-1 --to OFF                         whichever transition leads there
  ocs describe psu-1 --graph                       the whole chart, as mermaid"""


@click.command("state", epilog=EPILOG)
@click.argument("device", shell_complete=complete_device)
@click.argument("trigger", required=False, shell_complete=complete_trigger)
@click.option("--to", metavar="STATE", help="Ask for the transition that leads there.", shell_complete=complete_state)
@click.option("--reason", default="", help="Why, for those who look at it later.")
@where_options
@json_option
def command(where: Where, *, device: str, trigger: str | None, to: str | None, reason: str, as_json: bool) -> ExitCode:
    """Show a device's state, or ask for a transition and show the state after it."""
    if trigger is not None and to is not None:
        raise click.UsageError(f"{trigger} is a transition and {to} a state; ask for one of them")
    if reason and trigger is None and to is None:
        raise click.UsageError("--reason belongs to a transition; name one, or a state by --to")
    with realm(where) as observatory:
        found = observatory[device]
        if found.interface.chart is None:
            raise NotFoundError(f"{found.name} has no state: it is an agent of OCS", field="state")
        if trigger is not None:
            report: StateReport = found.state.trigger(trigger, reason=reason)
        elif to is not None:
            report = found.state.to(to, reason=reason)
        else:
            report = found.state.read()
    if as_json:
        from ocs.wire.states import encode_report

        emit_json(encode_report(report))
    else:
        show_state(str(found.name), report, time.time())
    return ExitCode.OK


def state_word(report: StateReport) -> str:
    """Return the state of the chart, with the Tango state where that is another word."""
    tango = report.tango.name
    return report.state if report.state == tango else f"{report.state} ({tango})"


def show_state(device: str, report: StateReport, now: float) -> None:
    """Print all that a device tells of its state."""
    emit(f"{device}: {paint(state_word(report), report.tango.name)} for {age(now - report.since)}")
    lines = {
        "since": f"{date(report.since)} UTC{f' by {report.by}' if report.by else ''}",
        "reason": report.reason,
        "allowed": ", ".join(report.allowed) or "no transitions now",
    }
    for name, text in lines.items():
        if text:
            emit(f"  {name:<8} {text}")
    for place, line in enumerate(report.status.splitlines()):
        sentence(line, indent=f"  {'status' if place == 0 else '':<8} ")
