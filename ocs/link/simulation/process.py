"""A simulator as a child process of the agent that uses it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from ocs.link.simulation.announcement import Announcement, parse
from ocs.model.errors import DeadlineError, DuplicateError, ExitCode, LinkLostError

START_S = 15.0
"""How long a simulator may take to get ready."""

STOP_S = 3.0
"""How long a simulator may take to end before it is killed."""

KEPT_LINES = 40
"""Lines of a simulator's stderr that an error message tells."""


class Simulator:
    """Starts a simulator, knows whether it lives, and ends it; safe to use from any thread.

    The child ends with this process, whichever way that ends.

    Args:
        module: The simulator's module, such as `agents.smc100.sim`.
        options: Its command line besides name and directory.
        start_s: How long it may take until it is ready, in seconds.
    """

    def __init__(self, module: str, options: Sequence[str] = (), *, start_s: float = START_S) -> None:
        self._module = module
        self._options = tuple(options)
        self._start_s = start_s
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._port = ""

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """The child's process id; None when there is none."""
        return None if self._child is None else self._child.pid

    def start(self, name: str, directory: str | Path) -> str:
        """Start the simulator, again if it has died, and return the port to open.

        Does nothing but return the port while it runs.

        Args:
            name: The simulator's name in the directory.
            directory: Where it announces itself; made if it is not there.

        Raises:
            LinkLostError: It ended instead of getting ready; the end of its stderr is told.
            DeadlineError: It did not get ready in time, and was ended.
            DuplicateError: A simulator of this name runs already and belongs to somebody else.
        """
        with self._lock:
            if self._child is not None and self._child.alive:
                return self._port
            self._end()
            command = ["--name", name, "--directory", str(directory), *self._options]
            child = self._child = _Child(self._module, command)
            try:
                self._port = child.await_ready(name, self._start_s).port
            except BaseException:
                self._end()
                raise
            return self._port

    def stop(self) -> None:
        """End the child and wait until it is gone; nothing happens when there is none."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """One child process with the threads that read what it says."""

    def __init__(self, module: str, options: Sequence[str]) -> None:
        self._module = module
        self._ready: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        command = [sys.executable, "-m", module, "--parent", str(os.getpid()), *options]
        # The child finds what this process finds, such as agents beside the installed package.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
        )
        self._readers = [
            self._follow(self._process.stdout, self._ready.put),
            self._follow(self._process.stderr, self._said.append),
        ]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def await_ready(self, name: str, timeout_s: float) -> Announcement:
        try:
            line = self._ready.get(timeout=timeout_s)
        except queue.Empty:
            self.end()
            raise DeadlineError(
                f"the simulator '{name}' ({self._module}) was not ready within {timeout_s:g} s; {self._last_words()}"
            ) from None
        try:
            return parse(line)
        except ValueError:
            code = self.end(grace_s=STOP_S)
        if code == ExitCode.DUPLICATE.value:
            raise DuplicateError("".join(self._said).strip(), given=name)
        raise LinkLostError(
            f"the simulator '{name}' ({self._module}) ended with exit code {code} before it was "
            f"ready; {self._last_words()}",
            given=name,
        )

    def end(self, grace_s: float = 0.0) -> int:
        """Wait `grace_s` for the child's own end, then end it; return the exit code."""
        process = self._process
        for wait_s, urge in ((grace_s, process.terminate), (STOP_S, process.kill)):
            try:
                process.wait(wait_s)
                break
            except subprocess.TimeoutExpired:
                urge()
        code = process.wait(STOP_S)
        for reader in self._readers:
            reader.join(STOP_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        return code

    def _last_words(self) -> str:
        said = "".join(self._said).strip()
        return f"it said: {said}" if said else "it said nothing"

    def _follow(self, stream: IO[str] | None, take: Callable[[str], None]) -> threading.Thread:
        def read() -> None:
            for line in stream or ():
                take(line)
            take("")

        thread = threading.Thread(target=read, name=f"reads {self._module}", daemon=True)
        thread.start()
        return thread
