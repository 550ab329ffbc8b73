"""`ocs down`: the end of what `ocs up` started."""

from __future__ import annotations

import os
import select
import socket
import time

import click

from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json
from ocs.cli.realm import realm
from ocs.model.errors import DeadlineError, ExitCode, NotFoundError, RouterLostError

END_S = 60.0
EPILOG = """\b
Examples:
  ocs down
  ocs down --port 8042
  ocs down --host control-2       what `ocs up` started on another host"""


@click.command("down", epilog=EPILOG)
@where_options
@click.option("--host", help="Name of the host; this one by default.")
@json_option
def command(where: Where, *, host: str | None, as_json: bool) -> ExitCode:
    """End the agents and the router that `ocs up` started, and wait until they are gone."""
    from ocs.services.supervisor.plan import supervisor_name

    name = supervisor_name(host)
    began = time.monotonic()
    try:
        with realm(where) as observatory:
            supervisor = observatory[name]
            there = supervisor.interface.identity
            process = supervisor.down().result["pid"]
    except (NotFoundError, RouterLostError) as error:
        if as_json:
            emit_json({"ended": False, "reason": error.message})
        else:
            emit(f"nothing to end: {error.message}")
        return ExitCode.OK
    if there.host == socket.gethostname():
        _wait_for_end(process, name)
    took = time.monotonic() - began
    if as_json:
        emit_json({"ended": True, "supervisor": name, "pid": process, "seconds": took})
    else:
        emit(f"{name} and all that it started have ended ({took:.1f} s)")
    return ExitCode.OK


def _wait_for_end(process: int, name: str) -> None:
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(END_S * 1000):
            raise DeadlineError(
                f"{name} (process {process}) has not ended {END_S:g} s after it was told to; "
                "its log, supervisor.log, tells what it waits for"
            )
    finally:
        os.close(handle)
