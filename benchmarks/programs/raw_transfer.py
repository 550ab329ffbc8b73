"""The reference for the archive: autobahn and a file, with calls that are answered when their bytes are on the disk."""

from __future__ import annotations

import os
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pyarrow as pa
from twisted.internet import defer

from benchmarks.programs.commands import answer
from benchmarks.programs.noise import NAMES, block, samples
from benchmarks.programs.raw import INFO, Raw, main
from benchmarks.shelf import read_window

PUT = "observatory.raw.put"
WINDOWS = "observatory.raw.window"
PUT_ROWS = 4000
"""Rows of a call of 352 kB, as large as the agent's."""

WINDOW = 8
SAMPLE_HZ = 1000.0


class Transfer(Raw):
    """Serves, sends, publishes and counts as it is told."""

    async def serve_put(self, path: str) -> None:
        """Append what comes to a file, sync it once for all calls that wait, and answer them."""
        waiting: SimpleQueue[tuple[Any, defer.Deferred[int]]] = SimpleQueue()
        loop = self.loop

        def write() -> None:
            with Path(path).open("ab", buffering=0) as file:
                while True:
                    taken = [waiting.get(), *islice(iter(waiting.get_nowait, None), waiting.qsize())]
                    file.writelines(b"".join(data for part in parts for data in _bytes_of(part)) for parts, _ in taken)
                    os.fdatasync(file.fileno())
                    for parts, done in taken:
                        loop.call_soon_threadsafe(done.callback, len(parts))

        def put(parts: Any) -> defer.Deferred[int]:
            done: defer.Deferred[int] = defer.Deferred()
            waiting.put((parts, done))
            return done

        threading.Thread(target=write, daemon=True).start()
        await self.register(put, PUT)
        answer(serving=True)

    async def put_blocks(self, count: int, rows: int) -> None:
        """Send blocks, several in one call, some calls in flight; tell when all are on the disk."""
        each = max(1, PUT_ROWS // rows)
        numbers = iter(range(0, count, each))
        steps = np.arange(rows) / SAMPLE_HZ
        started = time.time()

        async def chain() -> None:
            for first in numbers:
                parts = [
                    encode(started + number * rows / SAMPLE_HZ + steps, block(number * rows, rows), number * rows)
                    for number in range(first, min(first + each, count))
                ]
                await self.call(PUT, parts)

        begin = time.perf_counter()
        await defer.gatherResults([defer.ensureDeferred(chain()) for _ in range(WINDOW)])
        answer(seconds=time.perf_counter() - begin)

    async def put_rows(self, count: int, rows: int) -> None:
        """Make rows one by one, and send them in columns, so many at a time."""
        made = samples(rows)
        begin = time.perf_counter()
        under_way: list[defer.Deferred[Any]] = []
        for number in range(0, count, rows):
            times: list[float] = []
            columns: dict[str, list[float]] = {name: [] for name in NAMES}
            for sample in made:
                times.append(time.time())
                for name, value in sample.items():
                    columns[name].append(value)
            arrays = {name: np.array(column) for name, column in columns.items()}
            under_way.append(self.call(PUT, [encode(np.array(times), arrays, number)]))
            if len(under_way) >= WINDOW:
                await under_way.pop(0)
            await self.pause(0.0)
        await defer.gatherResults(under_way)
        answer(seconds=time.perf_counter() - begin)

    async def serve_window(self, files: list[str]) -> None:
        """Offer a window of one field from block files."""

        def window(name: str, start: int, end: int) -> bytes:
            table = read_window([Path(file) for file in files], name, start, end)
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as stream:
                stream.write_table(table)
            return bytes(sink.getvalue())

        await self.register(window, WINDOWS)
        answer(serving=True)

    async def window(self, name: str, start: int, end: int) -> None:
        """Read one."""
        begin = time.perf_counter()
        table = pa.ipc.open_stream(await self.call(WINDOWS, name, start, end)).read_all()
        answer(rows=table.num_rows, p50_us=(time.perf_counter() - begin) * 1e6)

    async def publish_lags(self, topic: str, count: int, rate: float) -> None:
        """Publish the time at a rate in the very form that a feed has."""
        answer(publishing=True)
        for number in range(count):
            now = time.time()
            message = {"block_name": "stamps", "timestamps": [now], "data": {"value": [now]}}
            self.publish(topic, [{"stamps": message}, {**INFO, "seq": number}])
            await self.pause(1.0 / rate)

    async def count_lags(self, topic: str, count: int) -> None:
        """Count messages with times until `count` came; tell the median of their lag, and the worst tenth's best."""
        lags: list[float] = []
        done: defer.Deferred[None] = defer.Deferred()

        def event(told: Any) -> None:
            now = time.time()
            for part in told[0].values():
                lags.extend(now - value for value in part["data"]["value"])
            if len(lags) >= count and not done.called:
                done.callback(None)

        subscription = await self.subscribe(event, topic)
        answer(listening=True)
        await done
        ordered = sorted(lags)
        answer(p50_ms=ordered[len(lags) // 2] * 1e3, p90_ms=ordered[len(lags) * 9 // 10] * 1e3)
        await subscription.unsubscribe()


def encode(times: Any, columns: dict[str, Any], seq: int) -> dict[str, Any]:
    """Return one block as columns of bytes."""
    return {
        "seq": seq,
        "time": _encoded((times * 1e9).astype(np.int64)),
        "columns": {name: _encoded(column) for name, column in columns.items()},
    }


def _encoded(column: Any) -> dict[str, Any]:
    return {"dtype": column.dtype.str, "shape": list(column.shape), "data": column.tobytes()}


def _bytes_of(part: dict[str, Any]) -> list[bytes]:
    return [part["time"]["data"], *(column["data"] for column in part["columns"].values())]


if __name__ == "__main__":
    main(sys.argv[1], Transfer)
