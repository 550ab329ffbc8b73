"""What an agent cannot do without: its imports, a reactor, a session, two registrations (or one call)."""

from __future__ import annotations

import sys
from typing import Any

import ocs.agent.program.agent
import ocs.agent.program.launch
import ocs.services.demo.fake_data  # noqa: F401 - what an agent of it loads
from benchmarks.programs.commands import answer
from ocs.realm.reactor import install


def main(socket: str) -> None:
    """Join, register, say so, and idle until stdin ends."""
    reactor = install()
    from autobahn.twisted.rawsocket import WampRawSocketClientFactory
    from autobahn.twisted.wamp import ApplicationSession
    from autobahn.wamp.serializer import MsgPackSerializer
    from twisted.internet.endpoints import UNIXClientEndpoint

    class Bare(ApplicationSession):
        def onConnect(self) -> None:  # noqa: N802 - autobahn's name
            self.join("test_realm")

        async def onJoin(self, _details: Any) -> None:  # noqa: N802 - autobahn's name
            await self.register(lambda *_: None, "observatory.bare")
            await self.register(lambda *_: None, "observatory.bare.ops")
            answer(ready=True)

    factory = WampRawSocketClientFactory(Bare, serializer=MsgPackSerializer())
    UNIXClientEndpoint(reactor, socket).connect(factory)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1])
