"""An observation that outlives its router."""

from collections.abc import Callable
from typing import Any

import pytest

from clients.patience import Patience
from clients.show import Show
from ocs.model.errors import AgentLostError, BusyError, NotFoundError, OcsError, OutOfRangeError, RouterLostError


class Stage:
    """A task that answers as the list says, the last of it for ever."""

    def __init__(self, *answers: OcsError | str) -> None:
        self.answers = list(answers)

    def run(self, params: dict[str, Any], *, timeout_s: float) -> str:
        """Give the next answer."""
        assert (params, timeout_s) == ({"position": 1.0}, 5.0)
        answer = self.answers.pop(0)
        if isinstance(answer, OcsError):
            raise answer
        return answer

    def wait(self, *, timeout_s: float) -> str:
        """Give the session of the run that went on."""
        assert timeout_s == 5.0
        return "went on"


@pytest.fixture
def run() -> Callable[[Stage], Any]:
    return lambda stage: Patience(Show()).run(stage, {"position": 1.0}, 5.0)


def test_a_request_is_made_until_the_agent_is_back(
    run: Callable[[Stage], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(RouterLostError("the router is not there"), NotFoundError("gone"), AgentLostError("gone"), "done")

    assert run(stage) == "done"
    assert not stage.answers
    first, last = capsys.readouterr().out.splitlines()
    assert "no connection (the router is not there)" in first
    assert "connected again" in last


def test_a_run_that_went_on_without_the_router_is_waited_for(run: Callable[[Stage], Any]) -> None:
    assert run(Stage(RouterLostError("the router is not there"), BusyError("it runs"))) == "went on"


def test_a_run_of_somebody_else_is_none_to_wait_for(run: Callable[[Stage], Any]) -> None:
    with pytest.raises(BusyError):
        run(Stage(BusyError("it runs")))


def test_a_refusal_is_raised_after_an_outage_too(run: Callable[[Stage], Any]) -> None:
    with pytest.raises(OutOfRangeError):
        run(Stage(RouterLostError("the router is not there"), OutOfRangeError("too far")))


def test_what_answers_at_once_is_not_told(run: Callable[[Stage], Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Stage("done")) == "done"
    assert capsys.readouterr().out == ""
