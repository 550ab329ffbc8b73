"""Requests without input or output: a conversation yields each call, and a flavour carries it out.

A conversation is a generator. It yields a `Call`, is sent the answer or thrown the error, and returns
what the user asked for. The blocking, the async and the wampy client differ in how they drive it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ocs.model.errors import OcsError

Value = TypeVar("Value")

CALL_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a procedure.

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


Conversation = Generator[Call, Any, Value]


def carry_out(conversation: Conversation[Value], make_call: Callable[[Call], Any]) -> Value:
    """Carry a conversation out with a function that makes one call and returns its answer."""
    step: Callable[[Any], Call] = conversation.send
    given: Any = None
    while True:
        try:
            call = step(given)
        except StopIteration as end:
            result: Value = end.value
            return result
        try:
            given, step = make_call(call), conversation.send
        except (OcsError, KeyboardInterrupt) as error:
            given, step = error, conversation.throw
