"""Opening a port by its name in the site file."""

from __future__ import annotations

from ocs.link.serial import ByteSize, FlowControl, Parity, StopBits, open_serial
from ocs.link.tcp import SCHEME, open_tcp
from ocs.link.transport import Transport
from ocs.model.errors import ConfigurationError

SIMULATED = "sim"


def open_port(
    port: str,
    *,
    baud_rate: int = 115200,
    byte_size: ByteSize = 8,
    parity: Parity = "N",
    stop_bits: StopBits = 1,
    flow_control: FlowControl = FlowControl.NONE,
    connect_s: float = 3.0,
) -> Transport:
    """Open the port `/dev/ttyUSB0` (any path: serial) or `tcp://host:4001` (raw TCP).

    Args:
        port: Path or address.
        baud_rate: In bit/s; this and the next four only count for serial ports.
        byte_size: Bits in a byte, 5 to 8.
        parity: None, even, odd, mark or space, by its first letter.
        stop_bits: 1 or 2.
        flow_control: How the device says that it cannot take more bytes.
        connect_s: Longest wait for a TCP connection in seconds.

    Raises:
        ConfigurationError: The port's name or settings are impossible.
        LinkLostError: The port is not there, held by another program, or silent.
    """
    if port.startswith(SCHEME):
        return open_tcp(port, connect_s=connect_s)
    if port == SIMULATED or not port or "://" in port:
        raise ConfigurationError(
            f"'{port}' cannot be opened; give a path such as /dev/ttyUSB0, or tcp://host:number "
            "(a simulated device gets its port from its simulator)",
            given=port,
        )
    return open_serial(
        port,
        baud_rate=baud_rate,
        byte_size=byte_size,
        parity=parity,
        stop_bits=stop_bits,
        flow_control=flow_control,
    )
