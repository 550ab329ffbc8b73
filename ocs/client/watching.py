"""Following, subscribing to and waiting for anything that has a topic and can also be asked for now."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ocs.client.mailbox import LONGEST_QUEUE, Keep, Letter, Mailbox, Numbering
from ocs.client.steps import CALL_TIMEOUT_S, Conversation, Item, Listen, Now, Subscribe, Take
from ocs.model.errors import DeadlineError, OcsError

Told = TypeVar("Told")

LOOK_AGAIN_S = 5.0
"""What was told while the router was away is never told again: after so many quiet seconds, in s, it is asked for."""

LAST_LOOK_S = 1.0
"""A look at the deadline of a wait makes it longer by so many seconds at most."""


def no_check() -> Conversation[None]:
    """Check nothing: it can always be followed."""
    yield from ()


@dataclass(frozen=True, slots=True)
class Subject(Generic[Told]):
    """What can be followed.

    Attributes:
        what: Its name for people, as `oven.temperature`.
        topic: Where its events are published.
        decode: Returns the event in a letter, None for what is none.
        now: Asks how it is now, as an event; takes the time for that in s. None where there is no such thing.
        newer: Whether an event, given first, tells more than what was asked for before it.
        check: Raises when nobody will publish events.
    """

    what: str
    topic: str
    decode: Callable[[Letter], Told | None]
    now: Callable[[float], Conversation[Told | None]]
    newer: Callable[[Told, Told], bool]
    check: Callable[[], Conversation[None]] = no_check


def messages(topic: str, decode: Callable[[str, list[Any]], Any], timeout_s: float | None) -> Conversation[None]:
    """Hand out what is published on a topic; DeadlineError after a pause of `timeout_s` seconds."""
    mailbox = Mailbox(topic)
    yield Listen(mailbox)
    while True:
        letter = yield from _next(mailbox, timeout_s)
        yield Item(decode(letter.topic, letter.args))


def follow(subject: Subject[Told], keep: Keep = "all", timeout_s: float | None = None) -> Conversation[None]:
    """Hand out how something is now, then its events; DeadlineError after a pause of `timeout_s` seconds.

    Args:
        subject: What is followed.
        keep: Which events wait for a slow reader: all, latest, or a time in s in which one is enough.
        timeout_s: The longest pause; None for ever.
    """
    mailbox = Mailbox(subject.topic, keep)
    yield from subject.check()
    yield Listen(mailbox)
    first = yield from subject.now(CALL_TIMEOUT_S)
    told_before = len(mailbox)
    if first is not None:
        yield Item(first)
    while True:
        letter = yield from _next(mailbox, timeout_s)
        event = subject.decode(letter)
        if event is not None and (told_before <= 0 or first is None or subject.newer(event, first)):
            yield Item(event)
        told_before -= 1


def _next(mailbox: Mailbox, timeout_s: float | None) -> Conversation[Letter]:
    letter: Letter | None = yield Take(mailbox, timeout_s)
    if letter is None:
        raise DeadlineError(f"nothing was published on {mailbox.topic} within {timeout_s:g} s", field=mailbox.topic)
    return letter


def subscribe(
    subject: Subject[Told], handler: Callable[[Told], object], deliver: Callable[[Callable[[], object]], object]
) -> Conversation[Any]:
    """Have `handler` called with how something is now, then with each event; return what ends it by `close()`.

    Args:
        subject: What is subscribed to.
        handler: Called where handlers are called.
        deliver: Has a function called there.
    """
    yield from subject.check()
    gate = Gate(subject, handler)
    subscription = yield Subscribe(subject.topic, gate.event)
    gate.open((yield from subject.now(CALL_TIMEOUT_S)))
    deliver(gate.flush)
    return subscription


class Gate(Generic[Told]):
    """Keeps events back until it is known how things were, and leaves out what that tells already.

    Args:
        subject: What is subscribed to.
        handler: Gets the events.
    """

    def __init__(self, subject: Subject[Told], handler: Callable[[Told], object]) -> None:
        self._subject = subject
        self._handler = handler
        self._numbering = Numbering()
        self._waiting: deque[Letter] = deque(maxlen=LONGEST_QUEUE)
        self._first: Told | None = None
        self._is_open = False

    def open(self, first: Told | None) -> None:
        """Let events through from now on, `first` before them."""
        self._first = first
        self._is_open = True

    def event(self, topic: str, args: list[Any]) -> None:
        """Take an event."""
        self._waiting.append(Letter(topic, args, *self._numbering.take(args)))
        self.flush()

    def flush(self) -> None:
        """Hand out what waits, where handlers are called."""
        if not self._is_open:
            return
        first, self._first = self._first, None
        try:
            if first is not None:
                kept = [letter for letter in self._waiting if self._is_newer(letter, first)]
                self._waiting = deque(kept, maxlen=LONGEST_QUEUE)
                self._handler(first)
        finally:
            while self._waiting:
                event = self._subject.decode(self._waiting.popleft())
                if event is not None:
                    self._handler(event)

    def _is_newer(self, letter: Letter, first: Told) -> bool:
        event = self._subject.decode(letter)
        return event is not None and self._subject.newer(event, first)


def wait_until(
    subject: Subject[Told],
    holds: Callable[[Told], bool],
    timeout_s: float | None,
    shown: Callable[[Told], str],
    *,
    missed: str = "did not become what was waited for",
    look_again_s: float = LOOK_AGAIN_S,
) -> Conversation[Told]:
    """Return the first event, or answer, for which `holds` is true; what that raises ends the wait.

    Args:
        subject: What is waited for.
        holds: The condition.
        timeout_s: Longest wait in s; None for ever.
        shown: Returns for people what was last known.
        missed: What is said of it at the deadline.
        look_again_s: It is asked for after so many seconds without event.

    Raises:
        DeadlineError: It did not come true in time.
    """
    mailbox = Mailbox(subject.topic)
    yield from subject.check()
    yield Listen(mailbox)
    end = math.inf if timeout_s is None else (yield Now()) + timeout_s
    known = yield from _needed(subject)
    while not holds(known):
        left = end - (yield Now())
        if left <= 0:
            raise DeadlineError(
                f"{subject.what} {missed} within {timeout_s:g} s; it is {shown(known)}",
                field=subject.what, limit=timeout_s,
            )  # fmt: skip
        letter = yield Take(mailbox, min(look_again_s, left))
        told = subject.decode(letter) if letter is not None else (yield from _look_again(subject, left - look_again_s))
        known = known if told is None else told
    return known


def _needed(subject: Subject[Told]) -> Conversation[Told]:
    known = yield from subject.now(CALL_TIMEOUT_S)
    assert known is not None, f"{subject.what} cannot be asked for"  # noqa: S101 - waits are made for what can
    return known


def _look_again(subject: Subject[Told], left_s: float) -> Conversation[Told | None]:
    """Ask how it is now; None where that may come right by itself, as the router or the agent may be away."""
    try:
        return (yield from subject.now(max(LAST_LOOK_S, min(CALL_TIMEOUT_S, left_s))))
    except OcsError as error:
        if not error.retryable:
            raise
        return None
