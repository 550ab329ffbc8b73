"""How clients that block carry conversations out: step by step in the calling thread, or as an iterator."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from ocs.client.mailbox import Letter, Mailbox
from ocs.client.steps import Call, Conversation, Item, Listen, Now, Step, Subscribe, Take, carry_out
from ocs.model.errors import OcsError


class BlockingFlavour(ABC):
    """What the blocking clients have in common; each supplies calls and subscriptions."""

    # -- what each supplies ----------------------------------------------------------------------

    @abstractmethod
    def call(self, call: Call) -> Any:
        """Make a call and return its result."""

    @abstractmethod
    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Any:
        """Have `handler(topic, args)` called for each event; return what ends it by `close()`."""

    @abstractmethod
    def listen(self, mailbox: Mailbox) -> Any:
        """Have each event put into the mailbox, in whatever thread; return what ends it by `close()`."""

    @abstractmethod
    def deliver(self, function: Callable[[], object]) -> None:
        """Have `function` called where handlers are called, after those of the events that wait there."""

    def seconds(self) -> float:
        """Return the monotonic clock's seconds."""
        return time.monotonic()

    def pause(self, woken: threading.Event, longest_s: float | None) -> None:
        """Wait until woken, but no longer than so many seconds."""
        woken.wait(longest_s)

    # -- what the surface asks for ---------------------------------------------------------------

    def do(self, conversation: Conversation[Any]) -> Any:
        """Carry a conversation out and return its result."""
        talk = Talk(self)
        result = None
        try:
            result = carry_out(conversation, talk.make)
        finally:
            talk.end(result)
        return result

    def iterate(self, conversation: Conversation[Any]) -> Stream:
        """Return an iterator over what a conversation hands out; it listens already."""
        return Stream(conversation, Talk(self))

    def wait(self, mailbox: Mailbox, timeout_s: float | None) -> Letter | None:
        """Return the next letter, None when none came within `timeout_s` seconds.

        Raises:
            RouterLostError: The client left the realm.
        """
        now = self.seconds()
        letter = mailbox.take(now)
        if letter is not None:
            return letter
        end = None if timeout_s is None else now + timeout_s
        woken = threading.Event()
        mailbox.wake = woken.set
        while (letter := mailbox.take(now)) is None:
            left = None if end is None else end - now
            if left is not None and left <= 0:
                return None
            self.pause(woken, min((span for span in (left, mailbox.due_in(now)) if span is not None), default=None))
            woken.clear()
            now = self.seconds()
        return letter


class Talk:
    """Makes the steps of one conversation, and ends what it listened to.

    Args:
        client: The client.
    """

    def __init__(self, client: BlockingFlavour) -> None:
        self._client = client
        self._open: list[Any] = []

    def make(self, step: Step) -> Any:
        """Make a step and return its answer."""
        client = self._client
        if isinstance(step, Call):
            return client.call(step)
        if isinstance(step, Take):
            return client.wait(step.mailbox, step.timeout_s)
        if isinstance(step, Now):
            return client.seconds()
        if isinstance(step, Subscribe):
            subscription = client.subscribe(step.topic, step.handler, step.match)
            self._open.append(subscription)
            return subscription
        if isinstance(step, Listen):
            self._open.append(client.listen(step.mailbox))
        return None

    def end(self, result: Any = None) -> None:
        """End what was listened to, but for the subscription that is the result."""
        subscriptions, self._open = self._open, []
        for subscription in subscriptions:
            if subscription is not result:
                with suppress(OcsError):  # with the router the subscription is gone too
                    subscription.close()


class Stream(Iterator[Any]):
    """What a conversation hands out, one after the other; also a context manager that ends it.

    Args:
        conversation: The conversation; it is carried on up to the first wait at once.
        talk: What makes its steps.
    """

    def __init__(self, conversation: Conversation[Any], talk: Talk) -> None:
        self._conversation = conversation
        self._talk = talk
        self._step: Step | None = None
        self._go_on(lambda: conversation.send(None))
        self._run_to(Item, Take)

    def __next__(self) -> Any:
        step = self._run_to(Item)
        if not isinstance(step, Item):
            raise StopIteration
        self._step = Now()  # in place of the item, so that the conversation goes on; its answer is not looked at
        return step.value

    def _run_to(self, *kinds: type[Step]) -> Step | None:
        while self._step is not None and not isinstance(self._step, kinds):
            self._make()
        return self._step

    def _make(self) -> None:
        try:
            given = self._talk.make(self._step or Now())
        except (OcsError, KeyboardInterrupt) as error:
            thrown = error
        except BaseException:
            self.close()
            raise
        else:
            self._go_on(lambda: self._conversation.send(given))
            return
        self._go_on(lambda: self._conversation.throw(thrown))

    def _go_on(self, resume: Callable[[], Step]) -> None:
        try:
            self._step = resume()
        except StopIteration:
            self.close()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Follow no more."""
        self._step = None
        self._conversation.close()
        self._talk.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        with suppress(Exception):  # nobody is left to be told
            self.close()
