"""Events as they arrive at a client: feed messages and session changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocs.client.session import Session, decode_session
from ocs.wire import uris
from ocs.wire.feeds import Samples, decode_columns, decode_message


@dataclass(frozen=True, slots=True)
class FeedMessage:
    """One message of a feed.

    Attributes:
        device: Name of the device.
        feed: Name of the feed.
        message: The message as it came.
        samples: Its samples, block by block; empty when the feed is not recorded.
        info: The feed_info that came with it.
        seq: Number of the message in its feed, 0 from agents that do not number.
        epoch: Start of the agent process in ns, 0 from agents that do not tell.
    """

    device: str
    feed: str
    message: Any
    samples: tuple[Samples, ...]
    info: Mapping[str, Any]
    seq: int = 0
    epoch: int = 0


def decode_feed_event(topic: str, args: list[Any]) -> FeedMessage:
    """Return the message in an event of a `feeds.` or `blocks.` topic."""
    message, info = args[0] if args and _is_message(args[0]) else (args, {})
    columns = isinstance(message, Mapping) and "block_name" in message
    samples = (decode_columns(message),) if columns else tuple(decode_message(message) if info.get("record") else ())
    feed = topic.rsplit(".", 1)[-1]
    return FeedMessage(uris.device_of(topic), feed, message, samples, info, info.get("seq", 0), info.get("epoch", 0))


def _is_message(told: Any) -> bool:
    """Whether it is a message with its feed_info; anybody may publish anything on a topic."""
    return isinstance(told, (list, tuple)) and len(told) == 2 and isinstance(told[1], Mapping)  # noqa: PLR2004 - a pair


def decode_session_event(args: list[Any]) -> Session | None:
    """Return the newest session in an event of a `sessions.` topic."""
    return decode_session(args[0]) if args and isinstance(args[0], Mapping) else None


def decode_earlier_sessions(args: list[Any]) -> list[Session]:
    """Return the sessions in such an event that ended before the newest one began."""
    told = args[0].get("earlier", ()) if args and isinstance(args[0], Mapping) else ()
    return [session for session in map(decode_session, told) if session is not None]
