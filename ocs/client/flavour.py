"""What the surface of a client needs to be carried out by: blocking, async or wampy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ocs.client.steps import Conversation


class Flavour(Protocol):
    """What a client supplies: how a conversation is carried out, and how events come."""

    def do(self, conversation: Conversation[Any]) -> Any:
        """Carry a conversation out; return its result, or an awaitable of it."""

    def iterate(self, conversation: Conversation[Any]) -> Any:
        """Return an iterator, or an async one, over what a conversation hands out."""

    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Any:
        """Have `handler(topic, args)` called for each event; return (an awaitable of) what ends it by `close()`."""

    def deliver(self, function: Callable[[], object]) -> None:
        """Have `function` called where handlers are called, after those of the events that wait there."""
