from __future__ import annotations

import socket

import pytest

from ocs.link.tcp import open_tcp, split_address
from ocs.model.errors import ConfigurationError, LinkLostError
from tests.ocs.link.fakes import DEADLINE_S


def test_bytes_go_both_ways_over_a_real_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_tcp(f"tcp://127.0.0.1:{server.getsockname()[1]}", connect_s=DEADLINE_S)
        connection, _ = server.accept()

        transport.write(b"*IDN?\n")
        connection.sendall(b"bridge\n")

        assert connection.recv(100) == b"*IDN?\n"
        assert transport.read(DEADLINE_S) == b"bridge\n"
        transport.close()
        assert connection.recv(100) == b""
        connection.close()


def test_a_port_where_nobody_listens_is_a_loss() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]

    with pytest.raises(LinkLostError, match=f"tcp://127.0.0.1:{number} cannot be reached: Connection refused"):
        open_tcp(f"tcp://127.0.0.1:{number}", connect_s=DEADLINE_S)


def test_addresses_may_be_names_and_of_both_families() -> None:
    assert split_address("tcp://converter-3:4001") == ("converter-3", 4001)
    assert split_address("tcp://[::1]:4001") == ("::1", 4001)


@pytest.mark.parametrize(
    "port", ["tcp://host", "tcp://:4001", "tcp://host:0", "tcp://host:99999", "udp://host:1", "tcp://host:x"]
)
def test_other_texts_are_refused_with_an_example(port: str) -> None:
    with pytest.raises(ConfigurationError, match=r"write it as tcp://192\.168\.1\.7:4001"):
        split_address(port)
