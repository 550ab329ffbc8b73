"""The other end of a link in tests: a transport with its own time, and a device on a real pty."""

from __future__ import annotations

import contextlib
import os
import pty
import queue
import random
import select
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

from ocs.link import BackOff, Lines, Link, LinkStatus
from ocs.model.errors import LinkLostError

SIMULATOR = "tests.ocs.link.simulation.instruments"
"""The module of the simulator that tests start."""

DEADLINE_S = 10.0
"""Generous: reached only by what is broken."""


def chance() -> random.Random:
    """Make a source of noise that is the same in every run."""
    return random.Random(1)


class FakeClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class FakeTransport:
    """Answers from a script; waiting moves the clock and takes no time."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.written: list[bytes] = []
        self.closed = False
        self.woken = False
        self.gone = False
        self.respond: Callable[[bytes], None] = lambda _data: None
        self._due: list[tuple[float, bytes | Callable[[], object]]] = []

    def arrive(self, delay_s: float, event: bytes | Callable[[], object]) -> None:
        """Let bytes come, or something else happen, `delay_s` from now."""
        self._due.append((self.clock.now + delay_s, event))
        self._due.sort(key=lambda item: item[0])

    def read(self, timeout_s: float) -> bytes:
        end = self.clock.now + timeout_s
        while self._due and self._due[0][0] <= end and not self.woken:
            when, event = self._due.pop(0)
            self.clock.now = max(self.clock.now, when)
            if isinstance(event, bytes):
                return event
            event()
        if self.gone:
            raise LinkLostError("the fake port is gone")
        if self.woken:
            self.woken = False
        else:
            self.clock.now = end
        return b""

    def write(self, data: bytes) -> None:
        if self.gone:
            raise LinkLostError("the fake port is gone")
        self.written.append(data)
        self.respond(data)

    def drain(self) -> None:
        self._due.clear()

    def wake(self) -> None:
        self.woken = True

    def close(self) -> None:
        self.closed = True


QUICK = BackOff(first_s=0.001, factor=1.0, max_s=0.001)


class PtyDevice:
    """A device that answers lines on a pseudo terminal, in a thread of its own."""

    def __init__(self, path: Path, answer: Callable[[bytes], bytes | None]) -> None:
        self.path = path
        self.answer = answer
        self._master: int | None = None
        self._slave: int | None = None
        self._stop = os.eventfd(0)
        self._thread: threading.Thread | None = None

    def plug(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path.symlink_to(os.ttyname(self._slave))
        self._thread = threading.Thread(target=self._serve, args=(self._master,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        if self._thread is None or self._master is None or self._slave is None:
            return
        os.eventfd_write(self._stop, 1)
        self._thread.join(DEADLINE_S)
        os.eventfd_read(self._stop)
        self._thread = None
        self.path.unlink()
        os.close(self._master)
        os.close(self._slave)

    def say(self, data: bytes) -> None:
        assert self._master is not None
        os.write(self._master, data)

    def close(self) -> None:
        self.unplug()
        os.close(self._stop)

    def _serve(self, master: int) -> None:
        lines = Lines()
        while True:
            ready, _, _ = select.select([master, self._stop], [], [])
            if self._stop in ready:
                return
            for line in lines.feed(os.read(master, 4096)):
                answer = self.answer(line)
                if answer is not None:
                    os.write(master, answer + b"\r\n")


@contextlib.contextmanager
def pty_device(path: Path, answer: Callable[[bytes], bytes | None]) -> Iterator[PtyDevice]:
    device = PtyDevice(path, answer)
    device.plug()
    try:
        yield device
    finally:
        device.close()


class Outcome:
    """Runs a function in a thread, and keeps what became of it."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.value: object = None
        self.error: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.value = self._call()
        except BaseException as error:  # noqa: BLE001 - the test looks at whatever it was
            self.error = error

    def join(self) -> Outcome:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the thread did not end"
        return self


class Changes:
    """Collects changes of state; a test waits for the next one."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[LinkStatus] = queue.SimpleQueue()

    def __call__(self, status: LinkStatus) -> None:
        self._queue.put(status)

    def next(self) -> LinkStatus:
        return self._queue.get(timeout=DEADLINE_S)

    @property
    def empty(self) -> bool:
        return self._queue.empty()


class Oven:
    """Answers as an instrument does; `SLOW?` waits until it is let go, `MUTE?` never answers."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go = threading.Event()
        self.known = True

    def __call__(self, line: bytes) -> bytes | None:
        if line == b"SLOW?":
            self.asked.set()
            assert self.go.wait(DEADLINE_S)
            return b"slow"
        if line == b"MUTE?":
            return None
        if line == b"*IDN?":
            return b"oven" if self.known else None
        return b"re " + line


def verify(link: Link) -> None:
    assert link.ask("*IDN?") == "oven"
