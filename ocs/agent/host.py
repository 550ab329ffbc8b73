"""What a device gets from the agent that hosts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ocs.agent.declarations import OperationDeclaration
from ocs.agent.publishing import FeedRuntime
from ocs.agent.timing import Timing
from ocs.model.feed import FeedInterface


class Host(Protocol):
    """The services that a device may ask for; called in the event loop, but for `make_feed`."""

    @property
    def timing(self) -> Timing:
        """The loop and its clock."""

    def make_feed(self, interface: FeedInterface) -> FeedRuntime:
        """Return what to publish to a feed with."""

    def add_operation(self, declaration: OperationDeclaration) -> None:
        """Offer an operation from now on."""

    def start_from_within(self, name: str, params: Mapping[str, Any]) -> None:
        """Start an operation for the device itself; a refusal is logged."""

    def subscribe_feed(self, device: str, feed: str, handler: Callable[[str, Any, dict[str, Any]], None]) -> None:
        """Subscribe to a feed; an empty name stands for every device, or every feed."""
