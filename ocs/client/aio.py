"""The async client: the same names with `await`, in a program's own asyncio loop.

async with connect() as obs:
    oven = await obs.device("oven-1")
    session = await oven.ramp(target=310)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from ocs.client.events import FeedMessage, decode_feed_event
from ocs.client.session import Progress
from ocs.client.settings import Place, find_place
from ocs.client.steps import Call, Conversation
from ocs.client.streams import LONGEST_QUEUE, LOOK_AGAIN_S
from ocs.client.surface import Realm, Run
from ocs.model.errors import ConfigurationError, DeadlineError, OcsError, RouterLostError

Event = tuple[str, list[Any]]


class AsyncClient:
    """A membership in a realm that runs in the asyncio loop of the program.

    Args:
        place: Where the realm is.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.connection: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._followed: set[asyncio.Queue[Event | None]] = set()

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
        for events in self._followed:
            _put(events, None)
        await self.settle(self.connection.close())

    def settle(self, deferred: Any) -> asyncio.Future[Any]:
        """Return a future of a Deferred's result."""
        return deferred.asFuture(self._loop)  # type: ignore[no-any-return] # Twisted's own bridge

    async def do(self, conversation: Conversation[Any]) -> Any:
        """Carry a conversation out."""
        step: Callable[[Any], Call] = conversation.send
        given: Any = None
        while True:
            try:
                call = step(given)
            except StopIteration as end:
                return end.value
            asked = self.connection.call(call.procedure, *call.args, timeout_s=call.timeout_s, **call.kwargs)
            try:
                given, step = await self.settle(asked), conversation.send
            except OcsError as error:
                given, step = error, conversation.throw

    async def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Subscribed:
        """Have `handler` called in the loop for each event."""
        from ocs.realm.roster import Match

        def event(actual: str, args: list[Any], _kwargs: dict[str, Any]) -> None:
            handler(actual, args)

        return Subscribed(self, await self.settle(self.connection.subscribe(topic, event, Match(match))))

    async def follow(self, topic: str, timeout_s: float | None) -> AsyncIterator[FeedMessage]:
        """Iterate over the messages of a feed; DeadlineError after a pause of `timeout_s` seconds."""
        async with self._events_of(topic) as events:
            while True:
                event = await _next(events, topic, timeout_s)
                if event is None:
                    raise DeadlineError(f"nothing was published on {topic} within {timeout_s:g} s")
                yield decode_feed_event(*event)

    @asynccontextmanager
    async def _events_of(self, topic: str) -> AsyncIterator[asyncio.Queue[Event | None]]:
        events: asyncio.Queue[Event | None] = asyncio.Queue(LONGEST_QUEUE)
        subscribed = await self.subscribe(topic, lambda actual, args: _put(events, (actual, args)), "exact")
        self._followed.add(events)
        try:
            yield events
        finally:
            self._followed.discard(events)
            await subscribed.close()

    async def follow_run(self, run: Run, timeout_s: float | None) -> AsyncIterator[Progress]:
        """Iterate over a run's progress until it ended."""
        async with self._events_of(run.topic) as events:
            session, quiet_s = await run.status(), 0.0
            while session is not None and not session.ended:
                if timeout_s is not None and quiet_s >= timeout_s:
                    raise DeadlineError(f"{run.operation.address} told no progress for {timeout_s:g} s")
                if not quiet_s or session.progress != run.session.progress:
                    yield session.progress
                run.session = session
                # An end that was told while the router was away is never told again: it is looked for.
                span = LOOK_AGAIN_S if timeout_s is None else min(LOOK_AGAIN_S, timeout_s - quiet_s)
                event = await _next(events, run.topic, span)
                session = await run.status() if event is None else run.take(event[1]) or await run.status()
                quiet_s = quiet_s + span if event is None else 0.0
        if session is not None:
            run.session = session
            session.check(run.operation.requests.name)
            yield session.progress


class Subscribed:
    """A subscription of an async client."""

    def __init__(self, client: AsyncClient, subscription: Any) -> None:
        self._client = client
        self._subscription = subscription

    async def close(self) -> None:
        """Get no more events."""
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
        return Realm(self._client, self._place.root, self._place.registry)

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


async def _next(events: asyncio.Queue[Event | None], topic: str, timeout_s: float | None) -> Event | None:
    """Return the next event, None when none came within `timeout_s` seconds."""
    try:
        async with asyncio.timeout(timeout_s):
            event = await events.get()
    except TimeoutError:
        return None
    if event is None:
        raise RouterLostError("the client left the realm while it followed a topic", field=topic)
    return event


def _put(events: asyncio.Queue[Any], event: Any) -> None:
    if events.full():
        events.get_nowait()
    events.put_nowait(event)
