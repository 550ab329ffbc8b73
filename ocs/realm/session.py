"""The WAMP session under a connection: made anew at each join."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autobahn.twisted.rawsocket import WampRawSocketClientFactory, WampRawSocketClientProtocol
from autobahn.twisted.wamp import ApplicationSession
from autobahn.twisted.websocket import WampWebSocketClientFactory
from autobahn.wamp.serializer import JsonSerializer, MsgPackSerializer
from autobahn.wamp.types import ComponentConfig
from twisted.internet.endpoints import TCP4ClientEndpoint, UNIXClientEndpoint
from typing_extensions import override

from ocs.realm.endpoint import Endpoint
from ocs.realm.reactor import loop_of

TOGETHER_BYTES = 32_000
"""Messages of one turn of the loop are written together up to so many bytes."""


class Outflow:
    """Whether what was sent last still waits for the line; told by the transport, as to Twisted's producers.

    Args:
        on_room: Called when the line has taken everything.
    """

    def __init__(self, on_room: Callable[[], None]) -> None:
        self.full = False
        self._on_room = on_room

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Take note that more than 64 kB wait."""
        self.full = True

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Take note that nothing waits."""
        self.full = False
        self._on_room()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Take note that the line is lost."""
        self.full = False


class RealmSession(ApplicationSession):
    """One session from join to loss; it tells its connection of both."""

    def __init__(
        self,
        realm: str,
        joined: Callable[[RealmSession, Any], None],
        gone: Callable[[RealmSession, str], None],
        on_room: Callable[[], None],
    ) -> None:
        super().__init__(ComponentConfig(realm=realm))
        self._joined = joined
        self._gone = gone
        self._reason = "connection lost"
        self.outflow = Outflow(on_room)

    @override
    def onConnect(self) -> None:
        self.join(self.config.realm)

    @override
    def onJoin(self, details: Any) -> None:
        protocol: Any = self._transport
        protocol.transport.registerProducer(self.outflow, True)
        self._joined(self, details)

    @override
    def onLeave(self, details: Any) -> None:
        # Calling up ends the calls that are in flight; without it they would wait for ever.
        self._reason = details.message or details.reason
        protocol: Any = self._transport
        if protocol is not None:  # else the line is lost already
            protocol.transport.unregisterProducer()  # a full line that has a producer would not be closed
        super().onLeave(details)

    @override
    def onDisconnect(self) -> None:
        super().onDisconnect()
        self._gone(self, self._reason)

    @override
    def onUserError(self, fail: Any, msg: str) -> None:
        """Keep quiet: each handler's errors are told where it was added."""

    def drop(self) -> None:
        """Cut the connection without saying goodbye."""
        transport = self._transport
        if transport is not None:
            transport.abort()


def make_client(
    endpoint: Endpoint, session: Callable[[], RealmSession], reactor: Any, timeout_s: float
) -> tuple[Any, Any]:
    """Return Twisted's endpoint and the protocol factory for a way to the router."""
    timeout = max(1, round(timeout_s))
    if endpoint.scheme == "unix":
        return UNIXClientEndpoint(reactor, endpoint.path, timeout), _raw(session)
    tcp = TCP4ClientEndpoint(reactor, endpoint.host, endpoint.port, timeout)
    if endpoint.scheme == "rs":
        return tcp, _raw(session)
    factory = WampWebSocketClientFactory(
        session, url=endpoint.url, serializers=[MsgPackSerializer(), JsonSerializer()], reactor=reactor
    )
    factory.setProtocolOptions(openHandshakeTimeout=timeout_s, autoPingInterval=10, autoPingTimeout=5, tcpNoDelay=True)
    return tcp, factory


class PromptProtocol(WampRawSocketClientProtocol):
    """RawSocket that writes a lone message at once, and of a burst some messages together.

    Twisted writes at the loop's next turn only. That costs a call a good part of its time, and the router
    idles while a long burst is made.
    """

    _first_of_turn = True
    _waiting_bytes = 0

    @override
    def sendString(self, string: bytes) -> None:
        super().sendString(string)  # type: ignore[no-untyped-call] # autobahn carries no types here
        transport: Any = self.transport
        if not hasattr(transport, "doWrite"):
            return  # in memory, as tests have it, nothing waits for the loop's next turn
        self._waiting_bytes += len(string)
        if self._first_of_turn:
            loop_of(transport.reactor).call_soon(self._turned)
        if self._first_of_turn or self._waiting_bytes >= TOGETHER_BYTES:
            transport.doWrite()
            self._waiting_bytes = 0
        self._first_of_turn = False

    def _turned(self) -> None:
        self._first_of_turn, self._waiting_bytes = True, 0


def _raw(session: Callable[[], RealmSession]) -> Any:
    factory = WampRawSocketClientFactory(session, serializer=MsgPackSerializer())
    factory.protocol = PromptProtocol
    return factory
