"""`ocs router`: the router alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ocs.cli.options import Where, where_options
from ocs.cli.printing import emit
from ocs.model.errors import ExitCode, RouterLostError

if TYPE_CHECKING:
    from ocs.services.supervisor.plan import ChildPlan

LOOK_S = 0.1
END_S = 12.0


@click.group("router", epilog="\b\nExamples:\n  ocs router start --port 8042\n  ocs router config > config.json")
def command() -> None:
    """Start the router alone, or show its configuration."""


@command.command("config", epilog="\b\nExamples:\n  ocs router config\n  ocs router config --port 8042 --realm night")
@where_options
def config(where: Where) -> ExitCode:
    """Print crossbar's configuration for the site's port and realm."""
    from urllib.parse import urlsplit

    from ocs.router.configuration import RealmAccess, RouterConfiguration, render_text
    from ocs.site import client_settings

    settings = client_settings(where.words, os.environ)
    port = urlsplit(settings.router_url).port or 0
    realms = (RealmAccess(settings.realm, settings.address_root),)
    click.echo(render_text(RouterConfiguration(port, realms)), nl=False)
    return ExitCode.OK


@command.command("start", epilog="\b\nExamples:\n  ocs router start\n  ocs router start --port 8042\n\nCtrl-C ends it.")
@where_options
def start(where: Where) -> ExitCode:
    """Serve the router alone, in the foreground; agents join it by `ocs up --no-router`."""
    from ocs.services.supervisor.plan import plan_router
    from ocs.site import client_settings

    settings = client_settings(where.words, os.environ)
    plan = plan_router(settings, None, os.environ)
    began = time.monotonic()
    child = _begin(plan.prepare())
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _await_ready(child, plan.configuration.port)
        emit(
            f"router ready on port {plan.configuration.port} ({time.monotonic() - began:.1f} s), "
            f"realm {settings.realm}; Ctrl-C ends it"
        )
        code = child.wait()
        raise RouterLostError(f"the router ended with exit code {code}; what it said is above")
    except KeyboardInterrupt:
        return ExitCode.OK
    finally:
        _end(child)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _begin(plan: ChildPlan) -> subprocess.Popen[bytes]:
    from ocs.services.supervisor.child import leashed

    return subprocess.Popen(leashed(plan.command), stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own program, no shell


def _await_ready(child: subprocess.Popen[Any], port: int) -> None:
    from ocs.router.node import START_TIMEOUT_S, is_ready

    deadline, pause = time.monotonic() + START_TIMEOUT_S, threading.Event()
    while not is_ready(port):
        if child.poll() is not None:
            raise RouterLostError("the router ended before it was ready; what it said is above")
        if time.monotonic() > deadline:
            raise RouterLostError(f"the router does not answer on port {port} after {START_TIMEOUT_S:g} s")
        pause.wait(LOOK_S)


def _end(child: subprocess.Popen[Any]) -> None:
    sys.stdout.flush()
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(END_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(END_S)
