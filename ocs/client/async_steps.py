"""How a client in an asyncio loop carries conversations out: as a coroutine, or as an async iterator."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from ocs.client.mailbox import Letter, Mailbox
from ocs.client.steps import Call, Conversation, Item, Listen, Now, Step, Subscribe, Take
from ocs.model.errors import OcsError


class AsyncFlavour(ABC):
    """What an async client is made of; it supplies calls and subscriptions."""

    @abstractmethod
    async def call(self, call: Call) -> Any:
        """Make a call and return its result."""

    @abstractmethod
    async def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Any:
        """Have `handler(topic, args)` called in the loop for each event; return what ends it by `await close()`."""

    @abstractmethod
    async def listen(self, mailbox: Mailbox) -> Any:
        """Have each event put into the mailbox; return what ends it by `await close()`."""

    def seconds(self) -> float:
        """Return the loop's seconds."""
        return asyncio.get_running_loop().time()

    def deliver(self, function: Callable[[], object]) -> None:
        """Have `function` called in the loop soon."""
        asyncio.get_running_loop().call_soon(function)

    async def do(self, conversation: Conversation[Any]) -> Any:
        """Carry a conversation out and return its result."""
        talk = AsyncTalk(self, conversation)
        result = None
        try:
            step = talk.go_on(conversation.send, None)
            while step is not None:
                step = await talk.make(step)
            result = talk.result
        finally:
            await talk.end(result)
        return result

    async def iterate(self, conversation: Conversation[Any]) -> AsyncIterator[Any]:
        """Iterate over what a conversation hands out."""
        talk = AsyncTalk(self, conversation)
        try:
            step = talk.go_on(conversation.send, None)
            while step is not None:
                if isinstance(step, Item):
                    yield step.value
                step = await talk.make(step)
        finally:
            await talk.end()

    async def wait(self, mailbox: Mailbox, timeout_s: float | None) -> Letter | None:
        """Return the next letter, None when none came within `timeout_s` seconds.

        Raises:
            RouterLostError: The client left the realm.
        """
        now = self.seconds()
        end = None if timeout_s is None else now + timeout_s
        woken = asyncio.Event()
        mailbox.wake = woken.set
        while (letter := mailbox.take(now)) is None:
            left = None if end is None else end - now
            if left is not None and left <= 0:
                return None
            spans = [span for span in (left, mailbox.due_in(now)) if span is not None]
            with suppress(TimeoutError):
                async with asyncio.timeout(min(spans, default=None)):
                    await woken.wait()
            woken.clear()
            now = self.seconds()
        return letter


class AsyncTalk:
    """Makes the steps of one conversation, and ends what it listened to.

    Args:
        client: The client.
        conversation: The conversation.
    """

    def __init__(self, client: AsyncFlavour, conversation: Conversation[Any]) -> None:
        self._client = client
        self._conversation = conversation
        self._open: list[Any] = []
        self.result: Any = None

    async def make(self, step: Step) -> Step | None:
        """Make a step and return the next one, None at the end."""
        try:
            given = await self._answer(step)
        except OcsError as error:
            return self.go_on(self._conversation.throw, error)
        return self.go_on(self._conversation.send, given)

    def go_on(self, resume: Callable[[Any], Step], given: Any) -> Step | None:
        """Carry the conversation on to its next step, None at the end."""
        try:
            return resume(given)
        except StopIteration as end:
            self.result = end.value
            return None

    async def _answer(self, step: Step) -> Any:
        client = self._client
        if isinstance(step, Call):
            return await client.call(step)
        if isinstance(step, Take):
            return await client.wait(step.mailbox, step.timeout_s)
        if isinstance(step, Now):
            return client.seconds()
        if isinstance(step, Subscribe):
            subscription = await client.subscribe(step.topic, step.handler, step.match)
            self._open.append(subscription)
            return subscription
        if isinstance(step, Listen):
            self._open.append(await client.listen(step.mailbox))
        return None

    async def end(self, result: Any = None) -> None:
        """End what was listened to, but for the subscription that is the result."""
        self._conversation.close()
        subscriptions, self._open = self._open, []
        for subscription in subscriptions:
            if subscription is not result:
                with suppress(OcsError):  # with the router the subscription is gone too
                    await subscription.close()
