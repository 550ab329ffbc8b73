"""The async client: the same names with `await`, in a program's own asyncio loop.

async with connect() as obs:
    oven = await obs.device("oven-1")
    session = await oven.ramp(target=310)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from ocs.client.async_steps import AsyncFlavour
from ocs.client.mailbox import Mailbox
from ocs.client.settings import Place, find_place
from ocs.client.steps import Call
from ocs.client.surface import Realm
from ocs.model.errors import ConfigurationError, RouterLostError


class AsyncClient(AsyncFlavour):
    """A membership in a realm that runs in the asyncio loop of the program.

    Args:
        place: Where the realm is.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.connection: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.mailboxes: set[Mailbox] = set()

    async def join(self, timeout_s: float = 10.0) -> None:
        """Join the realm.

        Raises:
            RouterLostError: It was not joined within `timeout_s` seconds.
            ConfigurationError: The process's reactor belongs to another event loop.
        """
        from ocs.realm.connection import RealmConnection

        self._loop = asyncio.get_running_loop()
        self.connection = RealmConnection(self.place.ways, self.place.realm, running_reactor(self._loop))
        self.connection.start()
        try:
            async with asyncio.timeout(timeout_s):
                await self.settle(self.connection.when_joined())
        except TimeoutError:
            self.connection.close()
            raise RouterLostError(
                f"the router is not there ({self.connection.last_error}); "
                "start it with `ocs up`, or say where it is by url= or OCS_PORT"
            ) from None
        except BaseException:  # cancelled: nobody has the client, so nobody else could end it
            self.connection.close()
            raise

    async def leave(self) -> None:
        """Leave the realm; who still follows something is told so."""
        for mailbox in list(self.mailboxes):
            mailbox.end()
        await self.settle(self.connection.close())

    def settle(self, deferred: Any) -> asyncio.Future[Any]:
        """Return a future of a Deferred's result."""
        return deferred.asFuture(self._loop)  # type: ignore[no-any-return] # Twisted's own bridge

    async def call(self, call: Call) -> Any:
        """Make a call and return its result."""
        asked = self.connection.call(call.procedure, *call.args, timeout_s=call.timeout_s, **call.kwargs)
        return await self.settle(asked)

    async def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Subscribed:
        """Have `handler` called in the loop for each event."""
        from ocs.realm.roster import Match

        def event(actual: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            handler(actual, args)

        return Subscribed(self, await self.settle(self.connection.subscribe(topic, event, Match(match))))

    async def listen(self, mailbox: Mailbox) -> Subscribed:
        """Have each event put into the mailbox; who takes from it is told when the client leaves."""
        subscribed = await self.subscribe(mailbox.topic, mailbox.put, "exact")
        subscribed.mailbox = mailbox
        self.mailboxes.add(mailbox)
        return subscribed


class Subscribed:
    """A subscription of an async client."""

    def __init__(self, client: AsyncClient, subscription: Any) -> None:
        self._client = client
        self._subscription = subscription
        self.mailbox: Mailbox | None = None

    async def close(self) -> None:
        """Get no more events."""
        if self.mailbox is not None:
            self._client.mailboxes.discard(self.mailbox)
        await self._client.settle(self._client.connection.unsubscribe(self._subscription))


class connect:  # noqa: N801 - read as a verb: async with connect() as obs
    """Join a realm for the time of an `async with` block; arguments as of `ocs.client.connect`."""

    def __init__(
        self,
        url: str | None = None,
        *,
        realm: str | None = None,
        root: str | None = None,
        site_file: str | Path | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._place = find_place(url, realm=realm, root=root, site_file=site_file)
        self._timeout_s = timeout_s
        self._client = AsyncClient(self._place)

    async def __aenter__(self) -> Realm:
        """Join, and return the realm."""
        await self._client.join(self._timeout_s)
        place = self._place
        return Realm(self._client, place.root, place.registry, archiver=place.archiver)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        await self._client.leave()


def running_reactor(loop: asyncio.AbstractEventLoop) -> Any:
    """Return Twisted's reactor on the running loop, started.

    Raises:
        ConfigurationError: The process's reactor belongs to another loop.
    """
    from ocs.realm.reactor import install, loop_of

    reactor = install(loop)
    if loop_of(reactor) is not loop:
        raise ConfigurationError(
            "this process has its reactor on another event loop; use one asyncio.run() in a program, "
            "or the blocking ocs.client beside other loops"
        )
    if not reactor.running:
        reactor.startRunning(installSignalHandlers=False)
    return reactor
