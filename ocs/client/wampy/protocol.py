"""Numbers and features of the WAMP protocol that wampy leaves out.

Source: WAMP specification, "Messages" (types) and "Feature Announcement".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Code(Enum):
    """The type of a message: its first element."""

    WELCOME = 2
    ABORT = 3
    CHALLENGE = 4
    GOODBYE = 6
    ERROR = 8
    PUBLISHED = 17
    SUBSCRIBED = 33
    UNSUBSCRIBE = 34
    UNSUBSCRIBED = 35
    EVENT = 36
    RESULT = 50
    REGISTERED = 65
    UNREGISTER = 66
    UNREGISTERED = 67
    INVOCATION = 68


FEATURES: Final[dict[str, dict[str, bool]]] = {
    "caller": {"call_timeout": True, "call_canceling": True, "progressive_call_results": True},
    "callee": {"shared_registration": True, "caller_identification": True},
    "subscriber": {"pattern_based_subscription": True},
    "publisher": {"subscriber_blackwhite_listing": True, "publisher_exclusion": True},
}
"""What the client tells the router that it can do."""


@dataclass
class RawMessage:
    """A message for which wampy has no class; its second element is the request's number."""

    name: str
    message: list[Any]

    @property
    def request_id(self) -> int:
        """The number of the request."""
        number: int = self.message[1]
        return number

    @request_id.setter
    def request_id(self, number: int) -> None:
        self.message[1] = number
