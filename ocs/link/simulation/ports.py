"""The simulator's end of the cable: a pseudo terminal or a TCP port that can be unplugged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import socket
import tty
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from pathlib import Path
from typing import Protocol

from ocs.link.simulation.control import HOST
from ocs.model.errors import LinkLostError

CHUNK = 65536

HOLD_S = 0.05
"""How long after its last byte a connection keeps others from speaking into its line."""

_ASKING: ContextVar[socket.socket] = ContextVar("connection whose bytes are being obeyed")
"""asyncio keeps it through every timer that an answer waits for, so that the answer finds its way back."""

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
    """A TCP port that several may have open at once: each gets the answers to what it has asked.

    What nobody has asked for goes to all. A line that one connection has begun is not mixed with those of
    others: their bytes wait until it ends with LF, or was not continued for 50 ms.

    Args:
        number: The port on loopback; 0 for any free one, kept while the simulator runs.
        loop: The simulator's event loop.
        receive: Takes the bytes that the agents write.
    """

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        self._number = number
        self._loop = loop
        self._receive = receive
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._waiting: deque[tuple[socket.socket, bytes, Context]] = deque()
        self._speaker: socket.socket | None = None
        self._silence: asyncio.TimerHandle | None = None

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
        """Close all connections and stop listening."""
        self._waiting.clear()
        for connection in list(self._connections):
            self._hang_up(connection)
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def send(self, data: bytes) -> None:
        """Give bytes to whom they are for; those beyond a full buffer are lost."""
        asking = _ASKING.get(None)
        for connection in list(self._connections):
            if asking in {None, connection}:
                self._send(connection, data)

    def _send(self, connection: socket.socket, data: bytes) -> None:
        try:
            connection.send(data)
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up(connection)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.append(connection)
        self._loop.add_reader(connection, self._read, connection)

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up(connection)
            return
        # The reader's callback has a context of its own, which lasts from call to call.
        _ASKING.set(connection)
        self._waiting.append((connection, data, copy_context()))
        self._pass_on()

    def _pass_on(self) -> None:
        """Give on what has come, one connection's line after the other's."""
        while (turn := self._next()) is not None:
            self._waiting.remove(turn)
            connection, data, context = turn
            self._speak(None if data.endswith(b"\n") else connection)
            context.run(self._receive, data)

    def _next(self) -> tuple[socket.socket, bytes, Context] | None:
        return next((turn for turn in self._waiting if self._speaker in {None, turn[0]}), None)

    def _speak(self, speaker: socket.socket | None) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._speaker = speaker
        self._silence = None if speaker is None else self._loop.call_later(HOLD_S, self._fall_silent)

    def _fall_silent(self) -> None:
        self._speak(None)
        self._pass_on()

    def _hang_up(self, connection: socket.socket) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._loop.remove_reader(connection)
            connection.close()
        if self._speaker is connection:
            self._fall_silent()
