"""The one event loop of a process: Twisted's reactor on asyncio, its timers by the clock that nobody sets."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from ocs.model.errors import ConfigurationError


def install(loop: asyncio.AbstractEventLoop | None = None) -> Any:
    """Install the reactor on `loop`, or on a new one, and return it; the second call returns the first's.

    Raises:
        ConfigurationError: Another kind of reactor was imported before.
    """
    new = "twisted.internet.reactor" not in sys.modules
    if new:
        from twisted.internet import asyncioreactor

        asyncioreactor.install(loop or asyncio.new_event_loop())
    from twisted.internet import reactor

    if not hasattr(reactor, "_asyncioEventloop"):
        raise ConfigurationError(
            f"this process runs Twisted's {type(reactor).__name__}; ocs needs the asyncio reactor: "
            "import ocs before anything that imports twisted.internet.reactor"
        )
    if new:  # Twisted goes by the wall clock: set back by an hour, it would hold every timer up for an hour
        vars(reactor)["seconds"] = loop_of(reactor).time
    return reactor


def loop_of(reactor: Any) -> asyncio.AbstractEventLoop:
    """Return the asyncio loop under the reactor."""
    loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop  # noqa: SLF001 - Twisted offers no other way
    return loop
