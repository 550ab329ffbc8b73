"""The agent that is measured: operations that do nothing, feeds that do much."""

from __future__ import annotations

import numpy as np

from ocs.agent import AsyncSession, Device, Feed, Session, run, task

COLUMNS, ROWS = 10, 100
SIDE_BY_SIDE = 32


class Bench(Device):
    """Operations and feeds to measure the framework with."""

    blocks = Feed(bulk=True, doc="blocks of 10 columns and 100 rows, as bytes")
    lists = Feed(doc="the same blocks as lists")
    samples = Feed(batch_s=0.1, batch_size=1000, doc="samples of 10 fields, offered one by one")

    def setup(self) -> None:
        """Add as many operations as calls are in flight: each runs once at a time."""
        for number in range(SIDE_BY_SIDE):
            self.add_task(f"side_{number}", self.side)

    @task
    async def empty(self, session: AsyncSession) -> None:
        """Do nothing, in the event loop."""

    @task
    def empty_blocking(self, session: Session) -> None:
        """Do nothing, in a thread."""

    async def side(self, session: AsyncSession) -> None:
        """Do nothing, beside others."""

    @task
    async def delay(self, session: AsyncSession) -> None:
        """Wait for two seconds."""
        await session.sleep(2.0)

    @task
    async def publish_blocks(self, session: AsyncSession, count: int) -> None:  # noqa: ARG002 - every operation has one
        """Publish blocks as bytes.

        Args:
            count: How many.
        """
        times, data = made_columns()
        for _ in range(count):
            self.blocks.publish_columns(times, data)

    @task
    async def publish_lists(self, session: AsyncSession, count: int) -> None:  # noqa: ARG002 - the same
        """Publish blocks as lists.

        Args:
            count: How many.
        """
        times, data = made_columns()
        for _ in range(count):
            self.lists.publish_columns(times, data)

    @task
    def publish_samples(self, session: Session, count: int) -> None:  # noqa: ARG002 - the same
        """Offer samples of ten fields one by one.

        Args:
            count: How many.
        """
        sample = {f"channel_{number}": 0.5 + number for number in range(COLUMNS)}
        for _ in range(count):
            self.samples.publish(sample)


def made_columns() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return times and columns of one block."""
    block = np.random.default_rng(1).random((COLUMNS + 1, ROWS))
    return block[0], {f"channel_{number}": block[number + 1] for number in range(COLUMNS)}


if __name__ == "__main__":
    run(Bench)
