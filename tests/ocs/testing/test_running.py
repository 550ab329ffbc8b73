from __future__ import annotations

from ocs.agent import AsyncSession, Device, Feed, Session, process, task
from ocs.testing.plugin import AgentOf


class Counter(Device):
    """Counts."""

    numbers = Feed(doc="the numbers")

    @task
    def up_to(self, session: Session, last: int) -> int:
        """Count to a number, one a second.

        Args:
            last: The number.
        """
        for number in range(last):
            session.sleep(1.0)
            self.numbers.publish(number=number)
        return last

    @process
    async def forever(self, session: AsyncSession) -> None:
        """Count until stopped."""
        async for number in session.ticks(2.0):
            session.data = {"number": number}


def test_a_blocking_task_runs_in_virtual_time(agent_of: AgentOf) -> None:
    device = agent_of(Counter)

    session = device.run("up_to", last=1000)

    assert session.result == 1000
    assert 1000 <= session.elapsed_s < 1001


def test_an_async_process_runs_in_virtual_time(agent_of: AgentOf) -> None:
    device = agent_of(Counter)
    device.start("forever")

    device.clock.advance(10.0)

    assert device.status("forever").data == {"number": 20}
    assert device.end("forever").success


def test_messages_of_a_feed_are_collected(agent_of: AgentOf) -> None:
    device = agent_of(Counter)
    told = device.messages("numbers")

    device.run("up_to", last=3)

    assert [message.samples[0].data["number"] for message in told] == [[0], [1], [2]]
