"""Where a frame begins and ends in a stream of bytes: pure, without I/O."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from ocs.model.errors import DeviceError, ParameterError


class Framing(Protocol):
    """Cuts the incoming stream into frames and dresses outgoing payloads; one for each link."""

    def frame(self, payload: bytes) -> bytes:
        """Return the bytes to send for one payload."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what has arrived and return the payloads that are complete now.

        Raises:
            DeviceError: The stream is no sequence of frames; what was collected is thrown away.
        """

    def reset(self) -> None:
        """Forget an incomplete frame."""


class Lines:
    """Frames that end with a terminator, as most instruments speak.

    Args:
        terminator: Ends each incoming line; not empty.
        send: Ends each outgoing line; the same if not given, `b""` for none.
        limit: Longest line in bytes, without its terminator.
    """

    def __init__(self, terminator: bytes = b"\r\n", send: bytes | None = None, limit: int = 65536) -> None:
        if not terminator:
            raise ParameterError("lines need a terminator of at least one byte")
        self._terminator = terminator
        self._send = terminator if send is None else send
        self._limit = limit
        self._pending = bytearray()
        self._searched = 0

    def frame(self, payload: bytes) -> bytes:
        """Return the payload with its terminator."""
        return payload + self._send

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what has arrived and return the lines that are complete now.

        Raises:
            DeviceError: A line exceeds the limit; it and all that was collected is thrown away.
        """
        self._pending += data
        frames = []
        while (end := self._pending.find(self._terminator, self._searched)) >= 0:
            self._refuse_above_limit(end)
            frames.append(bytes(self._pending[:end]))
            del self._pending[: end + len(self._terminator)]
            self._searched = 0
        # The last bytes may be the beginning of a terminator: search them again next time.
        self._searched = max(0, len(self._pending) - len(self._terminator) + 1)
        self._refuse_above_limit(self._searched)
        return frames

    def reset(self) -> None:
        """Forget an incomplete line."""
        self._pending.clear()
        self._searched = 0

    def _refuse_above_limit(self, length: int) -> None:
        if length <= self._limit:
            return
        start = bytes(self._pending[:40])
        self.reset()
        raise DeviceError(
            f"a line of more than {self._limit} bytes without its terminator "
            f"{self._terminator!r} came, beginning with {start!r}; "
            "check baud rate, terminator and cable",
            given=length,
            limit=self._limit,
        )


class FixedLength:
    """Incoming frames of a fixed number of bytes.

    Args:
        length: Bytes in each incoming frame, at least 1.
    """

    def __init__(self, length: int) -> None:
        if length < 1:
            raise ParameterError(f"a frame has at least 1 byte, not {length}")
        self._length = length
        self._pending = bytearray()

    def frame(self, payload: bytes) -> bytes:
        """Return the payload as it is: outgoing frames may have any length."""
        return payload

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what has arrived and return the frames that are complete now."""
        self._pending += data
        whole = len(self._pending) - len(self._pending) % self._length
        starts = range(0, whole, self._length)
        frames = [bytes(self._pending[start : start + self._length]) for start in starts]
        del self._pending[:whole]
        return frames

    def reset(self) -> None:
        """Forget an incomplete frame."""
        self._pending.clear()


class ByteOrder(Enum):
    """Which byte of a length header comes first."""

    BIG = "big"
    LITTLE = "little"


class Prefixed:
    """Frames that begin with the length of their payload as an unsigned integer.

    Args:
        header: Bytes of the length, 1 to 8.
        order: Which byte of it comes first.
        limit: Longest payload in bytes.
    """

    def __init__(self, header: int = 2, order: ByteOrder = ByteOrder.BIG, limit: int = 65536) -> None:
        if not 1 <= header <= 8:  # noqa: PLR2004 - as the sentence says
            raise ParameterError(f"a length header has 1 to 8 bytes, not {header}")
        self._header = header
        self._order = order
        self._limit = min(limit, 256**header - 1)
        self._pending = bytearray()

    def frame(self, payload: bytes) -> bytes:
        """Return the payload behind its length.

        Raises:
            ParameterError: The payload is longer than the limit.
        """
        if len(payload) > self._limit:
            raise ParameterError(
                f"the frame has {len(payload)} bytes; at most {self._limit} are allowed",
                given=len(payload),
                limit=self._limit,
            )
        return len(payload).to_bytes(self._header, self._order.value) + payload

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what has arrived and return the payloads that are complete now.

        Raises:
            DeviceError: A header announces more than the limit; all that was collected is
                thrown away.
        """
        self._pending += data
        frames = []
        while len(self._pending) >= self._header:
            length = int.from_bytes(self._pending[: self._header], self._order.value)
            if length > self._limit:
                self.reset()
                raise DeviceError(
                    f"a frame of {length} bytes was announced; at most {self._limit} are allowed",
                    given=length,
                    limit=self._limit,
                )
            end = self._header + length
            if len(self._pending) < end:
                break
            frames.append(bytes(self._pending[self._header : end]))
            del self._pending[:end]
        return frames

    def reset(self) -> None:
        """Forget an incomplete frame."""
        self._pending.clear()
