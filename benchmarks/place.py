"""The router and the programs of one run of the benchmarks."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peer import Peer, environment
from ocs.router.configuration import RouterConfiguration
from ocs.router.node import START_TIMEOUT_S, find_crossbar, free_port, is_ready, prepare
from ocs.site.state import router_folder

CROSSBAR = Path(".venvs/router/bin/crossbar")


@dataclass
class Place:
    """Where everything runs.

    Attributes:
        socket: The router's unix socket.
        router: Process id of the router's node.
        folder: State and logs.
    """

    port: int
    socket: Path
    router: int
    folder: Path
    environ: dict[str, str]
    _peers: list[Peer] = field(default_factory=list)

    def start(self, program: str, *arguments: str) -> Peer:
        """Start a program of `benchmarks.programs` and wait until it is ready."""
        peer = self.launch("-m", f"benchmarks.programs.{program}", *arguments)
        peer.line("ready")
        return peer

    def start_agent(self, name: str = "bench-1", archiver: str = "none") -> Peer:
        """Start the agent that is measured and wait until it has joined."""
        program = "benchmarks.programs.agent"
        peer = self.launch("-m", program, "--instance-id", name, "--archiver", archiver)
        peer.line("joined")
        return peer

    def launch(self, *arguments: str) -> Peer:
        """Start Python with arguments."""
        peer = Peer([sys.executable, *arguments], self.environ, self.folder / "programs.log")
        self._peers.append(peer)
        return peer

    def close(self) -> None:
        """End all programs."""
        for peer in self._peers:
            peer.end()


@contextmanager
def open_place() -> Iterator[Place]:
    """Start a router for the time of a `with` block."""
    with tempfile.TemporaryDirectory(prefix="ocs-bench-") as name:
        folder = Path(name)
        port = free_port()
        environ = environment(port, folder)
        crossbar = find_crossbar({"OCS_CROSSBAR": str(CROSSBAR.absolute())})
        node = prepare(router_folder(folder, "test_realm"), RouterConfiguration(port=port), crossbar)
        with (folder / "router.log").open("wb") as log:
            router = subprocess.Popen(node.command, stdout=log, stderr=log)  # noqa: S603 - our own router
        place = Place(port, node.local_socket or Path(), router.pid, folder, environ)
        try:
            _wait_until_ready(port)
            yield place
        finally:
            place.close()
            router.terminate()
            router.wait(timeout=20)


def _wait_until_ready(port: int) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    pause = threading.Event()
    while not is_ready(port):
        if time.monotonic() > end:
            raise RuntimeError(f"the router was not ready within {START_TIMEOUT_S:g} s")
        pause.wait(0.1)
