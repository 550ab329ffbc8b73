"""Messages on a real socket: prompt, whole, in order, also on a line that is full, and when it is closed."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ocs.realm.endpoint import Endpoint, parse_endpoint
from ocs.realm.prompt import PromptProtocol
from ocs.realm.session import RealmSession, make_client
from ocs.testing.real_loop import RealLoop

DEADLINE_S = 30.0


class Listener:
    """The router's end of one line, up to the handshake; it reads only when it may."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE_S)
        self.may_read = threading.Event()
        self.frames: list[bytes] = []
        self.came = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> Endpoint:
        return parse_endpoint(f"rs://127.0.0.1:{self.socket.getsockname()[1]}")

    def _serve(self) -> None:
        line, _ = self.socket.accept()
        line.settimeout(DEADLINE_S)
        with line, line.makefile("rb") as stream:
            told = stream.read(4)
            line.sendall(bytes([0x7F, 0xF0 | told[1] & 0x0F, 0, 0]))
            stream.read(struct.unpack("!I", stream.read(4))[0])  # the HELLO
            self.may_read.wait(DEADLINE_S)
            while len(head := stream.read(4)) == 4:
                self.frames.append(stream.read(struct.unpack("!I", head)[0]))
                self.came.release()

    def ended(self) -> bool:
        return not self._thread.is_alive()

    def close(self) -> None:
        self.may_read.set()
        self._thread.join(DEADLINE_S)
        self.socket.close()


def turn(loop: RealLoop) -> None:
    turned = threading.Event()
    loop.loop.call_soon(turned.set)
    loop.run_until(turned.is_set)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def line(real_loop: RealLoop, listener: Listener) -> Iterator[PromptProtocol]:
    """Return a line that has said HELLO."""
    said: Deferred[None] = Deferred()

    class Session(RealmSession):
        def onConnect(self) -> None:  # noqa: N802 - autobahn's name
            super().onConnect()
            said.callback(None)

    session = Session("test_realm", lambda *_: None, lambda *_: None, lambda: None)
    endpoint, factory = make_client(listener.endpoint, lambda: session, real_loop.reactor, DEADLINE_S)
    connecting = endpoint.connect(factory)
    made: Any = real_loop.result_of(connecting)
    real_loop.result_of(said)
    turn(real_loop)
    yield made
    listener.may_read.set()
    made.transport.loseConnection()
    real_loop.run_until(lambda: not made.transport.connected)


def message(number: int, size: int = 100) -> bytes:
    return struct.pack("!Q", number) + bytes(size)


def test_a_lone_message_is_on_its_way_when_the_call_returns(
    real_loop: RealLoop, listener: Listener, line: PromptProtocol
) -> None:
    listener.may_read.set()
    line.sendString(message(1))

    assert listener.came.acquire(timeout=DEADLINE_S)  # nobody runs the loop meanwhile
    assert listener.frames == [message(1)]


@pytest.mark.parametrize("size", [10, 1_000, 40_000, 1_000_000])
def test_what_is_sent_on_a_full_line_arrives_whole_and_in_order(
    real_loop: RealLoop, listener: Listener, line: PromptProtocol, size: int
) -> None:
    count = min(20_000, 12_000_000 // size)
    for number in range(count):
        line.sendString(message(number, size))
        if number % 50 == 0:
            turn(real_loop)  # the next one is alone again
    listener.may_read.set()

    real_loop.run_until(lambda: len(listener.frames) == count)

    assert listener.frames == [message(number, size) for number in range(count)]


def test_a_line_that_is_closed_sends_what_waits_first(real_loop: RealLoop, listener: Listener, line: Any) -> None:
    for number in range(200):
        line.sendString(message(number, 50_000))
    line.transport.loseConnection()
    listener.may_read.set()

    real_loop.run_until(listener.ended)

    assert listener.frames == [message(number, 50_000) for number in range(200)]


def test_a_message_to_a_line_that_is_lost_raises_nothing(real_loop: RealLoop, listener: Listener, line: Any) -> None:
    line.transport.socket.shutdown(socket.SHUT_RDWR)

    line.sendString(message(1))
    line.sendString(message(2))

    real_loop.run_until(lambda: not line.transport.connected)
