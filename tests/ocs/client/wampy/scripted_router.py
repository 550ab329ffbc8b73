"""A router of one connection that says what a test tells it to, byte by byte."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

from ocs.client.wampy.frames import Frame, FrameParser, Opcode, encode

ACCEPT_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Script = Callable[["ScriptedRouter"], None]


class ScriptedRouter:
    """Shakes hands, then runs the script in a thread; what the script raises is found in `failure`."""

    def __init__(self, script: Script, *, status: str = "101 Switching Protocols") -> None:
        self._script = script
        self._status = status
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(20)
        self._parser = FrameParser(1 << 26)
        self._frames: list[Frame] = []
        self.peer: socket.socket | None = None
        self.failure: BaseException | None = None
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/wampy"
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.peer is not None
        self.peer.sendall(data)

    def send(self, message: list[Any]) -> None:
        """Send a WAMP message in one frame."""
        self.send_bytes(encode(Frame(Opcode.TEXT, json.dumps(message).encode()), None))

    def receive_frame(self) -> Frame:
        """Return the client's next frame."""
        assert self.peer is not None
        while not self._frames:
            data = self.peer.recv(65536)
            if not data:
                raise ConnectionResetError
            self._frames.extend(self._parser.feed(data))
        return self._frames.pop(0)

    def receive(self) -> Any:
        """Return the client's next message."""
        return json.loads(self.receive_frame().payload)

    def welcome(self) -> None:
        """Take the hello and welcome the client as session 7."""
        assert self.receive()[0] == 1
        self.send([2, 7, {"roles": {"broker": {}, "dealer": {}}}])

    def close(self) -> None:
        """End the connection and the thread."""
        if self.peer is not None:
            self.peer.close()
        self._listener.close()
        self.thread.join(10)

    def _run(self) -> None:
        try:
            self.peer, _ = self._listener.accept()
            self.peer.settimeout(20)
            self._shake_hands()
            self._script(self)
            self.peer.shutdown(socket.SHUT_WR)
        except BaseException as error:  # noqa: BLE001 - told to the test
            self.failure = error

    def _shake_hands(self) -> None:
        assert self.peer is not None
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.peer.recv(4096)
        lines = head.decode().split("\r\n")
        key = next(line.split(": ", 1)[1] for line in lines if line.lower().startswith("sec-websocket-key"))
        digest = hashlib.sha1((key + ACCEPT_SALT).encode(), usedforsecurity=False).digest()
        accept = base64.b64encode(digest).decode()
        self.send_bytes(
            f"HTTP/1.1 {self._status}\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
