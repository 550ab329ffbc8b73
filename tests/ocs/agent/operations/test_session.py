"""What a run tells while it runs; nothing of it may make a reply fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import pytest

from ocs.agent import AsyncSession, Device, Session, process, task
from ocs.model.run import MESSAGES_KEPT
from ocs.testing.memory_codec import Codec, through
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice


class Colour(Enum):
    RED = "red"


@dataclass
class Spot:
    x: float
    colour: Colour


class Unreadable:
    @property
    def __dict__(self) -> Any:  # type: ignore[override] # the worst that an object can do
        raise RuntimeError("do not look")


@dataclass
class Broken:
    x: int = 0

    def __getattribute__(self, name: str) -> Any:
        if name == "x":
            raise RuntimeError("do not look")
        return super().__getattribute__(name)


class Talker(Device):
    """A device that tells what the test wants."""

    give: Callable[[], Any]

    @task
    def tell(self, session: Session) -> None:
        """Set the session's data."""
        session.data = self.give()

    @task
    def chat(self, session: Session, lines: int, length: int = 10) -> None:
        """Add many messages.

        Args:
            lines: How many.
            length: Characters of each.
        """
        for number in range(lines):
            session.add_message(f"{number:09d} " + "x" * length)

    @task
    def work(self, session: Session) -> None:
        """Tell progress in four steps of a second."""
        for step in range(4):
            session.progress(step / 4, f"step {step}")
            session.sleep(1.0)

    @task
    def count_up(self, session: Session) -> None:
        """Set keys one after the other."""
        session.update(first=1)
        session.update(second=2)

    @process
    def suffer(self, session: Session) -> None:
        """Be degraded in the second second."""
        for number in session.ticks(1.0):
            session.degraded = number == 1

    @process
    def tick(self, session: Session, rate: float, busy_s: float) -> None:
        """Keep the times of ticks.

        Args:
            rate: In Hz.
            busy_s: Time that the first tick takes.
        """
        times = []
        for number in session.ticks(rate):
            times.append((number, self.seconds()))
            session.data = {"times": [(n, t - times[0][1]) for n, t in times]}
            if number == 0:
                session.sleep(busy_s)

    @process
    async def tick_async(self, session: AsyncSession) -> None:
        """Count ticks."""
        async for number in session.ticks(4.0):
            session.data = {"number": number}


@pytest.fixture
def talker(agent_of: AgentOf) -> RunningDevice:
    return agent_of(Talker)


def _told(talker: RunningDevice, value: Any) -> dict[str, Any]:
    talker.object.give = lambda: value
    talker.run("tell")
    sessions = {name: session for name, session, _ in talker.query("get_tasks")}
    through(Codec.JSON, sessions)
    told: dict[str, Any] = sessions["tell"]
    return told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.float32(1.5), 1.5),
        (np.arange(3), [0, 1, 2]),
        ({"a": np.int64(3), "b": np.bool_(True)}, {"a": 3, "b": True}),
        ({"spot": Spot(1.0, Colour.RED)}, {"spot": {"x": 1.0, "colour": "red"}}),
        ({1: "one", Colour.RED: 2}, {"1": "one", "red": 2}),
        ({"nan": float("nan")}, {"nan": None}),
        ({"text": "half \ud800"}, {"text": "half ?"}),
        ({"half \ud800": 1}, {"half ?": 1}),
        ([], []),
        (None, None),
        (0, 0),
    ],
)
def test_any_plain_value_reaches_clients(talker: RunningDevice, value: Any, told: Any) -> None:
    assert _told(talker, value)["data"] == told


def test_an_infinity_becomes_null_and_its_place_is_told(talker: RunningDevice) -> None:
    session = _told(talker, {"ok": 1.0, "far": [0.0, float("inf")]})

    assert session["data"] == {"ok": 1.0, "far": [0.0, None]}
    assert session["infinities"] == ["data.far.1"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"thing": object()}, "data.thing is object"),
        ({"thing": Unreadable()}, "data.thing is Unreadable"),
        ({"thing": Broken()}, "data.thing is Broken, and gave RuntimeError"),
        ({"number": 2**70}, "more than 64 bits"),
        ({"wave": 1 + 2j}, "is complex"),
        ({"big": "x" * 2_000_000}, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_sent_is_told_beside_empty_data(talker: RunningDevice, value: Any, told: str) -> None:
    session = _told(talker, value)

    assert session["data"] == {}
    assert told in session["data_error"]
    assert session["success"] is True


def test_data_that_contain_themselves_are_told_as_too_deep(talker: RunningDevice) -> None:
    loop: list[Any] = []
    loop.append(loop)

    assert "nested deeper" in _told(talker, loop)["data_error"]


def test_data_that_grow_when_written_out_are_told_as_too_large(talker: RunningDevice) -> None:
    doubled: list[Any] = []
    for _ in range(40):
        doubled = [doubled, doubled]

    assert "larger than 1 MB" in _told(talker, doubled)["data_error"]


def test_keys_of_the_data_are_set_one_by_one(talker: RunningDevice) -> None:
    assert talker.run("count_up").data == {"first": 1, "second": 2}


def test_messages_are_bounded_and_the_dropped_are_counted(talker: RunningDevice) -> None:
    session = talker.run("chat", lines=MESSAGES_KEPT + 50)

    assert len(session.messages) == 100
    assert session.raw["messages_dropped"] >= MESSAGES_KEPT - 50
    assert session.messages[-2][1].startswith(f"{MESSAGES_KEPT + 49:09d}")


def test_long_messages_leave_the_reply_small(talker: RunningDevice) -> None:
    talker.run("chat", lines=200, length=100_000)
    talker.site.router.largest_message = 0

    talker.query("get_api")

    assert talker.site.router.largest_message < 32_000


def test_progress_is_pushed_as_it_goes(talker: RunningDevice) -> None:
    told = talker.changes("work")

    talker.run("work")
    talker.clock.advance(1.0)

    fractions = [session.progress.fraction or 0.0 for session in told]
    assert fractions == sorted(fractions)
    assert {0.25, 0.5, 0.75, 1.0} <= set(fractions)
    assert told[-1].ended


def test_a_degraded_run_is_told_and_recovers(talker: RunningDevice) -> None:
    talker.start("suffer")
    talker.clock.advance(1.5)
    assert talker.status("suffer").degraded
    assert talker.query("get_processes")[0][1]["op_code"] == 8

    talker.clock.advance(1.0)

    assert not talker.status("suffer").degraded
    talker.end("suffer")


def test_late_ticks_are_left_out_and_the_grid_is_kept(talker: RunningDevice) -> None:
    talker.start("tick", rate=1.0, busy_s=2.5)

    talker.clock.advance(5.5)

    times = talker.status("tick").data["times"]
    assert [round(moment, 6) for _, moment in times] == [0.0, 3.0, 4.0, 5.0]
    talker.end("tick")


def test_a_rate_that_makes_no_sense_ends_the_run_in_one_sentence(talker: RunningDevice) -> None:
    session = talker.run("tick", rate=0.0, busy_s=0.0)

    assert session.failure is not None
    assert "it must be more than 0 and at most 1000 Hz" in session.failure.message


def test_async_ticks_keep_their_rate(talker: RunningDevice) -> None:
    talker.start("tick_async")

    talker.clock.advance(10.0)

    assert talker.status("tick_async").data == {"number": 40}
    talker.end("tick_async")
