"""The simulator's process: options, event loop, control server, and its end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import random
import selectors
import signal
import stat
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from ocs.link.simulation.announcement import Announcement, announce, path_of, withdraw
from ocs.link.simulation.bench import Bench
from ocs.link.simulation.control import HOST, MAX_LINE
from ocs.link.simulation.faults import Faults
from ocs.link.simulation.instrument import AddOptions, MakeInstrument
from ocs.link.simulation.pacing import Pace
from ocs.link.simulation.ports import Port, PtyPort, TcpPort
from ocs.link.simulation.requests import ControlRequests
from ocs.model.errors import DuplicateError, ExitCode, OcsError

FAULT_SEED = 20240229
"""Garbage is the same in every run, so that what it breaks can be repeated."""

PATIENCE_S = 1.0
"""How long a new simulator waits for one of the same name that is just ending."""


def run_program(
    make_instrument: MakeInstrument,
    *,
    baud_rate: int,
    add_options: AddOptions | None,
    argv: Sequence[str] | None,
) -> int:
    """Run the simulator of one instrument until told to end; return the exit code."""
    options = parse_options(baud_rate=baud_rate, add_options=add_options, argv=argv)
    # The poll of other selectors rounds to a millisecond, eleven bytes of a fast line.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    try:
        options.directory.mkdir(parents=True, exist_ok=True)
        with owning(path_of(options.directory, options.name, ".lock"), options.name):
            loop.run_until_complete(_serve(make_instrument, options, loop))
    except OcsError as error:
        print(error.message, file=sys.stderr)  # noqa: T201 - a program tells why it ends
        return int(error.exit_code.value)
    finally:
        loop.close()
    return int(ExitCode.OK.value)


def parse_options(*, baud_rate: int, add_options: AddOptions | None, argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line, the kit's options and the instrument's own."""
    parser = argparse.ArgumentParser(description="Simulates an instrument, byte for byte.")
    parser.add_argument("--name", required=True, help="name of the simulator in its directory")
    parser.add_argument("--directory", required=True, type=Path, help="where it is announced")
    parser.add_argument("--tcp", type=int, metavar="PORT", help="TCP port instead of a pseudo terminal; 0: any")
    parser.add_argument("--baud", type=int, default=baud_rate, help="bit/s, default %(default)s")
    parser.add_argument("--no-timing", action="store_true", help="let bytes take no time on the line")
    parser.add_argument("--parent", type=int, help="process with which the simulator ends")
    if add_options is not None:
        add_options(parser)
    options = parser.parse_args(argv)
    if options.baud < 1:
        parser.error(f"--baud is {options.baud}; it must be 1 or more")
    return options


@contextlib.contextmanager
def owning(path: Path, name: str) -> Iterator[None]:
    """Own the name while the block runs.

    Raises:
        DuplicateError: Another simulator has it, and does not end.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        pause = threading.Event()
        for _ in range(int(PATIENCE_S / 0.05)):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            pause.wait(0.05)
        else:
            raise DuplicateError(f"a simulator '{name}' runs in {path.parent} already; stop it or take another name")
        yield
    finally:
        os.close(descriptor)


async def _serve(
    make_instrument: MakeInstrument,
    options: argparse.Namespace,
    loop: asyncio.SelectorEventLoop,
) -> None:
    end = asyncio.Event()
    with _told_to_end(options.parent, loop, end.set):
        bench = Bench(
            make_instrument(options, loop.time),
            Pace(None if options.no_timing else options.baud),
            Faults(random.Random(FAULT_SEED)),  # noqa: S311 - noise, no secret
            monotonic=loop.time,
            later=loop.call_at,
            report=_report,
        )
        port = _make_port(options, loop, bench)
        bench.send = port.send
        requests = ControlRequests(bench, port, monotonic=loop.time, later=loop.call_at)
        port.plug()
        server = await asyncio.start_server(_control(requests), HOST, 0, limit=MAX_LINE)
        try:
            control = int(server.sockets[0].getsockname()[1])
            announcement = Announcement(port.name, control, os.getpid())
            announce(options.directory, options.name, announcement)
            _print_ready(announcement)
            await end.wait()
        finally:
            withdraw(options.directory, options.name)
            port.unplug()
            server.close()


def _make_port(options: argparse.Namespace, loop: asyncio.AbstractEventLoop, bench: Bench) -> Port:
    if options.tcp is not None:
        return TcpPort(options.tcp, loop, bench.receive)
    path = path_of(options.directory.absolute(), options.name, ".pty")
    return PtyPort(path, loop, bench.receive)


def _control(
    requests: ControlRequests,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # An over-long line or a connection that breaks ends this connection only.
        with contextlib.suppress(OSError, ValueError), contextlib.closing(writer):
            while line := await reader.readline():
                writer.write(requests.answer(line))
                await writer.drain()

    return serve


@contextlib.contextmanager
def _told_to_end(parent: int | None, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> Iterator[None]:
    """Call `end` at a signal, when stdin is a pipe that closes, or when the parent is gone.

    The parent is watched as a process: the death signal that Linux offers follows the thread that
    started the child, and an agent's threads come and go.
    """
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, end)
    watched = []
    with contextlib.suppress(OSError):
        mode = os.fstat(0).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            watched.append(0)
            loop.add_reader(0, _end_when_closed, end)
    if parent is not None:
        try:
            watched.append(os.pidfd_open(parent))
            loop.add_reader(watched[-1], end)
        except ProcessLookupError:
            end()
    try:
        yield
    finally:
        for descriptor in watched:
            loop.remove_reader(descriptor)
        for number in signals:
            loop.remove_signal_handler(number)


def _end_when_closed(end: Callable[[], None]) -> None:
    if not os.read(0, 4096):
        end()


def _print_ready(announcement: Announcement) -> None:
    sys.stdout.write(announcement.as_json() + "\n")
    sys.stdout.flush()
    # Nobody reads stdout any more: a print of an instrument's author must not fill the pipe.
    sys.stdout = sys.stderr


def _report(text: str) -> None:
    sys.stderr.write(text.rstrip() + "\n")
    sys.stderr.flush()
