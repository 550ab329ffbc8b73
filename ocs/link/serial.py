"""Serial ports: the one place that knows pyserial."""

from __future__ import annotations

import errno
import os
import termios
from enum import Enum
from typing import Literal

import serial

from ocs.link.transport import DescriptorTransport, Transport
from ocs.model.errors import ConfigurationError, LinkLostError

ByteSize = Literal[5, 6, 7, 8]
Parity = Literal["N", "E", "O", "M", "S"]
StopBits = Literal[1, 2]

PSEUDO_TERMINALS = "/dev/pts/"

REASONS = {
    errno.ENOENT: "is not there; check cable, power and the port's name",
    errno.ENODEV: "is not there; check cable, power and the port's name",
    errno.ENXIO: "is not there; check cable, power and the port's name",
    errno.EACCES: "may not be opened by this user; on many systems the group dialout may",
    errno.EAGAIN: "is held by another program; end that one first",
    errno.EBUSY: "is held by another program; end that one first",
    errno.ENOTTY: "is no serial port",
}


class FlowControl(Enum):
    """How a device says that it cannot take more bytes."""

    NONE = "none"
    XON_XOFF = "xon_xoff"
    RTS_CTS = "rts_cts"


def open_serial(
    port: str,
    *,
    baud_rate: int,
    byte_size: ByteSize,
    parity: Parity,
    stop_bits: StopBits,
    flow_control: FlowControl,
) -> Transport:
    """Open a serial port, and keep other programs from it.

    Raises:
        ConfigurationError: The port cannot have these settings.
        LinkLostError: The port is not there, or not for us.
    """
    if os.path.realpath(port).startswith(PSEUDO_TERMINALS):
        # A pseudo terminal carries bytes; Linux refuses seven bits without parity on it.
        byte_size, parity = 8, "N"
    try:
        device = serial.Serial(
            port,
            baudrate=baud_rate,
            bytesize=byte_size,
            parity=parity,
            stopbits=stop_bits,
            xonxoff=flow_control is FlowControl.XON_XOFF,
            rtscts=flow_control is FlowControl.RTS_CTS,
            timeout=0,
            exclusive=True,
        )
    except (ValueError, termios.error) as error:
        raise ConfigurationError(
            f"{port} refuses {baud_rate} bit/s {byte_size}{parity}{stop_bits}: {error}", given=port
        ) from error
    except OSError as error:
        number = error.errno or 0
        why = REASONS.get(number) or f"cannot be opened: {os.strerror(number) if number else error}"
        raise LinkLostError(f"{port} {why}", given=port) from error
    return DescriptorTransport(device, port)
