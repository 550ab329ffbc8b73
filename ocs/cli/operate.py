"""`ocs start|run|wait|abort|stop DEVICE OP`: operations from the command line."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.completing import complete_device, complete_operation, complete_parameter
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json, on_terminal, shown
from ocs.cli.realm import realm
from ocs.cli.values import read_parameters, split_words
from ocs.model.errors import ExitCode, NotFoundError, OcsError, OperationFailedError

if TYPE_CHECKING:
    from ocs.client.session import Session

END_S = 30.0
"""How long a run that is aborted by Ctrl-C is waited for."""

PARAMETERS = """\b
Parameters are written name=value: target=310 slow=yes channels='[1, 2]'.
`ocs describe DEVICE` tells which there are."""


def operation_of(device: Any, name: str) -> Any:
    """Return an operation of a device.

    Raises:
        NotFoundError: It has none of this name; the sentence tells the nearest one, or all.
    """
    operation = device.operations.get(name) or device.operations.get(name.replace("-", "_"))
    if operation is None:
        near = difflib.get_close_matches(name, device.operations, n=1)
        told = f"did you mean {near[0]}?" if near else f"it has {', '.join(device.operations) or 'none'}"
        raise NotFoundError(f"{device.name} has no operation {name}; {told}", field=name)
    return operation


def _arguments(function: Callable[..., Any]) -> Any:
    decorated: Any = json_option(where_options(function))
    decorated = click.argument("op", shell_complete=complete_operation)(decorated)
    return click.argument("device", shell_complete=complete_device)(decorated)


_parameters = click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...", shell_complete=complete_parameter)
_waiting = (
    click.option("--timeout", "timeout_s", type=click.FloatRange(min=0), help="Wait so many seconds at most."),
    click.option("--abort-on-interrupt", is_flag=True, help="Ctrl-C ends the run too, not only the wait."),
)


def _wait_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_waiting):
        function = option(function)
    return function


@click.command(
    "start", epilog=f"{PARAMETERS}\n\n\b\nExamples:\n  ocs start faker-1 acq\n  ocs start oven-1 ramp target=310"
)
@_arguments
@_parameters
def start(where: Where, *, device: str, op: str, parameters: tuple[str, ...], as_json: bool) -> ExitCode:
    """Start an operation and return at once."""
    given = split_words(parameters)
    with realm(where) as observatory:
        operation = operation_of(observatory[device], op)
        session: Session = operation.start(**read_parameters(given, operation.interface.params)).session
    if as_json:
        emit_json(session.raw)
    else:
        emit(f"{operation.address} started; `ocs status {device} {op}` tells how it is")
    return ExitCode.OK


@click.command(
    "run",
    epilog=f"{PARAMETERS}\n\n\b\nExamples:\n  ocs run faker-1 delay_task delay=2\n"
    "  ocs run oven-1 ramp target=310 --timeout 600 --abort-on-interrupt",
)
@_arguments
@_wait_options
@_parameters
def run(
    where: Where, *, device: str, op: str, parameters: tuple[str, ...], as_json: bool,
    timeout_s: float | None, abort_on_interrupt: bool,
) -> ExitCode:  # fmt: skip
    """Start an operation and wait until it ended.

    The exit code tells how it ended. Ctrl-C ends the wait; the run goes on unless --abort-on-interrupt is given.
    """
    given = split_words(parameters)
    with realm(where) as observatory:
        operation = operation_of(observatory[device], op)
        session: Session = operation.start(**read_parameters(given, operation.interface.params)).session
        return _until_ended(
            observatory.client, operation, session,
            timeout_s=timeout_s, abort_on_interrupt=abort_on_interrupt, as_json=as_json,
        )  # fmt: skip


@click.command("wait", epilog="\b\nExamples:\n  ocs wait faker-1 delay_task\n  ocs wait oven-1 ramp --timeout 600")
@_arguments
@_wait_options
def wait(
    where: Where, *, device: str, op: str, as_json: bool, timeout_s: float | None, abort_on_interrupt: bool
) -> ExitCode:
    """Wait until an operation ended; its newest run counts, which may have ended before."""
    with realm(where) as observatory:
        operation = operation_of(observatory[device], op)
        session: Session | None = operation.status()
        if session is None:
            raise OperationFailedError(f"{operation.address} never ran; start it with `ocs run {device} {op}`")
        return _until_ended(
            observatory.client, operation, session,
            timeout_s=timeout_s, abort_on_interrupt=abort_on_interrupt, as_json=as_json,
        )  # fmt: skip


@click.command("abort", epilog="\b\nExamples:\n  ocs abort faker-1 delay_task")
@_arguments
def abort(where: Where, *, device: str, op: str, as_json: bool) -> ExitCode:
    """Ask a task to end; `ocs wait` tells when it has."""
    return _ask(where, device, op, "abort", as_json=as_json)


@click.command("stop", epilog="\b\nExamples:\n  ocs stop faker-1 acq")
@_arguments
def stop(where: Where, *, device: str, op: str, as_json: bool) -> ExitCode:
    """Ask a process to end; `ocs wait` tells when it has."""
    return _ask(where, device, op, "stop", as_json=as_json)


commands = {"start": start, "run": run, "wait": wait, "abort": abort, "stop": stop}


def _ask(where: Where, device: str, op: str, action: str, *, as_json: bool) -> ExitCode:
    with realm(where) as observatory:
        operation = operation_of(observatory[device], op)
        session: Session = getattr(operation, action)()
    if as_json:
        emit_json(session.raw)
    else:
        emit(f"{operation.address} was asked to {action}")
    return ExitCode.OK


def _until_ended(
    client: Any, operation: Any, begun: Session, *, timeout_s: float | None, abort_on_interrupt: bool, as_json: bool
) -> ExitCode:
    from ocs.cli.following import follow
    from ocs.cli.progress import BarDisplay, LineDisplay, Silence

    session = begun
    display = Silence() if as_json else BarDisplay(operation.address) if on_terminal() else LineDisplay()
    try:
        with display:
            for newest in follow(client, operation, begun, timeout_s):
                session = newest
                display.show(session)
    except KeyboardInterrupt:
        _interrupted(client, operation, session, end=abort_on_interrupt)
        return ExitCode.INTERRUPTED
    if as_json:
        emit_json(session.raw)
        return ExitCode.OK if session.success else session.error(operation.requests.name).exit_code
    session.check(operation.requests.name)
    emit(f"{operation.requests.name}: {session.sentence}")
    if session.result is not None:
        unit = operation.interface.result.get("unit", "")
        emit(f"result: {shown(session.result)}{' ' + unit if unit else ''}")
    return ExitCode.OK


def _interrupted(client: Any, operation: Any, session: Session, *, end: bool) -> None:
    from ocs.cli.following import follow

    device, op = operation.requests.name, operation.name
    if not end:
        word = "abort" if operation.interface.kind.value == "task" else "stop"
        click.echo(
            f"interrupted: {operation.address} goes on; `ocs wait {device} {op}` waits for it again, "
            f"`ocs {word} {device} {op}` ends it", err=True,
        )  # fmt: skip
        return
    try:
        operation.end()
        last = list(follow(client, operation, session, END_S))[-1]
        click.echo(f"interrupted: {device}: {last.sentence}", err=True)
    except OcsError as error:
        click.echo(f"interrupted: {error.message}", err=True)
