"""BarebonesAgent: the smallest agent, as OCS 0.12's tutorial makes it."""

from __future__ import annotations

from ocs.agent import Device, Feed, Property, Session, process, task


class Barebones(Device):
    """The smallest agent: it counts and prints."""

    mode: Property[str] = Property("idle", doc="count: count from the start", choices=("idle", "count"))
    feed = Feed(name="feed_name", doc="the counter, each second", agg_params={"frame_length": 600})

    def setup(self) -> None:
        """Count from the start where that is configured."""
        if self.mode == "count":
            self.start_operation("count")

    @process
    def count(self, session: Session) -> None:
        """Count seconds and publish each number until stopped."""
        for number in session.ticks(1.0):
            self.feed.publish(value=number, block="count")
            session.data = {"value": number, "timestamp": self.now()}

    @task
    def print(self, session: Session, text: str = "hello world") -> None:
        """Write a text to the log.

        Args:
            text: What to write.
        """
        self.log.info("{text}", text=text)
        session.add_message(text)
