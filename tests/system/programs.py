"""Real programs in tests: started, listened to, and ended by their pid; every wait has a deadline."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
CROSSBAR = os.environ.get("OCS_CROSSBAR", str(CHECKOUT / ".venvs/router/bin/crossbar"))
AGENTS = HERE / "agents"
REALM = "test_realm"
ROOT = "observatory"

START_S = 30.0
"""A loaded machine needs some seconds for the imports of a program."""

END_S = 20.0

_OURS = ("OCS_", "SITE_")


def clean_environ(**more: str) -> dict[str, str]:
    """Return the environment without what the tests' own caller says about a site."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in {"INSTANCE_ID", "CROSSBAR_TIMEOUT", "LOGLEVEL"}
    }
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(CHECKOUT), "PYTHONWARNINGS": "ignore", **more}


class Program:
    """A program that runs; its lines can be waited for."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self.command = list(command)
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._over = False
        self._process = subprocess.Popen(
            self.command, env=dict(environ), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def said(self) -> str:
        with self._changed:
            return "\n".join(self.lines)

    def wait_for(self, text: str, deadline_s: float = START_S, *, after: int = 0) -> str:
        """Return the first line from number `after` on that has `text`."""
        end = time.monotonic() + deadline_s
        with self._changed:
            while True:
                for line in self.lines[after:]:
                    if text in line:
                        return line
                left = end - time.monotonic()
                if self._over or left <= 0:
                    raise AssertionError(f"{self.command} did not say {text!r}, it said:\n" + "\n".join(self.lines))
                self._changed.wait(left)

    def wait(self, deadline_s: float = END_S) -> int:
        """Return its exit code when it has ended and all it said was read."""
        code = self._process.wait(deadline_s)
        self._reader.join(deadline_s)
        return code

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self, deadline_s: float = END_S) -> int:
        """Ask it to end, and return its exit code."""
        if self.running:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        try:
            return self.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait(deadline_s)

    def kill(self) -> None:
        """End it, and what it started in its session, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _read(self) -> None:
        with self._process.stdout or contextlib.nullcontext(()) as lines:
            for line in lines:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()


@dataclass
class Place:
    """A router's address and a state folder: where agents and clients of a test meet."""

    port: int
    state: Path
    realm: str = REALM
    root: str = ROOT
    started: list[Program] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def environ(self) -> dict[str, str]:
        return clean_environ(
            OCS_PORT=str(self.port), OCS_STATE_DIR=str(self.state), OCS_REALM=self.realm, OCS_ADDRESS_ROOT=self.root
        )

    @property
    def simulators(self) -> Path:
        return self.state / self.realm / self.root / "simulators"

    def elsewhere(self, folder: Path, **changes: Any) -> Place:
        """Return the same router seen from another state folder, realm or root."""
        folder.mkdir(parents=True, exist_ok=True)
        return Place(self.port, folder, **{"realm": self.realm, "root": self.root, "started": self.started, **changes})

    def start(self, *words: str, **environ: str) -> Program:
        """Start a Python program; it is ended with the place at the latest."""
        self.state.mkdir(parents=True, exist_ok=True)
        program = Program([sys.executable, *words], {**self.environ, **environ}, self.state)
        self.started.append(program)
        return program

    def agent(self, file: str, name: str, *options: str, ready: bool = True) -> Program:
        """Start the agent in `agents/<file>.py`, and wait until it has joined."""
        program = self.start(str(AGENTS / f"{file}.py"), "--instance-id", name, *options)
        if ready:
            program.wait_for(f"joined {self.realm} as")
        return program

    def run(self, *words: str, deadline_s: float = START_S, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program to its end, and return what it said."""
        return subprocess.run(
            [sys.executable, *words], env={**self.environ, **environ}, cwd=self.state, capture_output=True, text=True,
            timeout=deadline_s, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def end(self) -> None:
        """End all that was started, at once."""
        for program in self.started:
            program.kill()
        for program in self.started:
            program.wait()
        self.started.clear()


def until(true: Callable[[], Any], what: str, deadline_s: float = START_S) -> Any:
    """Ask again and again until the answer is not empty; return it. For states that nobody announces."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while not (answer := true()):
        assert time.monotonic() < end, f"{what}: not within {deadline_s:g} s"
        pause.wait(0.05)
    return answer


def sentence(error: BaseException) -> str:
    """Return the sentence of an error, and see that it is one: one line, no trace, no object's address."""
    text = str(error)
    check_sentence(text)
    return text


def check_sentence(text: str) -> None:
    """See that a text is one sentence for people."""
    assert text.strip()
    assert "\n" not in text.strip(), text
    assert "Traceback" not in text
    assert " object at 0x" not in text
