"""How runs end: results that fit or do not, and errors of every kind."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest

from ocs.agent import AsyncSession, Device, DeviceError, Session, Unit, process, task
from ocs.model.errors import ErrorCode
from ocs.model.operation import Outcome
from ocs.testing.plugin import AgentOf
from ocs.testing.running import RunningDevice


class TextlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Author(Device):
    """A device whose tasks give back what the test wants."""

    give: Any = None
    error: BaseException | None = None

    @task
    def anything(self, session: Session) -> Any:
        """Give back anything."""
        return self.give

    @task
    def number(self, session: Session) -> Annotated[float, Unit("K")]:
        """Give back what should be a number."""
        return self.give  # type: ignore[no-any-return] # what tests are about

    @task
    def nothing(self, session: Session) -> None:
        """Give back something although nothing is declared."""
        return self.give  # type: ignore[no-any-return] # what tests are about

    @task
    def crash(self, session: Session) -> None:
        """Raise."""
        if self.error is not None:
            raise self.error

    @task
    async def crash_in_the_loop(self, session: AsyncSession) -> None:
        """Raise in the event loop."""
        await session.sleep(1.0)
        if self.error is not None:
            raise self.error

    @process
    def crash_slowly(self, session: Session) -> None:
        """Raise after a second."""
        session.sleep(1.0)
        raise ValueError("no such filter")

    @process
    def end_early(self, session: Session) -> None:
        """End by itself."""


@pytest.fixture
def author(agent_of: AgentOf) -> RunningDevice:
    return agent_of(Author)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.float64(2.5), 2.5),
        (np.arange(3), [0, 1, 2]),
        ({"a": [1, (2, 3)]}, {"a": [1, [2, 3]]}),
        (float("nan"), None),
        (float("inf"), None),
        (b"\x00\xff", b"\x00\xff"),
        (None, None),
    ],
)
def test_a_result_reaches_the_client(author: RunningDevice, value: Any, told: Any) -> None:
    author.object.give = value

    session = author.run("anything")

    assert (session.outcome, session.result) == (Outcome.SUCCEEDED, told)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (object(), ErrorCode.NOT_SERIALISABLE),
        (2**70, ErrorCode.NOT_SERIALISABLE),
        ("x" * 2_000_000, ErrorCode.TOO_LARGE),
    ],
)
def test_a_result_that_cannot_be_sent_fails_the_run(author: RunningDevice, value: Any, code: ErrorCode) -> None:
    author.object.give = value

    session = author.run("anything")

    assert session.outcome is Outcome.FAILED
    assert session.failure is not None
    assert session.failure.code is code


def test_a_result_of_another_type_than_declared_fails_the_run(author: RunningDevice) -> None:
    author.object.give = "warm"

    session = author.run("number")

    assert session.failure is not None
    assert "the operation declares another type" in session.failure.message


def test_a_number_is_a_float_when_a_float_is_declared(author: RunningDevice) -> None:
    author.object.give = np.float32(4)

    assert author.run("number").result == 4.0


def test_a_result_that_is_not_declared_is_told_all_the_same(author: RunningDevice) -> None:
    author.object.give = 5

    assert author.run("nothing").result == 5


def test_an_error_of_ours_keeps_its_code_and_sentence(author: RunningDevice) -> None:
    author.object.error = DeviceError("the door is open; close it")

    session = author.run("crash")

    assert session.failure is not None
    assert (session.failure.code, session.failure.message) == (ErrorCode.DEVICE_ERROR, "the door is open; close it")


def test_a_crash_tells_type_text_and_line(author: RunningDevice) -> None:
    author.object.error = ValueError("no such filter")

    session = author.run("crash")

    assert session.failure is not None
    assert session.failure.code is ErrorCode.FAILED
    assert session.failure.message == "ValueError: no such filter"
    assert session.failure.place.startswith("crash (test_ending.py:")
    assert any("CRASH: ValueError: no such filter in crash" in text for _, text in session.messages)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), StopIteration(4)])
def test_no_exception_leaves_a_run_open(author: RunningDevice, error: BaseException) -> None:
    author.object.error = error

    session = author.run("crash")

    assert session.outcome is Outcome.FAILED
    assert author.run("anything").success


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), GeneratorExit(), ValueError("x")])
def test_no_exception_in_the_loop_ends_the_agent(author: RunningDevice, error: BaseException) -> None:
    author.object.error = error

    session = author.run("crash_in_the_loop")

    assert session.outcome is Outcome.FAILED
    assert author.run("anything").success


def test_an_error_whose_text_fails_ends_the_run(author: RunningDevice) -> None:
    author.object.error = TextlessError()

    session = author.run("crash")

    assert session.failure is not None
    assert "its text cannot be made" in session.failure.message


def test_a_text_that_cannot_be_encoded_ends_the_run(author: RunningDevice) -> None:
    author.object.error = ValueError("half \ud800")

    session = author.run("crash")

    assert session.failure is not None
    assert session.failure.message == "ValueError: half ?"


def test_a_process_that_fails_is_told_as_failed(author: RunningDevice) -> None:
    author.start("crash_slowly")

    session = author.wait("crash_slowly")

    assert (session.outcome, session.success) == (Outcome.FAILED, False)


def test_a_process_that_ends_by_itself_has_succeeded(author: RunningDevice) -> None:
    author.start("end_early")

    assert author.wait("end_early").outcome is Outcome.SUCCEEDED
