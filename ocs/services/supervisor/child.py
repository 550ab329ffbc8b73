"""One child process: started, started again with pauses, and ended with its whole session."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from ocs.services.supervisor.plan import ChildPlan
from ocs.services.supervisor.states import ChildRecord, ChildState, told_code

LEASH = Path(__file__).with_name("leash.py")
LARGEST_LOG = 10_000_000
"""A log that is larger, in bytes, is put aside as `.1` at the next start; one is kept."""

TAIL = 8192
LONGEST_WORDS = 300


class Child:
    """A process that is kept running while it is wanted; lives in the event loop.

    Args:
        plan: What to run.
        environment: Its environment.
        now: Returns POSIX seconds, UTC.
        changed: Told of each change of the record.
        ended: Told how the process ended by itself, and in how many seconds it is started again (None: it is not).
    """

    def __init__(
        self,
        plan: ChildPlan,
        environment: Mapping[str, str],
        now: Callable[[], float],
        changed: Callable[[], None],
        ended: Callable[[Child, str, float | None], None],
    ) -> None:
        self.plan = plan
        self.record = ChildRecord(since=now())
        self.started_at = 0.0
        self.heard: set[str] = set()
        self._environment = dict(environment)
        self._now = now
        self._changed = changed
        self._ended = ended
        self._process: asyncio.subprocess.Process | None = None
        self._wake = asyncio.Event()
        self._wanted = False
        self._keeper: asyncio.Task[None] | None = None
        self.settled = asyncio.Event()
        """Set while it does its work, or is not started again by itself."""

    @property
    def name(self) -> str:
        """The agent's instance-id, or `router`."""
        return self.plan.name

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self.record.alive

    def start(self) -> None:
        """Have it run from now on; does nothing while it does."""
        if self._keeper is None or self._keeper.done():
            self._wanted = True
            self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """End it: SIGTERM, its grace, SIGKILL; returns when the process is gone."""
        self._wanted = False
        keeper, process = self._keeper, self._process
        if keeper is None or keeper.done():
            return
        self.record.ask_to_stop(self._now())
        self._changed()
        self._wake.set()
        if process is not None:
            _send(process.pid, signal.SIGTERM)
        done, _ = await asyncio.wait({keeper}, timeout=self.plan.grace_s)
        if not done and process is not None:
            _send(process.pid, signal.SIGKILL)
        await keeper

    def hear(self, device: str) -> bool:
        """Take note that a device of it was heard; True when all of them now are, for the first time."""
        self.heard.add(device)
        if self.record.state is not ChildState.STARTING or not self.heard.issuperset(self.plan.devices):
            return False
        return self.arrive()

    def arrive(self) -> bool:
        """Take note that it does its work."""
        came = self.record.arrive(self._now())
        if came:
            self.settled.set()
            self._changed()
        return came

    async def _keep(self) -> None:
        while self._wanted:
            try:
                code, words = await self._run_once()
            except OSError as error:
                self.record.refuse(f"it cannot be started: {error.strerror}: {error.filename}", self._now())
                self._ended(self, self.record.last_words, None)
                self.settled.set()
                break
            # After a failed stop the record is no longer the supervisor's to judge by exit code alone.
            asked = self.record.state is ChildState.STOPPING
            pause = self.record.end(code, words, self._now())
            self._changed()
            if asked:
                break
            self._ended(self, f"{told_code(code)}{': ' + words if words else ''}", pause)
            if pause is None:
                self.settled.set()
                break
            await self._pause(pause)

    async def _pause(self, pause_s: float) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(pause_s):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _run_once(self) -> tuple[int, str]:
        self.heard.clear()
        self.settled.clear()
        with _open_log(self.plan.log) as log:
            begin = log.tell()
            self.started_at = self._now()
            process = await asyncio.create_subprocess_exec(
                *leashed(self.plan.command),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=self._environment,
            )  # fmt: skip
        self._process = process
        self.record.begin(process.pid, self._now())
        self._changed()
        if not self._wanted:
            self.record.ask_to_stop(self._now())
            _send(process.pid, signal.SIGTERM)
        try:
            code = await process.wait()
        finally:
            self._process = None
            # What it started and left behind, e.g. the worker of a router that was killed.
            _send(process.pid, signal.SIGKILL)
        # Whoever is killed has no last words; what is in the log belongs to its life.
        return code, last_words(self.plan.log, begin) if code >= 0 else ""


def leashed(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command line that starts `command` so that it is told to end when this process is gone."""
    return (sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command)


def last_words(log: Path, begin: int) -> str:
    """Return the last line that was written to `log` after the position `begin`."""
    try:
        with log.open("rb") as text:
            end = text.seek(0, os.SEEK_END)
            text.seek(max(begin, end - TAIL))
            lines = text.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("error: ")[:LONGEST_WORDS] if said else ""


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    log = path.open("ab")
    log.seek(0, os.SEEK_END)
    return log


def _send(pid: int, number: signal.Signals) -> None:
    """Send a signal to the whole session of a child; nothing when it is gone."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
