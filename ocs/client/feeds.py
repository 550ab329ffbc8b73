"""Feeds as a user of any client handles them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocs.client.events import FeedMessage, decode_feed_event
from ocs.client.flavour import Flavour
from ocs.client.watching import messages
from ocs.wire import uris


class Feed:
    """A feed of a device."""

    def __init__(self, flavour: Flavour, root: str, device: str, name: str) -> None:
        self._flavour = flavour
        self.name = name
        self.topic = uris.feed(root, device, name)
        self.blocks_topic = uris.blocks(root, device, name)

    def subscribe(self, handler: Callable[[FeedMessage], None], *, blocks: bool = False) -> Any:
        """Have `handler` called for each message; with `blocks` those of a bulk feed, as arrays."""

        def event(topic: str, args: list[Any]) -> None:
            handler(decode_feed_event(topic, args))

        return self._flavour.subscribe(self.blocks_topic if blocks else self.topic, event, "exact")

    def follow(self, timeout_s: float | None = None) -> Any:
        """Return an iterator (async in `ocs.client.aio`) over the feed's messages.

        Args:
            timeout_s: The longest pause between two; DeadlineError after it.
        """
        return self._flavour.iterate(messages(self.topic, decode_feed_event, timeout_s))
