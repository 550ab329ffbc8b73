"""RawSocket without the wait for the loop's next turn."""

from __future__ import annotations

import struct
from typing import Any

from autobahn.twisted.rawsocket import WampRawSocketClientProtocol
from typing_extensions import override

from ocs.realm.reactor import loop_of

TOGETHER_BYTES = 32_000
"""Messages of one turn of the loop are written together up to so many bytes."""

_LENGTH = struct.Struct("!I")


class PromptProtocol(WampRawSocketClientProtocol):
    """RawSocket that writes a lone message at once, and of a burst some messages together.

    Twisted writes at the loop's next turn only, and has the loop watch the line for it. That costs a call a good part
    of its time, and the router idles while a long burst is made.
    """

    _first_of_turn = True
    _waiting_bytes = 0

    @override
    def sendString(self, string: bytes) -> None:
        transport: Any = self.transport
        if not hasattr(transport, "doWrite"):  # in memory, as tests have it, nothing waits for the loop's next turn
            super().sendString(string)  # type: ignore[no-untyped-call] # autobahn carries no types here
        elif self._first_of_turn:
            self._first_of_turn = False
            loop_of(transport.reactor).call_soon(self._turned)
            self._send(transport, _LENGTH.pack(len(string)) + string)
        else:
            super().sendString(string)  # type: ignore[no-untyped-call] # autobahn carries no types here
            self._waiting_bytes += len(string)
            if self._waiting_bytes >= TOGETHER_BYTES:
                self._waiting_bytes = 0
                transport.doWrite()

    def _send(self, transport: Any, frame: bytes) -> None:
        """Write to the socket itself what it takes now, unless something waits before it; Twisted writes the rest."""
        sent = 0
        if transport.connected and not (transport.dataBuffer or transport._tempDataBuffer):  # noqa: SLF001 - no other word
            told = transport.writeSomeData(frame)
            sent = told if isinstance(told, int) else 0  # else the line is lost: Twisted sees it at its own write
        if sent < len(frame):
            transport.write(frame[sent:])

    def _turned(self) -> None:
        self._first_of_turn, self._waiting_bytes = True, 0
