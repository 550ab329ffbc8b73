"""One open stream of bytes that can be waited for, and woken, without polling."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import select
import threading
from collections.abc import Iterator
from typing import Protocol

from ocs.model.errors import DeadlineError, LinkLostError

CHUNK = 65536
WRITE_S = 5.0
MAX_DRAIN_READS = 64


class Transport(Protocol):
    """One open byte stream to a device: all that a link needs, and all that a fake must have."""

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, or wait for it; `b""` when the time is over or `wake` was called.

        Raises:
            LinkLostError: The stream is gone.
        """

    def write(self, data: bytes) -> None:
        """Give all bytes to the stream.

        Raises:
            LinkLostError: The stream is gone.
            DeadlineError: The stream takes no more bytes.
        """

    def drain(self) -> None:
        """Throw away what waits in the input."""

    def wake(self) -> None:
        """Make a waiting `read` return at once, from any thread; the next one, when none waits."""

    def close(self) -> None:
        """End the stream; a waiting `read` in another thread raises LinkLostError."""


class Source(Protocol):
    """Something open with a file descriptor, such as a socket or a serial port."""

    def fileno(self) -> int:
        """Return the file descriptor."""

    def close(self) -> None:
        """Close it."""


class DescriptorTransport:
    """The transport over a file descriptor that can be polled; owns `source` from now on.

    Args:
        source: The open socket, serial port or file.
        port: Its name in error messages.
        write_s: How long the other side may take no byte before a write gives up, in seconds.
    """

    def __init__(self, source: Source, port: str, *, write_s: float = WRITE_S) -> None:
        self._source = source
        self._port = port
        self._write_s = write_s
        self._descriptor = source.fileno()
        os.set_blocking(self._descriptor, False)
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._input = select.poll()
        self._input.register(self._descriptor, select.POLLIN)
        self._input.register(self._bell, select.POLLIN)
        self._output = select.poll()
        self._output.register(self._descriptor, select.POLLOUT)
        self._lock = threading.Lock()
        self._users = 0
        self._closing = False

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, or wait for it; `b""` when the time is over or `wake` was called.

        Raises:
            LinkLostError: The stream is gone.
        """
        with self._in_use():
            ready = self._input.poll(max(0, math.ceil(timeout_s * 1000)))
            descriptors = [descriptor for descriptor, _ in ready]
            if self._bell in descriptors:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._bell)
            if self._closing:
                raise LinkLostError(f"{self._port} was closed")
            if self._descriptor not in descriptors:
                return b""
            return self._read_now()

    def write(self, data: bytes) -> None:
        """Give all bytes to the stream.

        Raises:
            LinkLostError: The stream is gone.
            DeadlineError: The stream takes no more bytes.
        """
        left = memoryview(data)
        with self._in_use():
            while left:
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:
                    self._wait_for_room(len(left))
                except OSError as error:
                    raise self._gone(error) from error

    def drain(self) -> None:
        """Throw away what waits in the input."""
        for _ in range(MAX_DRAIN_READS):
            if not self.read(0.0):
                return

    def wake(self) -> None:
        """Make a waiting `read` return at once, from any thread; the next one, when none waits."""
        with self._lock:
            if self._bell >= 0:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """End the stream; a waiting `read` in another thread raises LinkLostError."""
        self._closing = True
        self.wake()
        with self._lock:
            if self._users == 0:
                self._release()

    def _read_now(self) -> bytes:
        try:
            data = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error) from error
        if not data:
            raise LinkLostError(f"{self._port} was closed by the other side or unplugged")
        return data

    def _wait_for_room(self, left: int) -> None:
        if not self._output.poll(math.ceil(self._write_s * 1000)):
            raise DeadlineError(
                f"{self._port} did not take the last {left} bytes within {self._write_s:g} s; "
                "check flow control and cable"
            )

    def _gone(self, error: OSError) -> LinkLostError:
        why = os.strerror(error.errno or errno.EIO)
        return LinkLostError(f"{self._port} is gone: {why}")

    @contextlib.contextmanager
    def _in_use(self) -> Iterator[None]:
        """Keep the descriptor open in the block: its number could soon belong to another file."""
        with self._lock:
            if self._closing:
                raise LinkLostError(f"{self._port} was closed")
            self._users += 1
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._closing and self._users == 0:
                self._release()

    def _release(self) -> None:
        if self._bell >= 0:
            os.close(self._bell)
            self._bell = -1
            self._source.close()
