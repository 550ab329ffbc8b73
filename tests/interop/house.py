"""A router with agents of both implementations: ours from this checkout, OCS 0.12's from an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocs.client import Observatory, connect
from ocs.model.errors import OcsError
from ocs.router.configuration import RouterConfiguration
from ocs.router.node import START_TIMEOUT_S, find_crossbar, free_port, is_ready, prepare
from ocs.site.state import router_folder

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
UPSTREAM = CHECKOUT / ".venvs" / "interop" / "bin"
REALM = "test_realm"
OURS = {
    "registry": "RegistryAgent",
    "faker-1": "FakeDataAgent",
    "faker-2": "FakeDataAgent",
    "bare-1": "BarebonesAgent",
    "host-1": "HostsAgent",
    "archiver": "ArchiverAgent",
}
THEIRS = {"their-registry": "RegistryAgent", "their-faker": "FakeDataAgent", "their-bare": "BarebonesAgent"}


@dataclass(frozen=True)
class House:
    """A running router, and what is needed to reach it."""

    port: int
    site_file: Path
    environ: dict[str, str]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def tell(self, python: str | Path, script: str, *arguments: str) -> dict[str, Any]:
        """Run a script of this folder in another process and return the JSON that it prints last."""
        command = [str(python), str(HERE / script), *arguments]
        done = subprocess.run(
            command,
            env=self.environ,
            cwd=self.site_file.parent,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told


def until(true: Callable[[], bool], what: str, deadline_s: float) -> None:
    """Ask again and again until the answer is yes."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while not true():
        assert time.monotonic() < end, f"{what}: not within {deadline_s:g} s"
        pause.wait(0.1)


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Start the router and all agents for the time of a `with` block."""
    port = free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OCS_")},
        "OCS_PORT": str(port),
        "OCS_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": "",
        "PYTHONWARNINGS": "ignore",
        "COLUMNS": "100",
    }
    given = {**environ, "OCS_CROSSBAR": os.environ.get("OCS_CROSSBAR", str(CHECKOUT / ".venvs/router/bin/crossbar"))}
    node = prepare(router_folder(folder / "state", REALM), RouterConfiguration(port=port), find_crossbar(given))
    site_file = folder / "site.yaml"
    site_file.write_text(site_text(port))
    running = [start(node.command, environ, folder / "router.log")]
    try:
        until(lambda: is_ready(port), "the router", START_TIMEOUT_S)
        options = ["--site-file", str(site_file), "--site-host", "localhost"]
        for name in OURS:
            command = [sys.executable, "-m", "ocs.agent", "--instance-id", name, *options]
            running.append(start(command, environ, folder / f"{name}.log"))
        for name in THEIRS:
            command = [str(UPSTREAM / "ocs-agent-cli"), "--instance-id", name, *options]
            running.append(start(command, environ, folder / f"{name}.log"))
        with connect(f"ws://127.0.0.1:{port}/ws", root="observatory") as obs:
            for name in (*OURS, *THEIRS):
                until(lambda: answers(obs, name), name, 40)  # noqa: B023 - asked within the loop
        yield House(port, site_file, environ)
    finally:
        for process in running[1:]:
            process.terminate()
        for process in running[1:]:
            end(process)
        running[0].terminate()
        end(running[0])


def site_text(port: int) -> str:
    """Return a site file that both implementations read."""
    agents = "".join(
        f"      - {{agent-class: {kind}, instance-id: {name}, arguments: [{arguments_of(kind)}]}}\n"
        for name, kind in {**OURS, **THEIRS}.items()
    )
    return (
        f"hub:\n  wamp_server: ws://127.0.0.1:{port}/ws\n  wamp_http: http://127.0.0.1:{port}/call\n"
        f"  wamp_realm: {REALM}\n  address_root: observatory\n"
        f"hosts:\n  localhost:\n    agent-instances:\n{agents}"
    )


def arguments_of(agent_class: str) -> str:
    return "--mode, idle" if agent_class in {"FakeDataAgent", "BarebonesAgent"} else ""


def start(command: Sequence[str], environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen(
            list(command), env=environ, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )


def answers(obs: Observatory, name: str) -> bool:
    try:
        return bool(obs[name].operations)
    except OcsError:
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
