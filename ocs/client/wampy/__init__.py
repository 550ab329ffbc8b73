"""The blocking client on wampy: its names and manners, without its traps.

wampy is imported when one of these names is used for the first time, never before, and never in a process
that runs a reactor.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocs.client.wampy.answers import CallResult, WampError
    from ocs.client.wampy.client import SafeClient
    from ocs.client.wampy.door import callee, subscribe
    from ocs.client.wampy.wishes import Subscription

__all__ = ["CallResult", "SafeClient", "Subscription", "WampError", "callee", "subscribe"]

_HOMES = {
    "CallResult": "answers",
    "SafeClient": "client",
    "Subscription": "wishes",
    "WampError": "answers",
    "callee": "door",
    "subscribe": "door",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
