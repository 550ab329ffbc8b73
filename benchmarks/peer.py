"""A process that obeys commands, and the processor time that processes have used."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

ANSWER_S = 60.0


class Peer:
    """A running program of `benchmarks.programs`, or any program that prints lines.

    Args:
        command: The command line.
        environ: Its environment.
        log: File for its stderr.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as stream:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                list(command), env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream
            )
        self._name = " ".join(command[1:4])
        self._log = log
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def line(self, containing: str = "") -> str:
        """Return the next line that it prints, or the next that contains a text.

        Raises:
            RuntimeError: It printed none in time, or has ended.
        """
        while True:
            try:
                line = self._lines.get(timeout=ANSWER_S).decode()
            except queue.Empty:
                raise RuntimeError(f"{self._name} did not answer within {ANSWER_S:g} s") from None
            if not line:
                raise RuntimeError(f"{self._name} has ended; see {self._log}:\n{self._log.read_text()[-2000:]}")
            if containing in line:
                return line

    def answer(self) -> dict[str, Any]:
        """Return its next answer."""
        told: dict[str, Any] = json.loads(self.line())
        return told

    def tell(self, **command: Any) -> None:
        """Send a command without waiting."""
        stream = self.process.stdin
        if stream is None:
            raise RuntimeError(f"{self._name} takes no commands")
        stream.write(json.dumps(command).encode() + b"\n")
        stream.flush()

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command and return its answer."""
        self.tell(**command)
        return self.answer()

    def end(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(b"")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time that processes, their children and all their threads used until now, in s."""
    total = 0
    for pid in pids:
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            for thread in Path(f"/proc/{each.pid}/task").iterdir():
                total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process in B."""
    return int(psutil.Process(pid).memory_info().rss)


def environment(port: int, state: Path) -> dict[str, str]:
    """Return the environment in which every program runs."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OCS_")}
    return {**own, "OCS_PORT": str(port), "OCS_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1"}
