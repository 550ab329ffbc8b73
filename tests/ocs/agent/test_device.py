"""What a device adds to itself while it runs."""

from __future__ import annotations

from typing import Any

import pytest

from ocs.agent import AsyncSession, Device, Session
from ocs.model.errors import ConfigurationError, ErrorCode, UnknownParameterError
from ocs.model.operation import Outcome, Status
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice


def bare(session: Any, params: Any = None) -> str:
    """Do as agents of OCS do."""
    return "bare"


class Dynamic(Device):
    """A device that finds out at its start what it has."""

    def setup(self) -> None:
        """Add what was found."""
        self.told: list[str] = []
        self.add_task("measure 2", self.measure)
        self.add_process("watch", self.watch, startup=True, stopper=lambda _session: self.told.append("stopper"))
        self.add_task("bare", bare, typed=False)
        self.found = self.add_feed("found", doc="what was found")
        self.start_operation("measure 2", times=3)
        self.start_operation("nonsense")

    def measure(self, session: Session, times: int = 1) -> int:
        """Measure.

        Args:
            times: How often.
        """
        self.found.publish(times=times)
        return times

    async def watch(self, session: AsyncSession) -> None:
        """Watch until stopped."""
        async for _ in session.ticks(1.0):
            pass


@pytest.fixture
def dynamic(agent_of: AgentOf) -> RunningDevice:
    return agent_of(Dynamic)


def test_what_a_device_adds_is_on_its_interface(dynamic: RunningDevice) -> None:
    assert set(dynamic.interface.operations) == {"measure 2", "watch", "bare"}
    assert dynamic.interface.feeds["found"].doc == "what was found"
    assert (dynamic.interface.operations["measure 2"].params or {})["properties"]["times"]["type"] == "integer"


def test_what_it_starts_from_within_runs(dynamic: RunningDevice) -> None:
    assert dynamic.status("measure 2").result == 3
    assert dynamic.status("watch").status is Status.RUNNING


def test_an_added_operation_is_checked_as_a_declared_one(dynamic: RunningDevice) -> None:
    with pytest.raises(UnknownParameterError):
        dynamic.start("measure 2", tempo=1)


def test_an_added_process_has_its_stopper(dynamic: RunningDevice) -> None:
    assert dynamic.end("watch").outcome is Outcome.STOPPED
    dynamic.clock.settle()
    assert dynamic.object.told == ["stopper"]


def test_an_operation_without_types_takes_anything(dynamic: RunningDevice) -> None:
    assert dynamic.interface.operations["bare"].params is None
    assert dynamic.run("bare", params=[1, "x"]).result == "bare"


def test_a_session_topic_has_no_spaces(dynamic: RunningDevice) -> None:
    told = dynamic.changes("measure 2")

    dynamic.run("measure 2")
    dynamic.clock.advance(1.0)

    assert told[-1].op_name == "measure 2"


def test_outside_an_agent_a_device_says_so() -> None:
    device = Dynamic("d")

    with pytest.raises(ConfigurationError, match="not part of an agent yet") as caught:
        device.now()

    assert caught.value.code is ErrorCode.CONFIGURATION


@pytest.mark.parametrize("name", ["a.b", "a b", ""])
def test_a_device_has_a_name_that_fits_its_address(name: str) -> None:
    with pytest.raises(ConfigurationError):
        Dynamic(name)
