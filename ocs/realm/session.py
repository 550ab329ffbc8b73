"""The WAMP session under a connection: made anew at each join."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autobahn.twisted.rawsocket import WampRawSocketClientFactory
from autobahn.twisted.wamp import ApplicationSession
from autobahn.twisted.websocket import WampWebSocketClientFactory
from autobahn.wamp.serializer import JsonSerializer, MsgPackSerializer
from autobahn.wamp.types import ComponentConfig
from twisted.internet.endpoints import TCP4ClientEndpoint, UNIXClientEndpoint
from typing_extensions import override

from ocs.realm.endpoint import Endpoint
from ocs.realm.prompt import PromptProtocol


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


def _raw(session: Callable[[], RealmSession]) -> Any:
    factory = WampRawSocketClientFactory(session, serializer=MsgPackSerializer())
    factory.protocol = PromptProtocol
    return factory
