"""Asking a simulator about its world, and changing it, from another process."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocs.link.simulation.announcement import look_up
from ocs.model.errors import DeadlineError, DeviceError, LinkLostError

HOST = "127.0.0.1"
MAX_LINE = 65536


def ask_control(directory: str | Path, name: str, request: Mapping[str, Any], timeout_s: float = 2.0) -> dict[str, Any]:
    """Send one request to the simulator `name` that runs in `directory`, and return its answer.

    About half a millisecond. Two simulators that ask each other in their answers wait for each
    other: let one of them only be asked.

    Args:
        directory: The simulator's --directory.
        name: The simulator's --name.
        request: As the module `ocs.link.simulator` lists them.
        timeout_s: Longest wait in seconds for the connection, and again for the answer.

    Raises:
        LinkLostError: No such simulator runs.
        DeadlineError: It did not answer in time.
        DeviceError: It refused the request.
    """
    control = look_up(Path(directory), name).control
    try:
        with socket.create_connection((HOST, control), timeout_s) as connection:
            connection.sendall(json.dumps(dict(request)).encode() + b"\n")
            with connection.makefile("rb") as stream:
                line = stream.readline(MAX_LINE)
    except TimeoutError as error:
        raise DeadlineError(f"the simulator '{name}' did not answer {dict(request)} within {timeout_s:g} s") from error
    except OSError as error:
        raise LinkLostError(f"the simulator '{name}' is gone: {error}", given=name) from error
    if not line:
        raise LinkLostError(f"the simulator '{name}' ended before it answered", given=name)
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise DeviceError(f"the simulator '{name}' refused {dict(request)}: {answer['error']}")
    return answer
