"""The reference: autobahn and nothing else, on RawSocket over the unix socket with msgpack, asyncio reactor."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import numpy as np
from twisted.internet import asyncioreactor

asyncioreactor.install(asyncio.new_event_loop())

from autobahn.twisted.rawsocket import WampRawSocketClientFactory  # noqa: E402 - the reactor comes first
from autobahn.twisted.wamp import ApplicationSession  # noqa: E402 - the reactor comes first
from autobahn.wamp.serializer import MsgPackSerializer  # noqa: E402 - the reactor comes first
from twisted.internet import defer, reactor  # noqa: E402 - a bare program has its reactor itself
from twisted.internet.endpoints import UNIXClientEndpoint  # noqa: E402 - the reactor comes first
from twisted.internet.task import deferLater  # noqa: E402 - the reactor comes first

from benchmarks.programs.commands import answer, read_commands, summary  # noqa: E402 - the reactor comes first
from ocs.realm.reactor import loop_of  # noqa: E402 - the reactor comes first

ECHO = "observatory.raw.echo"
FETCH = "observatory.raw.fetch"
PAYLOAD = {"temperature": 4.2, "pressure": 1.0e-6, "count": 7, "name": "stage"}
COLUMNS, ROWS = 10, 100
INFO = {
    "agent_address": "observatory.bench-1",
    "agg_params": {},
    "feed_name": "blocks",
    "address": "observatory.bench-1.feeds.blocks",
    "record": True,
    "session_id": "1795170032.403277",
    "agent_class": "BenchAgent",
    "epoch": 1795170032403277000,
}


class Raw(ApplicationSession):
    """One session that serves, calls, publishes and counts as it is told."""

    def onConnect(self) -> None:  # noqa: N802 - autobahn's name
        """Join."""
        self.join("test_realm")

    def onJoin(self, _details: Any) -> None:  # noqa: N802 - autobahn's name
        """Begin to obey."""
        read_commands(lambda command: self.loop.call_soon_threadsafe(self.obey, command))
        answer(ready=True)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it runs in."""
        return loop_of(reactor)

    @staticmethod
    def pause(seconds: float) -> defer.Deferred[None]:
        """Return what fires after so many seconds."""
        return deferLater(reactor, seconds)

    def obey(self, command: dict[str, Any]) -> None:
        """Carry one command out."""
        defer.ensureDeferred(getattr(self, command.pop("do"))(**command))

    async def serve(self) -> None:
        """Offer the echo."""
        await self.register(lambda value: value, ECHO)
        answer(serving=True)

    async def call_many(self, count: int, in_flight: int) -> None:
        """Call the echo `count` times."""
        durations: list[float] = []

        async def chain(number: int) -> None:
            for _ in range(number):
                begin = time.perf_counter()
                await self.call(ECHO, PAYLOAD)
                durations.append(time.perf_counter() - begin)

        begin = time.perf_counter()
        await defer.gatherResults([defer.ensureDeferred(chain(count // in_flight)) for _ in range(in_flight)])
        answer(**summary(time.perf_counter() - begin, durations))

    async def serve_bytes(self, size: int) -> None:
        """Offer a procedure that answers so many bytes."""
        data = bytes(size)
        await self.register(lambda: data, FETCH)
        answer(serving=True)

    async def fetch_many(self, count: int) -> None:
        """Call it `count` times."""
        durations: list[float] = []
        begin = time.perf_counter()
        for _ in range(count):
            called = time.perf_counter()
            await self.call(FETCH)
            durations.append(time.perf_counter() - called)
        answer(**summary(time.perf_counter() - begin, durations))

    async def publish_stamps(self, topic: str, count: int, rate: float) -> None:
        """Publish the time `count` times, in the very form that an event has, at `rate` Hz or as fast as it goes."""
        answer(publishing=True)
        for number in range(count):
            now = time.time()
            self.publish(
                topic,
                {
                    "value": now,
                    "quality": "VALID",
                    "time": now,
                    "seq": number,
                    "epoch": INFO["epoch"],
                    "reason": "value",
                },
            )
            if rate:
                await self.pause(1.0 / rate)

    async def count_stamps(self, topic: str, count: int) -> None:
        """Count events with times until `count` came; tell their rate, and the median of their lag."""
        times: list[float] = []
        lags: list[float] = []
        done: defer.Deferred[None] = defer.Deferred()

        def event(payload: Any) -> None:
            now = time.time()
            times.append(now)
            lags.append(now - payload["value"])
            if len(times) == count:
                done.callback(None)

        subscription = await self.subscribe(event, topic)
        answer(listening=True)
        await done
        answer(rate=(count - 1) / (times[-1] - times[0]), lag_us=sorted(lags)[count // 2] * 1e6)
        await subscription.unsubscribe()

    async def publish_many(self, topic: str, count: int, form: str) -> None:
        """Publish `count` blocks of 10 x 100, as lists or as bytes, in the very form that a feed has."""
        block = np.random.default_rng(1).random((COLUMNS + 1, ROWS))
        names = [f"channel_{number}" for number in range(COLUMNS)]
        made = as_bytes if form == "bytes" else as_list
        for number in range(count):
            times, *columns = (made(column) for column in block)
            message = {"block_name": "block", "timestamps": times, "data": dict(zip(names, columns, strict=True))}
            self.publish(topic, [message if form == "bytes" else {"block": message}, {**INFO, "seq": number}])
        answer(published=count)

    async def count_events(self, topic: str, count: int) -> None:
        """Count events until `count` came; the rate is that from the first to the last."""
        times: list[float] = []
        done: defer.Deferred[None] = defer.Deferred()

        def event(*_: Any) -> None:
            times.append(time.perf_counter())
            if len(times) == count:
                done.callback(None)

        subscription = await self.subscribe(event, topic)
        answer(listening=True)
        await done
        answer(rate=(count - 1) / (times[-1] - times[0]))
        await subscription.unsubscribe()

    async def count_rows(self, topic: str, count: int) -> None:
        """Count the rows in a feed's messages until `count` came."""
        times: list[float] = []
        rows = 0
        done: defer.Deferred[None] = defer.Deferred()

        def event(told: Any) -> None:
            nonlocal rows
            times.append(time.perf_counter())
            rows += sum(len(block["timestamps"]) for block in told[0].values())
            if rows >= count and not done.called:
                done.callback(None)

        subscription = await self.subscribe(event, topic)
        answer(listening=True)
        await done
        answer(rows=rows, seconds=times[-1] - times[0])
        await subscription.unsubscribe()


def as_list(column: Any) -> Any:
    """Return a column as a list."""
    return column.tolist()


def as_bytes(column: Any) -> Any:
    """Return a column as bytes."""
    return {"dtype": "<f8", "shape": [ROWS], "data": column.tobytes()}


def main(socket: str, session: type[Raw] = Raw) -> None:
    """Join by the unix socket and obey until stdin ends."""
    factory = WampRawSocketClientFactory(session, serializer=MsgPackSerializer())
    UNIXClientEndpoint(reactor, socket).connect(factory)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1])
