"""A process whose device is lost waits for it, degraded, and goes on."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.agent import AsyncSession, Device, DeviceError, LinkLostError, Session, process, task
from ocs.link import LinkState, LinkStatus
from ocs.model.errors import DeadlineError, OcsError
from ocs.model.operation import Outcome, Status
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice


class Linked(Device):
    """A device whose link the test breaks."""

    error: OcsError | None = None
    asked = 0

    def setup(self) -> None:
        """Have a link, as far as the run time sees it."""
        self.device_link: Any = _NoLink()
        self.found(LinkState.OPEN)

    def found(self, state: LinkState) -> None:
        """Tell the run time of the link."""
        self.link_changed(LinkStatus(state, 0.0, ""))

    def ask(self) -> None:
        """Talk to the instrument."""
        self.asked += 1
        if self.error is not None:
            raise self.error

    @process
    def acquire(self, session: Session) -> None:
        """Acquire until stopped."""
        for number in session.ticks(1.0):
            self.ask()
            session.data = {"number": number}

    @process
    async def acquire_async(self, session: AsyncSession) -> None:
        """Acquire until stopped."""
        async for number in session.ticks(1.0):
            self.ask()
            session.data = {"number": number}

    @task
    def read(self, session: Session) -> None:
        """Read once."""
        self.ask()


class _NoLink:
    status = LinkStatus(LinkState.OPEN, 0.0)

    def close(self) -> None:
        """Have nothing to close."""


@pytest.fixture
def linked(agent_of: AgentOf) -> RunningDevice:
    return agent_of(Linked)


@pytest.mark.parametrize("op", ["acquire", "acquire_async"])
@pytest.mark.parametrize("error", [LinkLostError("gone"), DeadlineError("no answer"), DeviceError("nonsense")])
def test_a_process_goes_on_when_its_device_answers_again(linked: RunningDevice, op: str, error: OcsError) -> None:
    linked.start(op)
    linked.object.error = error
    linked.clock.advance(2.5)
    assert linked.status(op).degraded
    assert any(error.message in text for _, text in linked.status(op).messages)

    linked.object.error = None
    linked.clock.advance(5.0)

    session = linked.status(op)
    assert (session.status, session.degraded) == (Status.RUNNING, False)
    assert session.data["number"] >= 1
    linked.end(op)


@pytest.mark.parametrize("op", ["acquire", "acquire_async"])
def test_a_lost_link_is_waited_for(linked: RunningDevice, op: str) -> None:
    linked.start(op)
    linked.object.error = LinkLostError("gone")
    linked.object.found(LinkState.LOST)
    linked.clock.advance(5.0)
    before = linked.object.asked
    linked.clock.advance(100.0)
    assert linked.object.asked == before

    linked.object.error = None
    linked.object.found(LinkState.OPEN)
    linked.clock.advance(5.0)

    assert linked.object.asked > before
    assert not linked.status(op).degraded
    linked.end(op)


@pytest.mark.parametrize("op", ["acquire", "acquire_async"])
def test_a_process_that_waits_for_its_device_can_be_stopped(linked: RunningDevice, op: str) -> None:
    linked.start(op)
    linked.object.error = LinkLostError("gone")
    linked.object.found(LinkState.LOST)
    linked.clock.advance(10.0)

    assert linked.end(op).outcome is Outcome.STOPPED


def test_a_stop_does_not_make_others_believe_that_the_device_is_there(linked: RunningDevice) -> None:
    for op in ("acquire", "acquire_async"):
        linked.start(op)
    linked.object.error = LinkLostError("gone")
    linked.object.found(LinkState.LOST)
    linked.clock.advance(10.0)

    linked.end("acquire")
    before = linked.object.asked
    linked.clock.advance(100.0)

    assert linked.object.asked == before
    linked.end("acquire_async")


def test_a_task_fails_with_the_error_of_the_device(linked: RunningDevice) -> None:
    linked.object.error = LinkLostError("gone")

    session = linked.run("read")

    assert session.failure is not None
    assert session.failure.message == "gone"
