"""The life of a run: start, wait, end, time limit, grace."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import Annotated, Any

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks

from ocs.agent import AsyncSession, Device, Limits, Session, Unit, process, task
from ocs.model.cancellation import CancelReason
from ocs.model.errors import BusyError, ErrorCode, NotRunningError, OcsError, OutOfRangeError
from ocs.model.operation import Outcome, ReplyCode, Status
from ocs.testing.clock import wait_deaf
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice


class Stage(Device):
    """A stage of which every method does one thing that operations do."""

    def setup(self) -> None:
        """Make what tests look at."""
        self.told: list[str] = []
        self.gate = threading.Event()
        self.ask: Callable[[], object] = lambda: None

    @task
    def move(self, session: Session, position: Annotated[float, Unit("mm"), Limits(0, 10)] = 1.0) -> float:
        """Move, a millimetre a second.

        Args:
            position: Where to.
        """
        session.sleep(position)
        return position

    @task
    def clean_up(self, session: Session) -> None:
        """Wait, and clean up for two seconds when asked to end."""
        try:
            session.sleep(100.0)
        finally:
            session.sleep(2.0)
            self.told.append("cleaned")

    @task
    async def clean_up_async(self, session: AsyncSession) -> None:
        """Wait on a Deferred, and clean up for two seconds when asked to end."""
        try:
            await session.sleep(100.0)
        finally:
            await session.sleep(1.0)
            await asyncio.sleep(1.0)
            self.told.append("cleaned")

    @task
    @inlineCallbacks
    def clean_up_yielding(self, session: AsyncSession) -> Generator[Deferred[None], Any, None]:
        """Wait on a Deferred, and clean up for two seconds when asked to end."""
        try:
            yield session.sleep(100.0)
        finally:
            yield session.sleep(2.0)
            self.told.append("cleaned")

    @task
    async def wait_in_asyncio(self, session: AsyncSession) -> None:
        """Wait on an asyncio timer."""
        async with asyncio.timeout(1000.0):
            await asyncio.sleep(100.0)

    @task
    def finish_first(self, session: Session) -> str:
        """End its work although it was asked to end."""
        wait_deaf(self.gate)
        return "finished"

    @task
    def hang(self, session: Session) -> None:
        """Be deaf."""
        wait_deaf(self.gate)

    @task(abortable=False)
    def pour(self, session: Session) -> None:
        """Do what cannot be undone."""
        session.sleep(5.0)

    @task(timeout_s=3.0)
    def hurry(self, session: Session) -> None:
        """Take too long."""
        session.sleep(100.0)

    @task
    def help_me(self, session: Session) -> None:
        """Wait for help."""
        session.sleep(100.0)

    @help_me.aborter
    def stop_motor(self, session: Session) -> None:
        """Stop the motor."""
        self.told.append("motor stopped")
        session.add_message("motor stopped")

    @task
    def fail_to_help(self, session: Session) -> None:
        """Wait for help."""
        session.sleep(100.0)

    @fail_to_help.aborter
    def break_down(self, session: Session) -> None:
        """Break."""
        raise RuntimeError("no motor")

    @task
    def stop_slowly(self, session: Session) -> None:
        """Wait to be stopped."""
        session.sleep(100.0)

    @stop_slowly.aborter
    def brake(self, session: Session) -> None:
        """Brake until the test says that it stands."""
        wait_deaf(self.gate)
        self.told.append("stands")

    @task
    async def end_under_the_request(self, session: AsyncSession) -> str:
        """End in the very turn of the loop in which the test asks for it."""
        await session.sleep(1.0)
        asyncio.get_running_loop().call_soon(self.ask)
        return "done"

    @process
    def track(self, session: Session) -> None:
        """Track until stopped."""
        for _ in session.ticks(10.0):
            pass

    @process
    def track_by_flag(self, session: Session) -> str:
        """Track while the session runs."""
        while session.running:
            session.sleep(1.0)
        return "tidy"


@pytest.fixture
def stage(agent_of: AgentOf) -> RunningDevice:
    return agent_of(Stage)


def test_a_run_takes_its_time_and_gives_its_result(stage: RunningDevice) -> None:
    session = stage.run("move", position=4.0)

    assert session.outcome is Outcome.SUCCEEDED
    assert session.result == 4.0
    assert session.elapsed_s == pytest.approx(4.0)
    assert session.params == {"position": 4.0}


def test_a_started_run_is_told_as_running(stage: RunningDevice) -> None:
    session = stage.start("move", position=4.0)

    assert session.status is Status.RUNNING
    assert session.success is None
    assert stage.wait("move").success


def test_a_refused_parameter_starts_nothing(stage: RunningDevice) -> None:
    with pytest.raises(OutOfRangeError, match="position is 11") as caught:
        stage.start("move", position=11.0)

    assert caught.value.field == "position"
    assert stage.query("history", "move", 50) == []


def test_a_second_start_is_refused_and_shows_the_run(stage: RunningDevice) -> None:
    stage.start("move", position=4.0)

    code, message, session = stage.request("start", "move", {"position": 1.0})

    assert code == ReplyCode.ERROR.value
    assert "runs already" in message
    assert session["refused"]["code"] == ErrorCode.BUSY.value
    assert session["params"] == {"position": 4.0}
    stage.wait("move")


@pytest.mark.parametrize("op", ["clean_up", "clean_up_async", "clean_up_yielding"])
def test_an_abort_is_raised_once_and_the_clean_up_may_wait(stage: RunningDevice, op: str) -> None:
    stage.start(op)
    stage.clock.advance(1.0)

    stage.abort(op)
    session = stage.wait(op)

    assert session.outcome is Outcome.ABORTED
    assert session.success is False
    assert session.elapsed_s == pytest.approx(3.0)
    assert stage.object.told == ["cleaned"]


def test_an_abort_wakes_an_asyncio_wait(stage: RunningDevice) -> None:
    stage.start("wait_in_asyncio")
    stage.clock.advance(1.0)

    assert stage.end("wait_in_asyncio").outcome is Outcome.ABORTED
    assert stage.status("wait_in_asyncio").elapsed_s == pytest.approx(1.0)


def test_a_task_that_ends_its_work_before_it_learns_of_an_abort_has_succeeded(stage: RunningDevice) -> None:
    stage.start("finish_first")
    stage.abort("finish_first")

    stage.object.gate.set()

    session = stage.wait("finish_first")
    assert (session.outcome, session.result) == (Outcome.SUCCEEDED, "finished")


def test_a_second_request_to_end_is_refused(stage: RunningDevice) -> None:
    stage.start("clean_up")
    stage.abort("clean_up")

    with pytest.raises(OcsError, match="already asked") as caught:
        stage.abort("clean_up")

    assert caught.value.code is ErrorCode.NOT_RUNNING
    stage.wait("clean_up")


def test_what_does_not_run_cannot_be_ended(stage: RunningDevice) -> None:
    with pytest.raises(OcsError, match="it never ran") as caught:
        stage.abort("move")

    assert caught.value.code is ErrorCode.NOT_RUNNING


@pytest.mark.parametrize(
    ("op", "action", "told"),
    [("move", "stop", "abort it"), ("track", "abort", "stop it"), ("pour", "abort", "cannot be aborted")],
)
def test_a_request_that_does_not_fit_the_operation_is_refused(
    stage: RunningDevice, op: str, action: str, told: str
) -> None:
    stage.start(op)

    code, message, session = stage.request(action, op)

    assert code == ReplyCode.ERROR.value
    assert told in message
    assert session["refused"]["code"] == ErrorCode.NOT_ALLOWED.value
    assert stage.status(op).status is Status.RUNNING


def test_a_time_limit_ends_the_run(stage: RunningDevice) -> None:
    session = stage.run("hurry")

    assert session.outcome is Outcome.TIMED_OUT
    assert session.elapsed_s == pytest.approx(3.0)
    assert any("not done within its 3 s" in text for _, text in session.messages)


def test_an_aborter_is_called_beside_the_request(stage: RunningDevice) -> None:
    stage.start("help_me")

    session = stage.end("help_me")

    assert session.outcome is Outcome.ABORTED
    assert stage.object.told == ["motor stopped"]


def test_an_aborter_that_fails_is_told_and_the_run_ends(stage: RunningDevice) -> None:
    stage.start("fail_to_help")

    stage.end("fail_to_help")
    stage.clock.settle()

    assert any("break_down failed: no motor" in text for _, text in stage.status("fail_to_help").messages)


def test_a_run_that_does_not_end_is_told_as_stuck_while_others_go_on(stage: RunningDevice) -> None:
    stage.start("hang")
    stage.abort("hang")

    stage.clock.advance(10.0)

    session = stage.status("hang")
    assert session.status is Status.STOPPING
    assert "hang (test_operation.py:" in session.stuck
    assert stage.run("move", position=1.0).success
    stage.object.gate.set()
    assert stage.wait("hang").stuck == ""


def test_a_process_is_stopped_at_its_next_tick(stage: RunningDevice) -> None:
    stage.start("track")
    stage.clock.advance(5.0)

    session = stage.end("track")

    assert session.outcome is Outcome.STOPPED
    assert session.success is True


def test_a_process_may_look_at_its_flag_instead(stage: RunningDevice) -> None:
    stage.start("track_by_flag")
    stage.clock.advance(0.5)

    session = stage.end("track_by_flag")

    assert session.outcome is Outcome.STOPPED


def test_many_waiters_learn_of_the_end_at_once(stage: RunningDevice) -> None:
    stage.start("move", position=4.0)
    procedure = f"observatory.{stage.name}.ops"
    answers: list[Any] = []
    for _ in range(20):
        stage.site.client.call(procedure, "wait", "move", timeout_s=100.0).addCallback(answers.append)

    stage.clock.advance(3.9)
    assert answers == []
    stage.clock.advance(0.2)

    assert [answer[0] for answer in answers] == [ReplyCode.OK.value] * 20


def test_a_wait_ends_at_its_deadline_and_the_run_goes_on(stage: RunningDevice) -> None:
    stage.start("move", position=4.0)

    code, message, session = stage.request("wait", "move", timeout=1.0)

    assert code == ReplyCode.TIMEOUT.value
    assert "still running" in message
    assert session["status"] == "running"
    assert stage.wait("move").success


@pytest.mark.parametrize("timeout", ["soon", float("nan"), [1], True])
def test_a_timeout_that_is_no_time_is_refused(stage: RunningDevice, timeout: Any) -> None:
    stage.start("move", position=4.0)

    code, _, session = stage.request("wait", "move", timeout=timeout)

    assert code == ReplyCode.ERROR.value
    assert session["refused"]["field"] == "timeout"
    assert stage.wait("move").success


def test_an_endless_timeout_is_none(stage: RunningDevice) -> None:
    stage.start("move", position=4.0)

    code, _, _ = stage.request("wait", "move", timeout=float("inf"))

    assert code == ReplyCode.OK.value


def test_fifty_runs_are_kept(stage: RunningDevice) -> None:
    for number in range(60):
        stage.run("move", position=number % 10)

    kept = stage.history("move")

    assert len(kept) == 50
    assert [session.session_id for session in kept] == list(range(10, 60))


def test_run_starts_and_waits_in_one_call(stage: RunningDevice) -> None:
    code, _, session = stage.request("run", "move", {"position": 2.0})

    assert code == ReplyCode.OK.value
    assert session["result"] == 2.0


def test_what_ends_in_the_turn_of_the_request_has_succeeded(stage: RunningDevice) -> None:
    member, _admin = stage.site.agents[0].members
    operation = member.operations["end_under_the_request"]
    refused: list[str] = []

    def ask() -> None:
        try:
            operation.request_end(CancelReason.ABORT)
        except NotRunningError as error:
            refused.append(error.message)

    stage.object.ask = ask

    session = stage.run("end_under_the_request")

    assert session.outcome is Outcome.SUCCEEDED
    assert session.result == "done"
    assert refused == ["end_under_the_request is not running"]


def test_a_run_that_is_asked_to_end_before_its_first_line_is_aborted_without_it(stage: RunningDevice) -> None:
    member, _admin = stage.site.agents[0].members
    operation = member.operations["end_under_the_request"]
    stage.object.ask = lambda: stage.object.told.append("begun")

    run = operation.start({})
    operation.request_end(CancelReason.ABORT)
    stage.clock.advance(2.0)

    assert run.outcome is Outcome.ABORTED
    assert stage.object.told == []


def test_the_next_run_waits_until_the_aborter_has_ended(stage: RunningDevice) -> None:
    stage.start("stop_slowly")
    stage.abort("stop_slowly")

    with pytest.raises(BusyError):
        stage.start("stop_slowly")
    stage.clock.advance(11.0)
    stuck = stage.status("stop_slowly").stuck
    stage.object.gate.set()

    assert stage.wait("stop_slowly").outcome is Outcome.ABORTED
    assert stage.object.told == ["stands"]
    assert "brake" in stuck
