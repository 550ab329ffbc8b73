"""The wampy client behind the same names as `ocs.client`: connect, devices, operations, feeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ocs.client import Observatory
from ocs.client.blocking_steps import BlockingFlavour
from ocs.client.mailbox import Mailbox
from ocs.client.settings import find_place
from ocs.client.steps import Call
from ocs.client.wampy.answers import WampError
from ocs.client.wampy.client import SafeClient
from ocs.client.wampy.wishes import Subscription
from ocs.wire.failures import error_of

WAMPY_PATH = "/wampy"


class WampyClient(BlockingFlavour):
    """A membership in a realm by wampy; usable from any thread.

    Args:
        client: The safe wampy client.
    """

    def __init__(self, client: SafeClient) -> None:
        self.client = client
        self.mailboxes: dict[Subscribed, Mailbox] = {}

    def close(self) -> None:
        """Leave the realm; who still follows something is told so."""
        for mailbox in list(self.mailboxes.values()):
            mailbox.end()
        self.client.stop()

    def call(self, call: Call) -> Any:
        """Make a call and return its result."""
        try:
            return self.client.call(call.procedure, *call.args, timeout_s=call.timeout_s, **call.kwargs)
        except WampError as error:
            raise error_of(error.uri, error.args_, call.procedure) from None

    def subscribe(self, topic: str, handler: Callable[[str, list[Any]], None], match: str) -> Subscribed:
        """Have `handler` called, in the client's handler thread, for each event."""

        def event(args: list[Any], _kwargs: dict[str, Any], details: dict[str, Any]) -> None:
            handler(details.get("topic") or topic, args)

        return Subscribed(self, self.client.subscribe(topic, event, match))

    def listen(self, mailbox: Mailbox) -> Subscribed:
        """Have each event put into the mailbox; who takes from it is told when the client leaves."""
        subscribed = self.subscribe(mailbox.topic, mailbox.put, "exact")
        self.mailboxes[subscribed] = mailbox
        return subscribed

    def deliver(self, function: Callable[[], object]) -> None:
        """Have `function` called in the client's handler thread."""
        self.client.hand_over(function)


class Subscribed:
    """A subscription of the wampy client."""

    def __init__(self, client: WampyClient, subscription: Subscription) -> None:
        self._client = client
        self._subscription = subscription

    def close(self) -> None:
        """Get no more events."""
        self._client.mailboxes.pop(self, None)
        self._subscription.unsubscribe()


def connect(
    url: str | None = None,
    *,
    realm: str | None = None,
    root: str | None = None,
    site_file: str | Path | None = None,
    timeout_s: float = 10.0,
) -> Observatory:
    """Join a realm by wampy and return it; arguments as of `ocs.client.connect`.

    Raises:
        RouterLostError: The router cannot be reached.
    """
    place = find_place(url, realm=realm, root=root, site_file=site_file)
    client = SafeClient(url=wampy_url(url or place.url), realm=place.realm, timeout_s=timeout_s)
    client.start()
    return Observatory(WampyClient(client), place.root, place.registry, place.archiver)


def wampy_url(url: str) -> str:
    """Return the router's address for wampy: beside `/ws` our routers serve it a path without pings."""
    parts = urlsplit(url)
    return parts._replace(path=WAMPY_PATH).geturl() if parts.path in {"", "/", "/ws"} else url


__all__ = ["Observatory", "WampError", "WampyClient", "connect"]
