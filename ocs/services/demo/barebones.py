"""BarebonesAgent: the smallest agent, as OCS 0.12's tutorial has it."""

from __future__ import annotations

from ocs.agent import Device, Feed, Property, Session, process, task


class Barebones(Device):
    """The smallest agent: it counts and prints."""

    mode: Property[str] = Property("count", doc="count: count from the start", choices=("idle", "count"))
    feed = Feed(name="feed_name", doc="the counter, each second", batch_s=1.0, agg_params={"frame_length": 600})

    def setup(self) -> None:
        """Count from the start where that is configured."""
        if self.mode == "count":
            self.start_operation("count")

    @process
    def count(
        self,
        session: Session,
        test_mode: bool = False,  # noqa: FBT001, FBT002 - a parameter by name
    ) -> None:
        """Count seconds from 1 and publish each number until stopped.

        Args:
            test_mode: Count to 1 and end.
        """
        for number in session.ticks(1.0):
            now = self.now()
            self.feed.publish(value=number + 1, time=now, block="count")
            session.data = {"value": number + 1, "timestamp": now}
            if test_mode:
                return

    @task
    def print(self, session: Session, text: str = "hello world") -> None:
        """Write a text to the log.

        Args:
            text: What to write.
        """
        self.log.info("{text}", text=text)
        session.data = {"text": text, "last_updated": self.now()}
