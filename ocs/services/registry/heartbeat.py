"""What a heartbeat tells; whatever else somebody publishes on such a topic is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ocs.wire import uris

_END = f".feeds.{uris.HEARTBEAT}"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One heartbeat; agents of OCS tell address, class, start and codes only.

    Attributes:
        address: The device's URI.
        agent_class: Class of its agent.
        op_codes: Number of each operation's state.
        started: Start of the agent's process, POSIX s, UTC; None when it does not tell.
        session: Number of the agent's router session; None when it does not tell.
        agent: Class and instance of its agent, as `class/instance`.
        health: Word of its health.
        state: Word of its state.
        closing: Whether it is the last one before an end in good order.
    """

    address: str
    agent_class: str = ""
    op_codes: Mapping[str, int] = field(default_factory=dict)
    started: float | None = None
    session: int | None = None
    agent: str = ""
    health: str = ""
    state: str = ""
    closing: bool = False


def decode_heartbeat(topic: str, message: Any, info: Mapping[str, Any]) -> Heartbeat:
    """Return what a heartbeat tells; its topic says whose it is."""
    return Heartbeat(
        address=topic.removesuffix(_END), agent_class=_text(info, "agent_class"), op_codes=codes_in(message),
        started=_started(info), session=whole(info.get("session")), agent=_text(info, "agent"),
        health=_text(info, "health"), state=_text(info, "state"), closing=info.get("closing") is True,
    )  # fmt: skip


def codes_in(message: Any) -> dict[str, int]:
    """Return the number of each operation in a heartbeat; agents of very old releases send only a zero."""
    if not isinstance(message, Mapping):
        return {}
    return {str(op): code for op, code in message.items() if whole(code) is not None}


def whole(value: Any) -> int | None:
    """Return `value` if it is a whole number; None for anything else, truth values too."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(info: Mapping[str, Any], key: str) -> str:
    value = info.get(key)
    return value if isinstance(value, str) else ""


def _started(info: Mapping[str, Any]) -> float | None:
    epoch = whole(info.get("epoch"))
    if epoch:
        return epoch / 1e9
    try:
        started = float(_text(info, "session_id"))  # OCS: the start of the process as text
    except ValueError:
        return None
    return started if math.isfinite(started) else None
