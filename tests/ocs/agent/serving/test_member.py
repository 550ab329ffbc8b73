"""A device on the realm: its answers, what it pushes, its heartbeat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

from ocs.agent import AsyncSession, Device, Feed, Field, Limits, Session, Unit, process, task
from ocs.model.errors import (
    ErrorCode,
    MissingParameterError,
    NotFoundError,
    OcsError,
    OutOfRangeError,
    ParameterError,
    UnknownParameterError,
)
from ocs.model.operation import OpCode, ReplyCode, Status
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice


class Heater(Device):
    """A heater."""

    version = "2.1"
    thermal = Feed(doc="temperature and power")

    @task
    def heat(
        self,
        session: Session,
        target: Annotated[float, Unit("K"), Limits(0, 400)],
        name: str = "loop",
        steps: Annotated[int, Field(gt=0)] = 2,
    ) -> None:
        """Heat.

        Args:
            target: Temperature to reach.
            name: Which loop.
            steps: How many.
        """
        for _ in range(steps):
            session.sleep(0.01)

    @task
    async def blink(self, session: AsyncSession) -> None:
        """End at once."""

    @task(level=3)
    def calibrate(self, session: Session) -> None:
        """Calibrate."""

    @process
    def hold(self, session: Session) -> None:
        """Hold until stopped."""
        for number in session.ticks(100.0):
            session.data = {"number": number}

    @process
    def fall(self, session: Session) -> None:
        """Fail at once."""
        raise RuntimeError("fuse")


@pytest.fixture
def heater(agent_of: AgentOf) -> RunningDevice:
    return agent_of(Heater, name="cryo/heater/1")


@pytest.mark.parametrize(
    ("params", "error", "field"),
    [
        ({}, MissingParameterError, "target"),
        ({"target": 4.0, "tempo": 1}, UnknownParameterError, "tempo"),
        ({"target": "warm"}, ParameterError, "target"),
        ({"target": True}, ParameterError, "target"),
        ({"target": None}, ParameterError, "target"),
        ({"target": 500.0}, OutOfRangeError, "target"),
        ({"target": float("inf")}, OcsError, "target"),
        ({"target": 4.0, "steps": 1.5}, ParameterError, "steps"),
        ({"target": 4.0, "steps": 0}, OutOfRangeError, "steps"),
        ({"target": 4.0, "name": 3}, ParameterError, "name"),
    ],
)
def test_wrong_parameters_are_refused_with_field_and_code(
    heater: RunningDevice, params: dict[str, Any], error: type[OcsError], field: str
) -> None:
    with pytest.raises(error) as caught:
        heater.start("heat", **params)

    assert caught.value.field == field
    assert heater.query("history", "heat") == []


def test_not_a_number_is_refused(heater: RunningDevice) -> None:
    code, message, session = heater.request("start", "heat", {"target": float("nan")})

    assert code == ReplyCode.ERROR.value
    assert "target" in message
    assert session["refused"]["field"] == "target"


@pytest.mark.parametrize("params", [[1], "fast", 3])
def test_parameters_that_are_no_map_are_refused(heater: RunningDevice, params: Any) -> None:
    code, message, _ = heater.request("start", "heat", params)

    assert code == ReplyCode.ERROR.value
    assert "by name, as a map" in message


def test_the_unit_stands_in_a_refusal(heater: RunningDevice) -> None:
    with pytest.raises(OutOfRangeError, match=r"500.* K"):
        heater.start("heat", target=500.0)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), ErrorCode.MISSING_PARAMETER),
        (("start",), ErrorCode.MISSING_PARAMETER),
        (("launch", "heat"), ErrorCode.NOT_FOUND),
        ((["start"], "heat"), ErrorCode.NOT_FOUND),
        (("start", "fly"), ErrorCode.NOT_FOUND),
        (("start", {"a": 1}), ErrorCode.NOT_FOUND),
        (("start", "blink", {}, None, None, "more"), ErrorCode.WRONG_TYPE),
    ],
)
def test_requests_that_make_no_sense_get_a_typed_reply(
    heater: RunningDevice, args: tuple[Any, ...], code: ErrorCode
) -> None:
    reply_code, _, session = heater.request(*args)

    assert reply_code == ReplyCode.ERROR.value
    assert session["refused"]["code"] == code.value


def test_an_unknown_keyword_gets_a_typed_reply(heater: RunningDevice) -> None:
    reply = heater.request("start", "blink", tempo=3)

    assert "it has no tempo" in reply[1]


def test_the_password_of_ocs_clients_is_taken(heater: RunningDevice) -> None:
    assert heater.request("start", "blink", {}, password="secret")[0] == ReplyCode.OK.value  # noqa: S106 - of nobody


def test_the_status_of_what_never_ran_is_empty(heater: RunningDevice) -> None:
    assert heater.request("status", "heat") == [ReplyCode.OK.value, "No session active.", {}]


def test_a_wait_for_what_never_ran_ends_at_once(heater: RunningDevice) -> None:
    assert heater.request("wait", "heat")[0] == ReplyCode.OK.value


def test_an_unknown_query_is_null_as_in_ocs(heater: RunningDevice) -> None:
    assert heater.query("get_weather") is None


def test_get_api_has_the_words_of_ocs(heater: RunningDevice) -> None:
    api = heater.query("get_api")

    assert api["agent_class"] == "Heater"
    assert [name for name, _, _ in api["tasks"]] == ["blink", "calibrate", "heat"]
    assert [name for name, _, _ in api["processes"]] == ["fall", "hold"]
    assert [name for name, _ in api["feeds"]] == ["thermal", "heartbeat"]
    assert api["tasks"][2][1] == {"op_name": "heat", "status": "no_history"}


def test_describe_tells_parameters_with_unit_limit_and_help(heater: RunningDevice) -> None:
    target = (heater.interface.operations["heat"].params or {})["properties"]["target"]

    assert target["unit"] == "K"
    assert (target["minimum"], target["maximum"]) == (0, 400)
    assert target["description"] == "Temperature to reach."


def test_describe_tells_who_the_device_is(heater: RunningDevice) -> None:
    identity = heater.interface.identity

    assert identity.address == "observatory.cryo/heater/1"
    assert (identity.device_class, identity.version, identity.doc) == ("Heater", "2.1", "A heater.")


def test_the_author_of_a_run_is_who_the_router_says(heater: RunningDevice) -> None:
    session = heater.run("heat", target=4.0)

    assert session.author["role"] == "iocs_agent"
    assert session.author["name"].startswith("anonymous-")


def test_history_of_an_unknown_operation_is_refused(heater: RunningDevice) -> None:
    with pytest.raises(NotFoundError, match="has no operation 'fly'"):
        heater.query("history", "fly")


def test_a_run_that_ends_at_once_is_pushed_once(heater: RunningDevice) -> None:
    told = heater.changes("blink")

    heater.run("blink")
    heater.clock.advance(1.0)

    assert [session.status for session in told] == [Status.DONE]


def test_changes_are_pushed_at_most_ten_times_a_second_and_numbered(heater: RunningDevice) -> None:
    told = heater.changes("hold")
    heater.start("hold")

    heater.clock.advance(2.0)

    assert 18 <= len(told) <= 21
    assert [session.raw["seq"] for session in told] == list(range(1, len(told) + 1))
    assert {session.raw["epoch"] for session in told} == {heater.interface.identity.epoch}
    heater.end("hold")


def test_the_end_of_a_run_is_pushed_even_when_the_next_one_follows_at_once(heater: RunningDevice) -> None:
    told = heater.changes("blink")

    for _ in range(3):
        heater.run("blink")
    heater.clock.advance(1.0)

    assert [session.session_id for session in told] == [2]
    assert [(run["session_id"], run["outcome"]) for run in told[0].raw["earlier"]] == [
        (0, "succeeded"),
        (1, "succeeded"),
    ]


def test_the_end_of_the_agent_pushes_how_runs_ended(heater: RunningDevice) -> None:
    told = heater.changes("hold")
    heater.start("hold")

    heater.clock.result_of(heater.site.agents[0].end())
    heater.clock.settle()

    assert told[-1].outcome is not None
    assert told[-1].outcome.value == "interrupted"


def test_the_heartbeat_tells_the_number_of_each_operation(heater: RunningDevice) -> None:
    beats = heater.messages("heartbeat")
    heater.run("blink")
    heater.run("fall")
    heater.start("hold")

    heater.clock.advance(3.0)

    assert len(beats) == 3
    assert beats[-1].message == {
        "heat": OpCode.NONE.value,
        "blink": OpCode.SUCCEEDED.value,
        "calibrate": OpCode.NONE.value,
        "hold": OpCode.RUNNING.value,
        "fall": OpCode.FAILED.value,
    }
    heater.end("hold")


def test_a_heartbeat_can_be_switched_off(heater: RunningDevice) -> None:
    beats = heater.messages("heartbeat")
    heater.object.heartbeat_on = False

    heater.clock.advance(3.0)

    assert beats == []


class Listener(Device):
    """A device that listens to others."""

    act: Callable[[], None]

    def setup(self) -> None:
        """Listen."""
        self.heard: list[tuple[str, Any, str]] = []
        self.subscribe_feed("", "heartbeat", self.hear)
        self.subscribe_feed("cryo/heater/1", "thermal", self.hear)

    def hear(self, topic: str, message: Any, info: dict[str, Any]) -> None:
        """Take note."""
        self.heard.append((topic, message, info["agent_address"]))


def test_a_device_listens_to_others(agent_of: AgentOf) -> None:
    listener = agent_of(Listener, name="listener")
    heater = agent_of(Heater, name="cryo/heater/1")

    heater.clock.advance(1.0)
    heater.object.thermal.publish(kelvin=4.0)
    heater.clock.settle()

    topics = [topic for topic, _, _ in listener.object.heard]
    assert "observatory.cryo/heater/1.feeds.heartbeat" in topics
    assert listener.object.heard[-1][1]["thermal"]["data"] == {"kelvin": [4.0]}
