"""What a device gets from the agent that hosts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.defer import Deferred

from ocs.agent.author.declarations import OperationDeclaration
from ocs.agent.calling.timing import Timing
from ocs.agent.data.publishing import FeedRuntime
from ocs.model.feed import FeedInterface
from ocs.model.interface import Identity
from ocs.store.settings import Settings

if TYPE_CHECKING:
    from ocs.agent.data.archiving import Archiving


class Host(Protocol):
    """The services that a device may ask for; called in the event loop, but for `make_feed`."""

    @property
    def timing(self) -> Timing:
        """The loop and its clock."""

    @property
    def identity(self) -> Identity:
        """Who and where the device is."""

    @property
    def session_id(self) -> int | None:
        """Number of the agent's router session, None while it has none."""

    @property
    def settings(self) -> Settings:
        """Memorized set points and changed configuration, on disk; from any thread."""

    @property
    def folder(self) -> Path:
        """The agent's state folder, which belongs to it alone."""

    @property
    def archiving(self) -> Archiving | None:
        """What takes data for the archive; None where the agent has no archiver."""

    def publish(self, topic: str, payload: Any) -> bool:
        """Send an event with one argument; False when the router is away."""

    def offer(self, verb: str, procedure: Callable[..., Any]) -> None:
        """Offer `procedure(caller, ...)` as `R.D.<verb>`, from any thread, now and after each join."""

    def call(self, uri: str, *args: Any, timeout_s: float = 10.0) -> Deferred[Any]:
        """Call a procedure of the realm."""

    def subscribe_topic(self, topic: str, handler: Callable[[str, list[Any]], None]) -> None:
        """Have `handler(topic, args)` called for each event of any topic, such as `wamp.session.on_leave`."""

    def remove_operation(self, name: str) -> None:
        """Offer an operation no more."""

    def interface_changed(self, kind: str, added: str, removed: str) -> None:
        """Tell clients soon that a channel, an operation or a command was added or removed; both: it was renewed."""

    def init(self, *, force: bool, author: str) -> Deferred[str]:
        """Set the device up anew; fires with its status."""

    def make_feed(self, interface: FeedInterface) -> FeedRuntime:
        """Return what to publish to a feed with."""

    def add_operation(self, declaration: OperationDeclaration) -> None:
        """Offer an operation from now on."""

    def start_from_within(self, name: str, params: Mapping[str, Any]) -> None:
        """Start an operation for the device itself; a refusal is logged."""

    def subscribe_feed(self, device: str, feed: str, handler: Callable[[str, Any, dict[str, Any]], None]) -> None:
        """Subscribe to a feed; an empty name stands for every device, or every feed."""
