from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ocs.link import open_port
from ocs.link.simulation.ports import Port, PtyPort, TcpPort
from ocs.link.transport import Transport
from ocs.model.errors import LinkLostError
from tests.ocs.link.fakes import DEADLINE_S


class Cable:
    """A port in an event loop of its own, which runs when the test says so."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.received: list[bytes] = []
        self.answer: Callable[[bytes], object] = lambda _data: None
        self.answered = asyncio.Event()
        self._came = asyncio.Event()
        self.port: Port = (
            PtyPort(folder / "t.pty", self.loop, self._receive)
            if kind == "pty"
            else TcpPort(0, self.loop, self._receive)
        )

    def _receive(self, data: bytes) -> None:
        self.received.append(data)
        self._came.set()
        self.answer(data)

    def heard(self) -> bytes:
        self.loop.run_until_complete(asyncio.wait_for(self._came.wait(), DEADLINE_S))
        self._came.clear()
        return self.received.pop()

    def look(self) -> None:
        """Have the loop take in what has come, without waiting for more."""
        for _ in range(5):
            self.loop.run_until_complete(asyncio.sleep(0))

    def answer_later(self, answers: int) -> None:
        """Be ready to answer each line after a while; `self.answered` comes when so many have left."""
        left = list(range(answers))

        def answer(line: bytes) -> None:
            self.port.send(b"to " + line)
            left.pop()
            if not left:
                self.answered.set()

        self.answer = lambda line: self.loop.call_later(0.01, answer, line)

    def await_answers(self) -> None:
        self.loop.run_until_complete(asyncio.wait_for(self.answered.wait(), DEADLINE_S))

    def opened(self) -> Transport:
        return open_port(self.port.name)


@pytest.fixture(params=["pty", "tcp"])
def cable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(request.param, tmp_path)
    cable.port.plug()
    yield cable
    cable.port.unplug()
    cable.loop.close()


def test_bytes_go_both_ways(cable: Cable) -> None:
    transport = cable.opened()

    transport.write(b"T?")
    assert cable.heard() == b"T?"
    cable.port.send(b"293")
    assert transport.read(DEADLINE_S) == b"293"
    transport.close()


def test_an_unplugged_port_hangs_up_and_is_not_there(cable: Cable) -> None:
    transport = cable.opened()
    transport.write(b"T?")
    cable.heard()

    cable.port.unplug()

    assert not cable.port.plugged
    with pytest.raises(LinkLostError):
        transport.read(DEADLINE_S)
    with pytest.raises(LinkLostError):
        cable.opened()
    transport.close()


def test_a_port_plugged_again_keeps_its_name(cable: Cable) -> None:
    name = cable.port.name
    cable.port.unplug()
    cable.port.unplug()

    cable.port.plug()
    cable.port.plug()

    assert cable.port.name == name
    transport = cable.opened()
    transport.write(b"again")
    assert cable.heard() == b"again"
    transport.close()


def test_bytes_for_nobody_are_lost(cable: Cable) -> None:
    cable.port.send(b"x" * 1_000_000)
    cable.port.unplug()
    cable.port.send(b"x")

    assert cable.received == []


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable("tcp", tmp_path)
    cable.port.plug()
    yield cable
    cable.port.unplug()
    cable.loop.close()


def test_each_connection_gets_the_answers_to_what_it_asked(shared: Cable) -> None:
    """An answer takes its way back through any timer."""
    one, two = shared.opened(), shared.opened()
    shared.answer_later(2)

    one.write(b"one\n")
    two.write(b"two\n")
    shared.await_answers()

    assert one.read(DEADLINE_S) == b"to one\n"
    assert two.read(DEADLINE_S) == b"to two\n"
    one.close()
    two.close()


def test_what_nobody_asked_for_goes_to_all(shared: Cable) -> None:
    one, two = shared.opened(), shared.opened()
    for transport in (one, two):
        transport.write(b"here\n")
        shared.heard()

    shared.port.send(b"alarm\n")

    assert one.read(DEADLINE_S) == two.read(DEADLINE_S) == b"alarm\n"
    one.close()
    two.close()


def test_a_begun_line_is_not_mixed_with_another(shared: Cable) -> None:
    one, two = shared.opened(), shared.opened()
    one.write(b"be")
    shared.heard()

    two.write(b"other\n")
    shared.look()
    one.write(b"gun\n")
    shared.look()

    assert shared.received == [b"gun\n", b"other\n"]
    one.close()
    two.close()


def test_who_hangs_up_in_the_middle_of_a_line_lets_others_speak(shared: Cable) -> None:
    one, two = shared.opened(), shared.opened()
    one.write(b"be")
    shared.heard()
    two.write(b"other\n")

    one.close()

    assert shared.heard() == b"other\n"
    two.close()


def test_a_line_that_is_not_continued_does_not_silence_others(shared: Cable) -> None:
    one, two = shared.opened(), shared.opened()
    one.write(b"begun\r")
    shared.heard()

    two.write(b"other\r")

    assert shared.heard() == b"other\r"
    one.close()
    two.close()


def test_an_answer_for_who_has_hung_up_is_lost(shared: Cable) -> None:
    one, two = shared.opened(), shared.opened()
    shared.answer_later(2)
    one.write(b"one\n")
    shared.heard()

    one.close()
    two.write(b"two\n")
    shared.await_answers()

    assert two.read(DEADLINE_S) == b"to two\n"
    two.close()


def test_a_taken_tcp_port_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        loop = asyncio.new_event_loop()

        with pytest.raises(LinkLostError, match="cannot be served: Address already in use"):
            TcpPort(server.getsockname()[1], loop, lambda _data: None).plug()

        loop.close()
