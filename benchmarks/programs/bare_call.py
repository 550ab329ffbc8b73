"""What a command that asks one agent cannot do without: imports, a join, one call."""

from __future__ import annotations

import sys
from typing import Any

import click  # noqa: F401 - a command has options
import rich.table  # noqa: F401 - and prints tables

import ocs.client.aio  # noqa: F401 - and is a client
from ocs.realm.reactor import install


def main(socket: str) -> None:
    """Ask the registry once."""
    reactor = install()
    from autobahn.twisted.rawsocket import WampRawSocketClientFactory
    from autobahn.twisted.wamp import ApplicationSession
    from autobahn.wamp.serializer import MsgPackSerializer
    from twisted.internet.endpoints import UNIXClientEndpoint

    class Bare(ApplicationSession):
        def onConnect(self) -> None:  # noqa: N802 - autobahn's name
            self.join("test_realm")

        async def onJoin(self, _details: Any) -> None:  # noqa: N802 - autobahn's name
            await self.call("observatory.registry.ops", "status", "main")
            reactor.stop()

    factory = WampRawSocketClientFactory(Bare, serializer=MsgPackSerializer())
    UNIXClientEndpoint(reactor, socket).connect(factory)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1])
