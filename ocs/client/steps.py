"""Requests without input or output: a conversation yields each step, and a flavour carries it out.

A conversation is a generator. It yields steps, is sent the answer of each or thrown its error, and returns
what the user asked for. The blocking, the async and the wampy client differ in how they drive it.

Whatever a conversation listens to ends with it, but for the subscription that it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ocs.client.mailbox import Mailbox
from ocs.model.errors import OcsError

Value = TypeVar("Value")

CALL_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """Call a procedure; answered with its result.

    Attributes:
        procedure: Its URI.
        args: Positional arguments.
        kwargs: Keyword arguments.
        timeout_s: The caller's own deadline, in s.
    """

    procedure: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = CALL_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Listen:
    """Collect the events of the mailbox's topic in it; answered when that is so."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class Take:
    """Wait for a letter in a mailbox; answered with it, or with None after `timeout_s` seconds (None: for ever)."""

    mailbox: Mailbox
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Have `handler(topic, args)` called for each event; answered with what ends it by `close()`."""

    topic: str
    handler: Callable[[str, list[Any]], None]
    match: str = "exact"


@dataclass(frozen=True, slots=True)
class Now:
    """Answered with seconds of the client's monotonic clock."""


@dataclass(frozen=True, slots=True)
class Item:
    """Hand a value to whoever iterates over the conversation."""

    value: Any


Step = Call | Listen | Take | Subscribe | Now | Item

Conversation = Generator[Step, Any, Value]


def carry_out(conversation: Conversation[Value], make_step: Callable[[Any], Any]) -> Value:
    """Carry a conversation out with a function that makes one step and returns its answer."""
    step: Callable[[Any], Step] = conversation.send
    given: Any = None
    while True:
        try:
            asked = step(given)
        except StopIteration as end:
            result: Value = end.value
            return result
        try:
            given, step = make_step(asked), conversation.send
        except (OcsError, KeyboardInterrupt) as error:
            given, step = error, conversation.throw
