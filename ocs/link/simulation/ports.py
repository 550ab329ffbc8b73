"""The simulator's end of the cable: a pseudo terminal or a TCP port that can be unplugged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import socket
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ocs.link.simulation.control import HOST
from ocs.model.errors import LinkLostError

CHUNK = 65536

Receive = Callable[[bytes], None]


class Port(Protocol):
    """One cable with an agent at its other end, or nobody."""

    @property
    def name(self) -> str:
        """What the agent opens; the same after the cable was out."""

    def plug(self) -> None:
        """Make the port appear; nothing happens when it is there."""

    def unplug(self) -> None:
        """Make the port vanish; whoever has it open sees a hang-up."""

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""

    def send(self, data: bytes) -> None:
        """Give bytes to the agent; what it does not take in is lost, as on a serial line."""


class PtyPort:
    """A pseudo terminal behind a symbolic link that keeps its path.

    Args:
        path: The symbolic link.
        loop: The simulator's event loop.
        receive: Takes the bytes that the agent writes.
    """

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        self._path = path
        self._loop = loop
        self._receive = receive
        self._master: int | None = None
        # A slave end of our own keeps the line up while no agent has it open.
        self._slave: int | None = None

    @property
    def name(self) -> str:
        """What the agent opens."""
        return str(self._path)

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._master is not None

    def plug(self) -> None:
        """Make a new pseudo terminal and let the link point at it."""
        if self._master is not None:
            return
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        draft.symlink_to(os.ttyname(self._slave))
        draft.replace(self._path)
        self._loop.add_reader(self._master, self._read)

    def unplug(self) -> None:
        """Remove the link and close the pseudo terminal."""
        if self._master is None or self._slave is None:
            return
        self._loop.remove_reader(self._master)
        self._path.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = None

    def send(self, data: bytes) -> None:
        """Give bytes to the agent; those beyond a full buffer are lost."""
        if self._master is not None:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)

    def _read(self) -> None:
        if self._master is not None:
            with contextlib.suppress(BlockingIOError):
                self._receive(os.read(self._master, CHUNK))


class TcpPort:
    """A TCP port of a serial-to-network converter: one connection, the newest.

    Args:
        number: The port on loopback; 0 for any free one, kept while the simulator runs.
        loop: The simulator's event loop.
        receive: Takes the bytes that the agent writes.
    """

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        self._number = number
        self._loop = loop
        self._receive = receive
        self._listener: socket.socket | None = None
        self._connection: socket.socket | None = None

    @property
    def name(self) -> str:
        """What the agent opens."""
        return f"tcp://{HOST}:{self._number}"

    @property
    def plugged(self) -> bool:
        """Whether the port is there."""
        return self._listener is not None

    def plug(self) -> None:
        """Listen.

        Raises:
            LinkLostError: Another program has the port.
        """
        if self._listener is not None:
            return
        try:
            self._listener = socket.create_server((HOST, self._number))
        except OSError as error:
            raise LinkLostError(f"{self.name} cannot be served: {os.strerror(error.errno or 0)}") from error
        self._listener.setblocking(False)
        self._number = self._listener.getsockname()[1]
        self._loop.add_reader(self._listener, self._accept)

    def unplug(self) -> None:
        """Close the connection and stop listening."""
        self._hang_up()
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def send(self, data: bytes) -> None:
        """Give bytes to the agent; those beyond a full buffer are lost."""
        if self._connection is None:
            return
        try:
            self._connection.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up()

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        self._hang_up()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._loop.add_reader(connection, self._read)

    def _read(self) -> None:
        if self._connection is None:
            return
        try:
            data = self._connection.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._receive(data)
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._loop.remove_reader(self._connection)
            self._connection.close()
            self._connection = None
