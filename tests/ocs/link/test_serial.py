from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocs.link.serial import FlowControl, open_serial
from ocs.link.transport import Transport
from ocs.model.errors import ConfigurationError, LinkLostError
from tests.ocs.link.fakes import DEADLINE_S


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


def opened(path: str, *, baud_rate: int = 9600) -> Transport:
    return open_serial(
        path, baud_rate=baud_rate, byte_size=7, parity="N", stop_bits=2, flow_control=FlowControl.XON_XOFF
    )


def test_bytes_go_both_ways_unchanged(line: tuple[int, str]) -> None:
    master, path = line
    transport = opened(path)

    transport.write(b"T?\r\n")
    os.write(master, b"\x03\r\n\xff")

    assert os.read(master, 100) == b"T?\r\n"
    assert transport.read(DEADLINE_S) == b"\x03\r\n\xff"
    transport.close()


def test_a_port_serves_one_program_only(line: tuple[int, str]) -> None:
    _, path = line
    transport = opened(path)

    with pytest.raises(LinkLostError, match=f"{path} is held by another program"):
        opened(path)

    transport.close()
    opened(path).close()


def test_a_missing_port_is_a_loss(tmp_path: Path) -> None:
    with pytest.raises(LinkLostError, match="ttyUSB7 is not there; check cable"):
        opened(str(tmp_path / "ttyUSB7"))


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()

    with pytest.raises(LinkLostError, match="notes "):
        opened(str(tmp_path / "notes"))


def test_an_impossible_baud_rate_is_a_mistake_of_the_configuration(line: tuple[int, str]) -> None:
    with pytest.raises(ConfigurationError, match="refuses -5 bit/s"):
        opened(line[1], baud_rate=-5)
