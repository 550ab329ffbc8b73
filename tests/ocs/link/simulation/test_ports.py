from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
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
        self._came = asyncio.Event()
        self.port: Port = (
            PtyPort(folder / "t.pty", self.loop, self._receive)
            if kind == "pty"
            else TcpPort(0, self.loop, self._receive)
        )

    def _receive(self, data: bytes) -> None:
        self.received.append(data)
        self._came.set()

    def heard(self) -> bytes:
        self.loop.run_until_complete(asyncio.wait_for(self._came.wait(), DEADLINE_S))
        self._came.clear()
        return self.received.pop()

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


def test_the_newest_connection_is_the_one(tmp_path: Path) -> None:
    cable = Cable("tcp", tmp_path)
    cable.port.plug()
    old = cable.opened()
    old.write(b"old")
    assert cable.heard() == b"old"

    new = cable.opened()
    new.write(b"new")

    assert cable.heard() == b"new"
    with pytest.raises(LinkLostError):
        old.read(DEADLINE_S)
    old.close()
    new.close()
    cable.port.unplug()
    cable.loop.close()


def test_a_taken_tcp_port_is_told_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        loop = asyncio.new_event_loop()

        with pytest.raises(LinkLostError, match="cannot be served: Address already in use"):
            TcpPort(server.getsockname()[1], loop, lambda _data: None).plug()

        loop.close()
