"""wampy's connection on a real socket: every wait has a deadline, pings are answered, long frames are whole."""

from __future__ import annotations

import base64
import hashlib
import os
import select
import socket
import ssl
import threading
from collections import deque
from contextlib import suppress
from typing import Any, Final

from typing_extensions import override

from ocs.client.wampy.deadline import Deadline
from ocs.client.wampy.door import SecureWebSocket, WebSocket
from ocs.client.wampy.frames import MASK_BYTES, Frame, FrameParser, Opcode, encode
from ocs.client.wampy.payload import MAX_BYTES
from ocs.client.wampy.payload import encode as encode_message
from ocs.model.errors import ConfigurationError, DeadlineError, RouterLostError

PONG_TIMEOUT_S: Final = 5.0
"""How long the reader may be held up by a router that does not take its pong."""
CHUNK_BYTES: Final = 256 * 1024
HANDSHAKE_BYTES: Final = 16 * 1024
ACCEPT_SALT: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
SWITCHING: Final = 101
SERVER_ERROR: Final = 500


class SafeWebSocket(WebSocket):  # type: ignore[misc]  # wampy carries no types
    """One connection over TCP; any thread sends, one thread receives.

    Args:
        server_url: `ws://host:port/path`.
        timeout_s: For connecting, and for a send that names no deadline.
        certificate_path: Certificates to trust, for `wss`; None trusts those of the system.
    """

    def __init__(self, server_url: str, *, timeout_s: float, certificate_path: str | None = None) -> None:
        # The original's constructor makes a queue of gevent's; nothing else is lost by not calling it.
        self.url = server_url
        self.certificate = certificate_path
        self.timeout_s = timeout_s
        self.parse_url()
        self.websocket_location = self.resource
        self.key = base64.b64encode(os.urandom(16)).decode("ascii")
        self.socket: socket.socket | None = None
        self.connected = False
        self.is_pinging = False
        self.missed_pongs = 0
        self._parser = FrameParser(MAX_BYTES)
        self._frames: deque[Frame] = deque()
        self._send_lock = threading.Lock()
        self.broken = False

    def connect(self, upgrade: bool = True, *, deadline: Deadline | None = None) -> SafeWebSocket:  # noqa: FBT001, FBT002 - wampy's signature
        """Connect and shake hands.

        Raises:
            RouterLostError: Nobody listens there.
            ConfigurationError: Somebody does, but it is no router, or the path is wrong.
            DeadlineError: The other side took too long.
        """
        deadline = deadline or Deadline(self.timeout_s)
        try:
            self._connect(deadline)
            self._handshake(deadline, upgrade=upgrade)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise ConfigurationError(f"the certificate of {self.url} is not trusted: {error.verify_message}") from error
        except TimeoutError:
            self.close()
            raise DeadlineError(
                f"the router at {self.url} did not answer within {deadline.timeout_s:g} s; it hangs or is overloaded"
            ) from None
        except OSError as error:
            self.close()
            raise RouterLostError(f"no router answers at {self.url}: {error}; is it running?") from error
        except BaseException:
            self.close()
            raise
        self.connected = True
        return self

    def send(self, message: list[Any], deadline: Deadline | None = None) -> None:
        """Send a WAMP message.

        Raises:
            TooLargeError: It is longer than 16 MiB.
            NotSerialisableError: JSON cannot carry it.
            RouterLostError: The connection is gone.
            DeadlineError: The router does not take it.
        """
        self._send_raw(encode(Frame(Opcode.TEXT, encode_message(message)), os.urandom(MASK_BYTES)), deadline)

    def receive(self, bufsize: int = CHUNK_BYTES) -> Frame:
        """Return the next message, as soon as it comes; pings are answered meanwhile.

        Raises:
            RouterLostError: The connection ended, or the router breaks the protocol.
        """
        while True:
            while self._frames:
                frame = self._frames.popleft()
                if frame.opcode in {Opcode.TEXT, Opcode.BINARY}:
                    return frame
                self._handle_control(frame)
            try:
                data = self._receive_some(bufsize)
            except OSError as error:
                raise RouterLostError(f"the connection to {self.url} broke: {error}") from error
            if not data:
                raise RouterLostError(f"the router at {self.url} closed the connection")
            self._frames.extend(self._parser.feed(data))

    def disconnect(self) -> None:
        """Say that this side closes, and wake the thread that receives; it then calls `close`."""
        if self.socket is None:
            return
        self.broken = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the socket back; in a forked child that leaves the parent's connection as it is."""
        self.broken = True
        if self.socket is not None:
            self.socket.close()

    def _connect(self, deadline: Deadline) -> None:
        self.socket = socket.create_connection((self.host, self.port), timeout=max(deadline.left_s(), 0.001))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def _handshake(self, deadline: Deadline, *, upgrade: bool) -> None:
        connected = self._stream()
        lines = self._get_handshake_headers(upgrade=upgrade)
        connected.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            connected.settimeout(max(deadline.left_s(), 0.001))
            data = connected.recv(4096)
            if not data:
                raise ConnectionResetError("it closed the connection during the handshake")
            answer += data
            if len(answer) > HANDSHAKE_BYTES:
                raise ConfigurationError(f"{self.url} answers something that is no WebSocket; check host and port")
        head, _, rest = answer.partition(b"\r\n\r\n")
        self._check_handshake(head.decode("latin-1"))
        self._ready(connected)
        self._frames.extend(self._parser.feed(rest))

    def _check_handshake(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        words = first.split(" ", 2)
        self.status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        self.headers = {name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
        if self.status >= SERVER_ERROR:
            raise RouterLostError(f"the router at {self.url} is not ready: {first}")
        if self.status != SWITCHING:
            raise ConfigurationError(f"{self.url} answers {first!r}, no WebSocket; check port and path", given=self.url)
        digest = hashlib.sha1((self.key + ACCEPT_SALT).encode(), usedforsecurity=False).digest()
        if self.headers.get("sec-websocket-accept") != base64.b64encode(digest).decode("ascii"):
            raise ConfigurationError(f"{self.url} answers a WebSocket handshake that it did not read", given=self.url)

    def _handle_control(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PING:
            pong = encode(Frame(Opcode.PONG, frame.payload), os.urandom(MASK_BYTES))
            self._send_raw(pong, Deadline(PONG_TIMEOUT_S))
        elif frame.opcode is Opcode.CLOSE:
            with suppress(RouterLostError, DeadlineError):
                closing = encode(Frame(Opcode.CLOSE, frame.payload[:2]), os.urandom(MASK_BYTES))
                self._send_raw(closing, Deadline(PONG_TIMEOUT_S))
            told = frame.payload[2:].decode(errors="replace") or "without a reason"
            raise RouterLostError(f"the router at {self.url} closed the connection: {told}")

    def _send_raw(self, websocket_message: bytes, deadline: Deadline | None = None) -> None:
        deadline = deadline or Deadline(self.timeout_s)
        if not self._send_lock.acquire(timeout=deadline.left_s()):
            raise DeadlineError(f"another thread was still sending after {deadline.timeout_s:g} s: the router is stuck")
        left = memoryview(websocket_message)
        try:
            if self.broken:
                raise RouterLostError(f"the connection to {self.url} is gone")
            while left:
                left = left[self._send_some(left, deadline) :]
        except TimeoutError:
            raise DeadlineError(
                f"the router at {self.url} took only {len(websocket_message) - len(left)} of "
                f"{len(websocket_message)} bytes within {deadline.timeout_s:g} s; it hangs or is overloaded"
            ) from None
        except OSError as error:
            raise RouterLostError(f"the connection to {self.url} broke: {error}") from error
        except KeyboardInterrupt:
            self.disconnect()  # nobody knows how much is out
            raise
        finally:
            if 0 < len(left) < len(websocket_message):
                self.disconnect()  # half a frame is out: whatever follows would be taken for its rest
            self._send_lock.release()

    def _stream(self) -> socket.socket:
        if self.socket is None:
            raise RouterLostError(f"not connected to {self.url}")
        return self.socket

    def _ready(self, connected: socket.socket) -> None:
        connected.settimeout(None)

    def _receive_some(self, bufsize: int) -> bytes:
        return self._stream().recv(bufsize)

    def _send_some(self, data: memoryview, deadline: Deadline) -> int:
        connected = self._stream()
        while True:
            try:
                return connected.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                _wait(connected, select.POLLOUT, deadline)


class SafeSecureWebSocket(SafeWebSocket, SecureWebSocket):  # type: ignore[misc]  # wampy carries no types
    """One connection over TLS; OpenSSL allows one thread at a time, so the reader waits outside of it."""

    def __init__(self, server_url: str, *, timeout_s: float, certificate_path: str | None = None) -> None:
        super().__init__(server_url, timeout_s=timeout_s, certificate_path=certificate_path)
        self._tls_lock = threading.Lock()

    @override
    def _connect(self, deadline: Deadline) -> None:
        super()._connect(deadline)
        try:
            context = ssl.create_default_context(cafile=self.certificate)
        except OSError as error:
            raise ConfigurationError(f"cannot read certificates from {self.certificate}: {error}") from error
        plain = self._stream()
        plain.settimeout(max(deadline.left_s(), 0.001))
        self.socket = context.wrap_socket(plain, server_hostname=self.host)

    @override
    def _ready(self, connected: socket.socket) -> None:
        connected.setblocking(False)

    @override
    def _receive_some(self, bufsize: int) -> bytes:
        connected = self._stream()
        while True:
            try:
                with self._tls_lock:
                    return connected.recv(bufsize)
            except ssl.SSLWantReadError:
                _wait(connected, select.POLLIN, None)
            except ssl.SSLWantWriteError:
                _wait(connected, select.POLLOUT, None)

    @override
    def _send_some(self, data: memoryview, deadline: Deadline) -> int:
        connected = self._stream()
        while True:
            try:
                with self._tls_lock:
                    return connected.send(data)
            except ssl.SSLWantReadError:
                _wait(connected, select.POLLIN, deadline)
            except ssl.SSLWantWriteError:
                _wait(connected, select.POLLOUT, deadline)


def _wait(connected: socket.socket, readiness: int, deadline: Deadline | None) -> None:
    """Wait until the kernel is ready; without deadline until the connection ends, which wakes it too."""
    poll = select.poll()
    try:
        poll.register(connected, readiness)
    except ValueError:
        raise ConnectionResetError("it was closed by this side") from None
    left = None if deadline is None else max(1, round(deadline.left_s() * 1000))
    if (deadline is not None and deadline.left_s() == 0.0) or not poll.poll(left):
        raise TimeoutError
