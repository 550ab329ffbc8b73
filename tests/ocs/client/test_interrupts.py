"""Ctrl-C in a wait, played against scripted answers."""

from typing import Any

import pytest

from ocs.client.interrupts import InterruptedWait, interruptible
from ocs.client.steps import Call, Conversation, carry_out
from ocs.model.errors import NotRunningError


def conversation(name: str) -> Conversation[str]:
    answer: str = yield Call(name)
    return answer


def play(on_interrupt: str, answers: dict[str, Any]) -> list[str]:
    """Press Ctrl-C in `wait`; return the procedures that were called."""
    called = []

    def make_call(call: Call) -> Any:
        called.append(call.procedure)
        answer = answers[call.procedure]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    try:
        carry_out(
            interruptible(conversation("wait"), "oven-1.ramp", on_interrupt, lambda: conversation("abort")), make_call
        )
    finally:
        assert called
    return called


def test_a_wait_that_nobody_interrupts_returns_its_answer() -> None:
    assert play("leave", {"wait": "done"}) == ["wait"]


def test_ctrl_c_leaves_the_run_alone_and_says_so() -> None:
    with pytest.raises(InterruptedWait, match=r"interrupted; oven-1\.ramp goes on: abort\(\) or stop\(\) ends it"):
        play("leave", {"wait": KeyboardInterrupt()})


def test_ctrl_c_ends_the_run_where_that_is_wished() -> None:
    with pytest.raises(InterruptedWait, match=r"interrupted; oven-1\.ramp was asked to end"):
        play("abort", {"wait": KeyboardInterrupt(), "abort": "ok"})


def test_a_run_that_cannot_be_ended_is_told() -> None:
    with pytest.raises(InterruptedWait, match=r"could not be ended: it is not running"):
        play("abort", {"wait": KeyboardInterrupt(), "abort": NotRunningError("it is not running")})


def test_it_is_still_a_keyboard_interrupt_for_scripts_that_catch_one() -> None:
    with pytest.raises(KeyboardInterrupt):
        play("leave", {"wait": KeyboardInterrupt()})


def test_a_misspelt_wish_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ValueError, match="abrot"):
        next(interruptible(conversation("wait"), "oven-1.ramp", "abrot", lambda: conversation("abort")))
