"""A router in memory: the real client stack, a real handshake and real bytes, no socket and no process."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from twisted.internet import error as lost
from twisted.internet.address import HostnameAddress
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import ITransport
from twisted.python.failure import Failure
from zope.interface import implementer

from ocs.realm.connection import RealmConnection
from ocs.realm.endpoint import Endpoint
from ocs.realm.session import make_client
from ocs.testing.memory_codec import Codec, pack, through, unpack
from ocs.testing.memory_realm import AUTHROLE, MemoryRealm, Message, Peer, Word
from ocs.testing.virtual_loop import VirtualLoop

_MAGIC = 0x7F
_HANDSHAKE = 4
_ROLES = {
    "broker": {"features": {"pattern_based_subscription": True, "publisher_exclusion": True}},
    "dealer": {"features": {"caller_identification": True, "call_canceling": True, "registration_revocation": True}},
}
WAY = Endpoint("rs", "memory", 1, "")
"""What stands for the way to a router in memory."""


class MemoryRouter:
    """A router for the members of one virtual loop.

    Args:
        loop: The loop; messages take one turn of it.
        codec: The way of what members send to each other: JSON as to a browser, or msgpack.

    Attributes:
        largest_message: Bytes of the largest message so far.
    """

    def __init__(self, loop: VirtualLoop, codec: Codec = Codec.MSGPACK) -> None:
        self.codec = codec
        self.realms: dict[str, MemoryRealm] = defaultdict(MemoryRealm)
        self.largest_message = 0
        self._loop = loop
        self._numbers = itertools.count(1)
        self._lines: list[_Line] = []
        self._running = True
        self._frozen: list[Callable[[], None]] | None = None

    def connection(
        self, _ways: Sequence[Endpoint] = (), realm: str = "test_realm", reactor: Any = None, **callbacks: Any
    ) -> RealmConnection:
        """Return a membership of this router; the arguments are those of `RealmConnection`."""
        return RealmConnection((WAY,), realm, reactor, make_client=self._make_client, **callbacks)

    # -- what happens to routers -----------------------------------------------------------------

    def stop(self) -> None:
        """End as a killed process does; every member loses its connection."""
        self._running, self._frozen = False, None
        for line in list(self._lines):
            line.lose(lost.ConnectionDone("the router was stopped"))
        self.realms.clear()

    def start(self) -> None:
        """Serve again after `stop`."""
        self._running = True

    def freeze(self) -> None:
        """Take messages and answer none, as a stopped process does."""
        self._frozen = []

    def thaw(self) -> None:
        """Answer again, what came meanwhile first."""
        held, self._frozen = self._frozen or [], None
        for act in held:
            self._loop.call_soon(act)

    def clog(self) -> None:
        """Have members know that what they send waits for the line; it comes all the same."""
        for line in self._lines:
            line.producer.pauseProducing()

    def unclog(self) -> None:
        """Have them know that the line has room again."""
        for line in self._lines:
            line.producer.resumeProducing()

    # -- lines -----------------------------------------------------------------------------------

    def _make_client(self, way: Endpoint, session: Callable[[], Any], reactor: Any, timeout_s: float) -> Any:
        _, factory = make_client(way, session, reactor, timeout_s)
        return _MemoryEndpoint(self), factory

    def connect(self, factory: Any) -> Deferred[Any]:
        """Connect a client."""
        if not self._running:
            return fail(lost.ConnectionRefusedError("the router in memory is stopped"))
        line = _Line(self, factory.buildProtocol(None))
        self._lines.append(line)
        line.protocol.makeConnection(line)
        return succeed(line.protocol)

    def soon(self, function: Callable[..., None], *args: Any) -> None:
        """Have the router act in a turn of its own, unless it is frozen."""

        def act() -> None:
            if self._frozen is not None:
                self._frozen.append(act)
            else:
                function(*args)

        self._loop.call_soon(act)

    def lost(self, line: _Line) -> None:
        """Forget a connection."""
        if line in self._lines:
            self._lines.remove(line)
            if line.realm is not None and line.peer is not None:
                line.realm.drop(line.peer)

    def take(self, line: _Line, message: Message) -> None:
        """Act on a message."""
        if line.realm is None or line.peer is None:
            self._welcome(line, message)
        elif message[0] == Word.GOODBYE.value:
            line.realm.drop(line.peer)
            line.send([Word.GOODBYE.value, {}, "wamp.close.goodbye_and_out"])
        else:
            line.realm.take(line.peer, through(self.codec, message))

    def _welcome(self, line: _Line, message: Message) -> None:
        line.realm = self.realms[message[1]]
        line.peer = Peer(next(self._numbers), line.send)
        line.realm.join(line.peer)
        details = {"roles": _ROLES, "authid": line.peer.authid, "authrole": AUTHROLE, "authmethod": "anonymous"}
        line.send([Word.WELCOME.value, line.peer.number, details])


class _MemoryEndpoint:
    """Twisted's client endpoint to a router in memory."""

    def __init__(self, router: MemoryRouter) -> None:
        self._router = router

    def connect(self, factory: Any) -> Deferred[Any]:
        return self._router.connect(factory)


@implementer(ITransport)
class _Line:
    """The transport under one client: RawSocket's handshake, then frames with four bytes of length."""

    def __init__(self, router: MemoryRouter, protocol: Any) -> None:
        self.protocol = protocol
        self.realm: MemoryRealm | None = None
        self.peer: Peer | None = None
        self.producer: Any = None
        self._router = router
        self._pending = b""
        self._greeted = False
        self._open = True

    def write(self, data: bytes) -> None:
        """Take bytes of the client."""
        self._pending += data
        if not self._greeted:
            if len(self._pending) < _HANDSHAKE:
                return
            hello, self._pending = self._pending[:_HANDSHAKE], self._pending[_HANDSHAKE:]
            self._greeted = True
            self._router.soon(self._receive, bytes((_MAGIC, hello[1], 0, 0)))
        while len(self._pending) >= _HANDSHAKE:
            end = _HANDSHAKE + int.from_bytes(self._pending[:_HANDSHAKE], "big")
            if len(self._pending) < end:
                return
            frame, self._pending = self._pending[_HANDSHAKE:end], self._pending[end:]
            self._router.largest_message = max(self._router.largest_message, len(frame))
            self._router.soon(self._take, frame)

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802 - Twisted's name
        """Take bytes of the client."""
        self.write(b"".join(data))

    def registerProducer(self, producer: Any, _streaming: bool) -> None:  # noqa: FBT001, N802 - Twisted's
        """Keep who is to be told when the line is full."""
        self.producer = producer

    def unregisterProducer(self) -> None:  # noqa: N802 - Twisted's name
        """Tell nobody any more."""
        self.producer = None

    def loseConnection(self) -> None:  # noqa: N802 - Twisted's name
        """Close on the client's wish."""
        self._router.soon(self.lose, lost.ConnectionDone())

    def abortConnection(self) -> None:  # noqa: N802 - Twisted's name
        """Cut on the client's wish; a frozen router cannot prevent it."""
        self.lose(lost.ConnectionAborted())

    def getPeer(self) -> HostnameAddress:  # noqa: N802 - Twisted's name
        """Return the other side."""
        return HostnameAddress(b"memory", 1)

    def getHost(self) -> HostnameAddress:  # noqa: N802 - Twisted's name
        """Return this side."""
        return HostnameAddress(b"memory", 1)

    def send(self, message: Message) -> None:
        """Bring a message to the client."""
        data = pack(message)
        self._router.soon(self._receive, len(data).to_bytes(_HANDSHAKE, "big") + data)

    def lose(self, error: Exception) -> None:
        """End the connection."""
        if self._open:
            self._open = False
            self._router.lost(self)
            self.protocol.connectionLost(Failure(error))

    def _take(self, frame: bytes) -> None:
        if self._open:
            self._router.take(self, unpack(frame))

    def _receive(self, data: bytes) -> None:
        if self._open:
            self.protocol.dataReceived(data)
