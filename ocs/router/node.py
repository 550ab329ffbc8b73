"""A crossbar node: its folder, the command that starts it, and when it is ready."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ocs.model.errors import ConfigurationError, DuplicateError
from ocs.router.configuration import RouterConfiguration, render_text, socket_path

START_TIMEOUT_S = 90.0
"""A quiet machine needs 3 to 8 s, a loaded one 40 s (performance page, 1.4)."""

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Node:
    """A router that may be started: command line, folder and port."""

    command: tuple[str, ...]
    folder: Path
    port: int

    @property
    def local_socket(self) -> Path | None:
        """The unix socket that it will serve, None when its path would be too long."""
        return socket_path(self.folder, self.port)


def find_crossbar(environ: Mapping[str, str], asked: str | None = None) -> str:
    """Return the path of crossbar's program.

    Args:
        environ: `OCS_CROSSBAR` names it.
        asked: The site file's `crossbar: bin`.

    Raises:
        ConfigurationError: It is not there; the sentence tells how to install it.
    """
    beside = Path(sys.executable).parent / "crossbar"
    for candidate in (asked, environ.get("OCS_CROSSBAR"), str(beside), shutil.which("crossbar")):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise ConfigurationError(
        "crossbar is not installed; run `make setup`, or install it into an environment of its own "
        "(python -m venv router && router/bin/pip install crossbar) and set OCS_CROSSBAR=router/bin/crossbar"
    )


def prepare(folder: Path, configuration: RouterConfiguration, crossbar: str, *, log_level: str = "warn") -> Node:
    """Write the node's folder and return the node.

    Raises:
        DuplicateError: The port is taken, or a router runs in this folder.
    """
    check_port(configuration.port)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fitting = replace(configuration, unix_socket=socket_path(folder, configuration.port) is not None)
    path = folder / "config.json"
    path.write_text(render_text(fitting))
    path.chmod(0o600)
    (folder / "node.pid").unlink(missing_ok=True)  # left by a router that was killed; the port tells the truth
    command = (crossbar, "start", "--cbdir", str(folder), "--config", str(path), "--loglevel", log_level)
    return Node(command, folder, configuration.port)


def check_port(port: int) -> None:
    """Make sure that nobody listens on `port`.

    Raises:
        DuplicateError: Somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DuplicateError(
                f"port {port} is taken by another program; end it (`ocs down`, if it is a site of yours) "
                f"or serve another port, as in `make run PORT={port + 41}`",
                field="port", given=port,
            ) from error  # fmt: skip


def is_ready(port: int, *, timeout_s: float = 1.0) -> bool:
    """Ask once whether a router answers at `port`."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_s)
    try:
        connection.request("GET", "/info")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    """Return a loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
