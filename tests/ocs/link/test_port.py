from __future__ import annotations

import os
import pty
import socket
from pathlib import Path

import pytest

from ocs.link import open_port
from ocs.model.errors import ConfigurationError, LinkLostError


def test_a_path_is_a_serial_port() -> None:
    master, slave = pty.openpty()

    open_port(os.ttyname(slave), baud_rate=57600).close()

    os.close(slave)
    os.close(master)


def test_an_address_is_a_tcp_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_port(f"tcp://127.0.0.1:{server.getsockname()[1]}").close()


def test_a_missing_path_is_a_loss(tmp_path: Path) -> None:
    with pytest.raises(LinkLostError):
        open_port(str(tmp_path / "ttyUSB0"))


@pytest.mark.parametrize("port", ["", "sim", "visa://GPIB0"])
def test_other_names_are_refused(port: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be opened; give a path such as /dev/ttyUSB0"):
        open_port(port)
