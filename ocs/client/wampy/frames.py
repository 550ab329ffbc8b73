"""Frames of the WebSocket protocol as bytes: made, masked, parsed and joined; no socket in sight.

Source: RFC 6455, sections 5.2 (layout), 5.3 (masking), 5.4 (fragments), 5.5 (control frames).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ocs.model.errors import RouterLostError

LENGTH_16 = 126
"""Length word that announces an unsigned length of 16 bits."""
LENGTH_64 = 127
"""Length word that announces an unsigned length of 64 bits."""
CONTROL_LIMIT = 125
"""Bytes that a ping, pong or close may carry."""
MASK_BYTES = 4

_FINAL = 0x80
_RESERVED = 0x70
_OPCODE = 0x0F
_MASKED = 0x80
_LENGTH = 0x7F
_CONTROL = 0x08


class Opcode(Enum):
    """What a frame carries."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA

    @property
    def is_control(self) -> bool:
        """Whether such a frame may stand between the fragments of a message."""
        return bool(self.value & _CONTROL)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, or a whole message once its fragments are joined; the payload is unmasked."""

    opcode: Opcode
    payload: bytes
    final: bool = True


def mask(payload: bytes, key: bytes) -> bytes:
    """Return `payload` with `key` (4 bytes) laid over it; twice gives the payload again.

    One exclusive-or of two large integers: 1 MB takes milliseconds, byte by byte it takes 100 ms.
    """
    size = len(payload)
    pattern = (key * (size // MASK_BYTES + 1))[:size]
    mixed = int.from_bytes(payload, "little") ^ int.from_bytes(pattern, "little")
    return mixed.to_bytes(size, "little")


def encode(frame: Frame, key: bytes | None) -> bytes:
    """Return the bytes of `frame`; a client must give a fresh `key` of 4 bytes, a server gives None.

    Raises:
        ValueError: A control frame of more than 125 bytes.
    """
    size = len(frame.payload)
    if frame.opcode.is_control and size > CONTROL_LIMIT:
        raise ValueError(f"a {frame.opcode.name} carries {size} bytes; {CONTROL_LIMIT} are allowed")
    first = frame.opcode.value | (_FINAL if frame.final else 0)
    flag = 0 if key is None else _MASKED
    if size < LENGTH_16:
        head = bytes((first, flag | size))
    elif size < 1 << 16:
        head = bytes((first, flag | LENGTH_16)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, flag | LENGTH_64)) + size.to_bytes(8, "big")
    if key is None:
        return head + frame.payload
    return head + key + mask(frame.payload, key)


class FrameParser:
    """Cuts a stream of bytes into messages, whatever the pieces in which it arrives.

    Fragments of a message are joined; control frames between them come out at once.

    Args:
        limit: Bytes that one message may have; a longer one ends the connection.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._fragments: list[bytes] = []
        self._kind: Opcode | None = None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take bytes and yield each frame that is complete now.

        Raises:
            RouterLostError: The bytes break the protocol or the limit; give the connection up.
        """
        self._buffer += data
        while (frame := self._cut()) is not None:
            if frame.opcode.is_control:
                yield frame
            elif (whole := self._join(frame)) is not None:
                yield whole

    def _cut(self) -> Frame | None:
        buffer = self._buffer
        if len(buffer) < 2:  # noqa: PLR2004 - flags and length are two bytes
            return None
        opcode, final = _parse_first(buffer[0])
        size, start = buffer[1] & _LENGTH, 2
        if size >= LENGTH_16:
            start = 4 if size == LENGTH_16 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        self._check(opcode, size, final=final)
        key = b""
        if buffer[1] & _MASKED:
            key = bytes(buffer[start : start + MASK_BYTES])
            start += MASK_BYTES
        if len(buffer) < start + size:
            return None
        payload = bytes(memoryview(buffer)[start : start + size])
        del buffer[: start + size]
        return Frame(opcode, mask(payload, key) if key else payload, final)

    def _check(self, opcode: Opcode, size: int, *, final: bool) -> None:
        if opcode.is_control:
            if size > CONTROL_LIMIT or not final:
                raise RouterLostError(f"the router sent a {opcode.name} of {size} bytes or in parts")
            return
        total = size + sum(map(len, self._fragments))
        if total > self._limit:
            raise RouterLostError(
                f"the router sent a message of {total} bytes; {self._limit} are accepted: ask for less at a time",
                given=total,
                limit=self._limit,
            )

    def _join(self, frame: Frame) -> Frame | None:
        if (frame.opcode is Opcode.CONTINUATION) is (self._kind is None):
            raise RouterLostError("the router sent fragments of a message out of order")
        kind = self._kind or frame.opcode
        self._fragments.append(frame.payload)
        if not frame.final:
            self._kind = kind
            return None
        whole = Frame(kind, b"".join(self._fragments))
        self._fragments, self._kind = [], None
        return whole


def _parse_first(byte: int) -> tuple[Opcode, bool]:
    if byte & _RESERVED:
        raise RouterLostError(f"the router sent a frame with reserved bits set: 0x{byte:02x}")
    try:
        return Opcode(byte & _OPCODE), bool(byte & _FINAL)
    except ValueError:
        raise RouterLostError(f"the router sent an unknown kind of frame: 0x{byte:02x}") from None
