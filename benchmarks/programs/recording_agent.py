"""The agent whose data are archived: blocks, rows one by one, stamps; with `--archiver none` it only publishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from benchmarks.programs.noise import block, samples
from ocs.agent import AsyncSession, Device, Feed, Session, Unit, run, task
from ocs.agent.data.archiving import Archiving
from ocs.agent.data.recording import LONGEST_QUEUE_BYTES

MOST_BYTES = 6_000_000
"""So much may wait in the spool, in B; less than it keeps in memory."""

MOST_NEW_BYTES = 2_000_000
"""So much may wait for its commit, in B."""

CHECK_ROWS = 500
LOOK_S = 0.002
PATIENCE_S = 50.0
SAMPLE_HZ = 1000.0


class Recording(Device):
    """Records as fast as its spool is emptied, so that nothing is dropped."""

    blocks = Feed(bulk=True, doc="blocks of ten columns, as bytes")
    rows = Feed(batch_s=0.1, batch_size=1000, doc="rows of ten fields, offered one by one")
    stamps = Feed(doc="the time, each sent at once")
    samples = Feed(doc="ten fields at a rate")

    def setup(self) -> None:
        """Begin with a time that no other row has."""
        self.next_time = np.floor(time.time())
        self.pause = threading.Event()

    @task
    def send_blocks(self, session: Session, count: int, rows: int) -> dict[str, Any]:  # noqa: ARG002 - every operation has one
        """Publish blocks, and wait until the archiver has all.

        Args:
            count: How many.
            rows: Rows of each.
        """
        begin, waited_s = time.perf_counter(), 0.0
        steps = np.arange(rows) / SAMPLE_HZ
        for number in range(count):
            waited_s += self._wait(self._room)
            self.blocks.publish_columns(self.next_time + steps, block(number * rows, rows))
            self.next_time += rows / SAMPLE_HZ
        return self._all_arrived(begin, waited_s)

    @task
    def send_rows(self, session: Session, count: int) -> dict[str, Any]:  # noqa: ARG002 - the same
        """Publish rows one by one, and wait until the archiver has all.

        Args:
            count: How many.
        """
        made = samples(CHECK_ROWS)
        begin, waited_s = time.perf_counter(), 0.0
        for _ in range(count // CHECK_ROWS):
            waited_s += self._wait(self._room)
            for sample in made:
                self.rows.publish(sample)
        return self._all_arrived(begin, waited_s)

    @task
    async def stamp(self, session: AsyncSession, count: int, rate: Annotated[float, Unit("Hz")]) -> None:
        """Publish the time at a rate.

        Args:
            count: How often.
            rate: How fast.
        """
        async for number in session.ticks(rate):
            self.stamps.publish(value=time.time())
            if number + 1 >= count:
                return

    @task
    async def sample(self, session: AsyncSession, count: int, rate: Annotated[float, Unit("Hz")]) -> None:
        """Publish ten fields at a rate.

        Args:
            count: How often.
            rate: How fast.
        """
        values = samples(1)[0]
        async for number in session.ticks(rate):
            self.samples.publish(values)
            if number + 1 >= count:
                return

    @task
    def drain(self, session: Session) -> dict[str, Any]:  # noqa: ARG002 - the same
        """Wait until the archiver has all."""
        return self._all_arrived(time.perf_counter(), 0.0)

    def _all_arrived(self, begin: float, waited_s: float) -> dict[str, Any]:
        archiving = self._archiving()
        archiving.recorder.commit()
        self._wait(lambda: not archiving.spool.depth_rows)
        return {
            "seconds": time.perf_counter() - begin,
            "waited_s": waited_s,
            "dropped": archiving.spool.dropped_rows + archiving.recorder.lost_rows,
            "refused": archiving.forwarder.refused,
        }

    def _room(self) -> bool:
        archiving = self._archiving()
        few_are_new = archiving.recorder.has_room(LONGEST_QUEUE_BYTES - MOST_NEW_BYTES)
        return few_are_new and archiving.spool.depth_bytes < MOST_BYTES

    def _archiving(self) -> Archiving:
        archiving = self.hosted().archiving
        if archiving is None:
            raise RuntimeError("this agent has no archiver")
        return archiving

    def _wait(self, enough: Callable[[], bool]) -> float:
        begin = time.perf_counter()
        while not enough():
            if time.perf_counter() - begin > PATIENCE_S:
                raise RuntimeError(f"the spool was not emptied within {PATIENCE_S:g} s")
            self.pause.wait(LOOK_S)
        return time.perf_counter() - begin


if __name__ == "__main__":
    run(Recording)
