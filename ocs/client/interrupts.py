"""Ctrl-C in a wait: the script goes on at once, and is told what the run does."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from ocs.client.steps import Conversation
from ocs.model.errors import OcsError

Value = TypeVar("Value")


class OnInterrupt(Enum):
    """What Ctrl-C in a wait does to the run."""

    LEAVE = "leave"
    ABORT = "abort"


class InterruptedWait(KeyboardInterrupt):
    """Ctrl-C ended a wait; the text says whether the run goes on."""


def interruptible(
    waiting: Conversation[Value], what: str, on_interrupt: OnInterrupt | str, end: Callable[[], Conversation[Any]]
) -> Conversation[Value]:
    """Carry `waiting` on; at Ctrl-C leave the run alone or ask it to end, and say so.

    Args:
        waiting: The wait.
        what: The operation, for people.
        on_interrupt: leave or abort.
        end: Asks the run to end.

    Raises:
        InterruptedWait: Ctrl-C was pressed.
    """
    wish = OnInterrupt(on_interrupt)
    try:
        return (yield from waiting)
    except KeyboardInterrupt:
        if wish is OnInterrupt.LEAVE:
            told = f"interrupted; {what} goes on: abort() or stop() ends it, wait() waits for it again"
            raise InterruptedWait(told) from None
    try:
        yield from end()
    except OcsError as error:
        raise InterruptedWait(f"interrupted; {what} could not be ended: {error}") from None
    raise InterruptedWait(f"interrupted; {what} was asked to end")
