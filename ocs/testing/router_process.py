"""A real router for tests: crossbar on a free port of loopback, in a folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ocs.model.errors import DeadlineError, RouterLostError
from ocs.realm.endpoint import Endpoint
from ocs.router.configuration import RealmAccess, RouterConfiguration
from ocs.router.node import HOST, START_TIMEOUT_S, free_port, is_ready, prepare

END_S = 20.0
_LOOK_S = 0.05
LOG_NAME = "crossbar.log"


class RouterProcess:
    """A crossbar process that tests may stop, freeze and kill.

    Args:
        folder: The node's folder; inside `<state>/<realm>/router` agents find its unix socket.
        crossbar: Path of crossbar's program.
        realms: The realms that it serves.
    """

    def __init__(self, folder: Path, crossbar: str, realms: Sequence[RealmAccess] = (RealmAccess(),)) -> None:
        self.folder = folder
        self.realms = tuple(realms)
        self.port = free_port()
        self._crossbar = crossbar
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen: list[int] = []

    @property
    def url(self) -> str:
        """Its WebSocket address."""
        return f"ws://{HOST}:{self.port}/ws"

    @property
    def realm(self) -> str:
        """Its first realm."""
        return self.realms[0].name

    @property
    def root(self) -> str:
        """The address root of its first realm."""
        return self.realms[0].root

    @property
    def way(self) -> Endpoint:
        """The way to it by RawSocket over TCP."""
        return Endpoint("rs", HOST, self.port, "")

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            RouterLostError: It ended at its start; the sentence has the end of its log.
            DeadlineError: It did not answer in time.
        """
        configuration = RouterConfiguration(port=self.port, realms=self.realms)
        node = prepare(self.folder, configuration, self._crossbar)
        with (self.folder / LOG_NAME).open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                node.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        pause, patience = threading.Event(), time.monotonic() + START_TIMEOUT_S
        while not is_ready(self.port):
            if self._process.poll() is not None:
                raise RouterLostError(f"crossbar ended at its start: {self._log_end()}")
            if time.monotonic() > patience:
                self.kill()
                raise DeadlineError(f"crossbar did not answer within {START_TIMEOUT_S:g} s: {self._log_end()}")
            pause.wait(_LOOK_S)

    def kill(self) -> None:
        """End it as a crash does, its workers too."""
        if self._process is None:
            return
        pids = self._pids()
        self._frozen.clear()
        _signal_all(pids, signal.SIGKILL)
        self._process.wait(END_S)
        self._process = None
        self._wait_until_free()

    def freeze(self) -> None:
        """Have it stand still: it takes connections, and answers nothing."""
        self._frozen = self._pids()
        _signal_all(self._frozen, signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on after `freeze`."""
        _signal_all(self._frozen, signal.SIGCONT)
        self._frozen = []

    def restore(self) -> None:
        """Undo what a test did: thaw it, and start it if it was killed."""
        self.thaw()
        if not self.running:
            self.start()

    def end(self) -> None:
        """End it in order, or by force when it does not."""
        self.thaw()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def _pids(self) -> list[int]:
        return [] if self._process is None else [*_children_of(self._process.pid), self._process.pid]

    def _wait_until_free(self) -> None:
        pause, patience = threading.Event(), time.monotonic() + END_S
        while time.monotonic() < patience:
            try:
                socket.create_connection((HOST, self.port), timeout=1.0).close()
            except OSError:
                return
            pause.wait(_LOOK_S)

    def _log_end(self) -> str:
        return (self.folder / LOG_NAME).read_text(errors="replace")[-2000:]


def _children_of(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [*_children_of(int(child)), int(child)]
    return found


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
