"""The way of numbered data: an agent that counts, its spool, a router, the archiver, and the account in the end."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ocs.store
from ocs.client import Observatory, connect
from ocs.client.steps import Call
from ocs.model.errors import OcsError
from ocs.wire import uris
from tests.system.accounts import CHANNELS, DEVICE, Account, account
from tests.system.programs import AGENTS, Place, Program, until

ARCHIVER = "archiver"
ARRIVE_S = 120.0
"""What takes a second on a machine that has nothing else to do."""

Environ = Mapping[str, str]
NOTHING: Environ = {}


class Line:
    """All of it in one place.

    Args:
        place: Where the programs run; it ends them.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.archive = place.state / "archive"
        self.told = place.state / "told"
        self._elsewhere = False
        place.state.mkdir(parents=True, exist_ok=True)

    @property
    def spool(self) -> Path:
        """The folder of the agent's spool."""
        (found,) = self.place.state.rglob("spool")
        return found

    def start_archiver(self, *options: str, environ: Environ = NOTHING, joined: bool = True) -> Program:
        """Start the archiver."""
        return self._started(self.place.start(*self._archiver(options), **environ), joined=joined)

    def start_archiver_on_small_disk(self, megabytes: int, *options: str) -> Program:
        """Start the archiver where its folder is a disk of its own, which goes with it."""
        self.archive.mkdir()
        mount = f'mount -t tmpfs -o size={megabytes}m tmpfs "$0" && exec "$@"'
        command = ["unshare", "-Urm", "sh", "-c", mount, str(self.archive), sys.executable, *self._archiver(options)]
        program = Program(command, self.place.environ, self.place.state)
        self.place.started.append(program)
        self._started(program, joined=True)
        self.archive = Path(f"/proc/{program.pid}/root{self.archive}")
        self._elsewhere = True
        return program

    def start_agent(self, *options: str, environ: Environ = NOTHING, joined: bool = True) -> Program:
        """Start the agent; it counts at once."""
        words = (str(AGENTS / "counter.py"), "--instance-id", DEVICE, "--archiver", ARCHIVER)
        return self._started(self.place.start(*words, "--told", str(self.told), *options, **environ), joined=joined)

    def _archiver(self, options: tuple[str, ...]) -> list[str]:
        return [str(AGENTS / "archiver.py"), "--instance-id", ARCHIVER, "--folder", str(self.archive), *options]

    def _started(self, program: Program, *, joined: bool) -> Program:
        if joined:
            program.wait_for(f"joined {self.place.realm} as", ARRIVE_S)
        return program

    def wait_until_taking(self) -> None:
        """Wait until the archiver takes rows."""
        with connect(self.place.url, realm=self.place.realm, root=self.place.root, timeout_s=ARRIVE_S) as obs:
            put = Call(uris.put(self.place.root, ARCHIVER), ([],))
            until(lambda: _answered(obs, put), "an archiver that takes rows", ARRIVE_S)

    def stop_counting(self) -> None:
        """Have the agent publish no more, and send what it has."""
        with connect(self.place.url, realm=self.place.realm, root=self.place.root, timeout_s=ARRIVE_S) as obs:
            until(lambda: _stopped(obs), "the device stops counting", ARRIVE_S)

    @property
    def published(self) -> int:
        """How many numbers were published."""
        return self.told.stat().st_size // 32 if self.told.exists() else 0

    @property
    def arrived(self) -> int:
        """How many rows the archive has, if it can be read from here."""
        try:
            with ocs.store.open(self.archive) as reader:
                return sum(info.rows for info in reader.series(CHANNELS))
        except OcsError:
            return 0

    def wait_for_numbers(self, more: int = 1000) -> None:
        """Wait until so many numbers more than now are published."""
        goal = self.published + more
        until(lambda: self.published >= goal, f"{more} more numbers", ARRIVE_S)

    def wait_for_rows(self, more: int = 200) -> None:
        """Wait until so many rows more than now are in the archive."""
        goal = self.arrived + more
        until(lambda: self.arrived >= goal, f"{more} more rows in the archive", ARRIVE_S)

    def account(self, **options: Any) -> Account:
        """Return what became of each number, as soon as all are accounted for or the time is over."""
        seen: list[Account] = []

        def settled() -> bool:
            try:
                with self._readable() as folder:
                    seen[:] = [account(folder, self.told, **options)]
            except (OcsError, OSError, sqlite3.Error):  # as it is copied, it is written
                return False
            return not seen[0].unexplained

        with suppress(AssertionError):  # what is missing says more than the time that it took
            until(settled, "all numbers in the archive or in gaps", ARRIVE_S)
        return seen[0]

    @contextmanager
    def _readable(self) -> Iterator[Path]:
        """Give the archive, or a copy of it: SQLite does not find its files on a disk that only another one sees."""
        if not self._elsewhere:
            yield self.archive
            return
        with TemporaryDirectory() as folder:
            yield shutil.copytree(self.archive, Path(folder, "archive"), ignore=shutil.ignore_patterns("*.lock"))


def _answered(obs: Observatory, call: Call) -> bool:
    try:
        obs.client.call(call)
    except OcsError:
        return False
    return True


def _stopped(obs: Any) -> bool:
    try:
        operation = obs[DEVICE].count
        session = operation.status()
        if session is None or session.ended:
            return True
        operation.stop()
    except OcsError:
        return False
    return False
