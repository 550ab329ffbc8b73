"""Raw TCP ports: instruments with a network socket, and serial-to-network converters."""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

from ocs.link.transport import DescriptorTransport, Transport
from ocs.model.errors import ConfigurationError, LinkLostError

SCHEME = "tcp://"

KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)
"""A host that vanished without a word is noticed after 25 s, and nothing waits to be sent."""


def open_tcp(port: str, *, connect_s: float) -> Transport:
    """Connect to `tcp://host:number`.

    Args:
        port: The host may be a name, an IPv4 address, or an IPv6 address in brackets.
        connect_s: Longest wait for the connection in seconds.

    Raises:
        ConfigurationError: The port is not of this form.
        LinkLostError: Nobody answers there.
    """
    host, number = split_address(port)
    try:
        connection = socket.create_connection((host, number), connect_s)
    except TimeoutError:
        raise LinkLostError(f"{port} did not answer within {connect_s:g} s; check network and power") from None
    except OSError as error:
        # Failed look-ups of a name have negative numbers that strerror does not know.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else str(error)
        raise LinkLostError(f"{port} cannot be reached: {why}") from error
    for level, option, value in KEEP_ALIVE:
        connection.setsockopt(level, option, value)
    return DescriptorTransport(connection, port)


def split_address(port: str) -> tuple[str, int]:
    """Return host and number of `tcp://host:number`.

    Raises:
        ConfigurationError: The port is not of this form.
    """
    try:
        parts = urlsplit(port)
        host, number = parts.hostname, parts.port
    except ValueError:
        host, number = None, None
    if not port.startswith(SCHEME) or not host or not number:
        raise ConfigurationError(f"'{port}' is no TCP port; write it as tcp://192.168.1.7:4001", given=port)
    return host, number
