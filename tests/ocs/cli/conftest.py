"""A site that `ocs up` serves, as a person would start it: a process whose lines are read."""

from __future__ import annotations

import json
import os
import queue
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ocs.router.node import free_port

REPOSITORY = Path(__file__).parents[3]
BENCHES = Path(__file__).parent / "benches"
PROMPT = """
import contextlib, io, json, sys
from ocs.__main__ import main
for line in sys.stdin:
    sys.argv = ["ocs", *json.loads(line)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main()
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""
"""A process that runs the command lines it is given: most tests need not start one for each."""

READY_S = 120.0
LINE_S = 60.0

SITE = """
hub: {wamp_server: "ws://127.0.0.1:8001/ws", wamp_realm: test_realm, address_root: observatory}
agent_paths: [BENCHES]
hosts:
  localhost:
    agent-instances:
      - {agent-class: RegistryAgent, instance-id: registry}
      - {agent-class: FakeDataAgent, instance-id: faker-1, arguments: [--mode, idle]}
      - {agent-class: SupplyAgent, instance-id: psu-1}
      - {agent-class: BarebonesAgent, instance-id: bare-1, manage: host/down}
      - {agent-class: NoSuchAgent, instance-id: wrong-1}
"""


def system_test(function: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that uses a site that is served: real processes, one router for all of them."""
    for mark in (pytest.mark.system, pytest.mark.timeout(240), pytest.mark.xdist_group("site")):
        function = mark(function)
    return function


def crossbar() -> str:
    beside = REPOSITORY / ".venvs" / "router" / "bin" / "crossbar"
    program = os.environ.get("OCS_CROSSBAR") or (str(beside) if beside.exists() else shutil.which("crossbar"))
    if not program:
        pytest.skip("crossbar is not installed: set OCS_CROSSBAR to its program")
    return program


def gone(pids: list[int], timeout_s: float = 30.0) -> bool:
    """Whether all of these processes have ended, or do within the time."""
    deadline = time.monotonic() + timeout_s
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return False
        finally:
            os.close(handle)
    return True


class Served:
    """A running `ocs up`, and commands about it."""

    def __init__(self, folder: Path, site: str = SITE) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "site.yaml").write_text(site.replace("BENCHES", str(BENCHES)))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OCS_", "SITE_"))}
        self.environment = {
            **kept,
            "OCS_CROSSBAR": crossbar(),
            "OCS_STATE_DIR": str(folder / "s"),
            "OCS_PORT": str(self.port),
            "OCS_SITE_FILE": str(folder / "site.yaml"),
        }
        self.lines: list[str] = []
        self._coming: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ocs", "up"], env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._prompt: subprocess.Popen[str] | None = None

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._coming.put(line.rstrip("\n"))

    def wait_for(self, words: str, timeout_s: float = LINE_S) -> str:
        """Return the next line that has these words."""
        while True:
            try:
                line = self._coming.get(timeout=timeout_s)
            except queue.Empty:
                pytest.fail(f"no line with {words!r} came within {timeout_s} s; there were: {self.lines}")
            self.lines.append(line)
            if words in line:
                return line

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "ocs", *words], env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def ocs_soon(self, *words: str, patience_s: float = LINE_S) -> None:
        """Run a command again until it succeeds: agents join a router that came back within seconds."""
        deadline = time.monotonic() + patience_s
        while True:
            begun = self.begin(*words)
            printed, told = begun.communicate(timeout=LINE_S)
            if begun.returncode == 0:
                return
            assert time.monotonic() < deadline, f"{words}: {begun.returncode}\n{printed}\n{told}"

    def ocs(self, *words: str, expect: int = 0) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "ocs", *words], env=self.environment, text=True, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def asked(self, *words: str, expect: int = 0) -> str:
        """Return what a command prints, as `ocs` does, in a process that runs one after the other."""
        code, printed, told = self._ask(words)
        assert code == expect, f"{words}: {code}\n{printed}\n{told}"
        return printed + told

    def asked_soon(self, *words: str, expect: int, patience_s: float = LINE_S) -> str:
        """Ask again until a command ends as expected: the registry hears of health with the next heartbeat."""
        deadline = time.monotonic() + patience_s
        while True:
            code, printed, told = self._ask(words)
            if code == expect:
                return printed + told
            assert time.monotonic() < deadline, f"{words}: {code}\n{printed}\n{told}"

    def asked_json(self, *words: str, expect: int = 0) -> Any:
        """Return the answer of a command with --json, as `asked`."""
        return json.loads(self.asked(*words, "--json", expect=expect))

    def _ask(self, words: tuple[str, ...]) -> tuple[int, str, str]:
        if self._prompt is None:
            self._prompt = subprocess.Popen(
                [sys.executable, "-c", PROMPT], env=self.environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY,
            )  # fmt: skip
        assert self._prompt.stdin is not None
        assert self._prompt.stdout is not None
        self._prompt.stdin.write(f"{json.dumps(words)}\n")
        self._prompt.stdin.flush()
        code, printed, told = json.loads(self._prompt.stdout.readline())
        return code, printed, told

    def json(self, *words: str, expect: int = 0) -> Any:
        """Run a command with --json and return its answer."""
        return json.loads(self.ocs(*words, "--json", expect=expect))

    def children(self) -> dict[str, dict[str, Any]]:
        """Return what the supervisor tells of its children, by name."""
        from ocs.services.supervisor.plan import supervisor_name

        session = self.json("status", supervisor_name(), "supervise")
        return {child["instance"]: child for child in session["data"]["children"]}

    def pids(self) -> list[int]:
        """Return the processes of the supervisor's children."""
        return [child["pid"] for child in self.children().values() if child["pid"]]

    def end(self) -> None:
        """End it with all that it started."""
        if self._prompt is not None:
            self._prompt.communicate(timeout=30)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        self._reader.join(10)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a site that is served for all tests; a test leaves it as it was."""
    site = Served(tmp_path_factory.mktemp("up"))
    try:
        site.wait_for("realm ready", READY_S)
        yield site
    finally:
        site.end()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """Give a site of the test's own, which it may end."""
    site = Served(tmp_path)
    try:
        site.wait_for("realm ready", READY_S)
        yield site
    finally:
        site.end()
