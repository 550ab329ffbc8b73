"""Asking again while the router is away: the devices go on, and so does the observation when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from clients.show import Show
from ocs.model.errors import AgentLostError, BusyError, NotFoundError, RouterLostError

PATIENCE_S = 90.0
"""A router that is away for longer, in s, ends the observation."""

ASK_AGAIN_S = 0.5

AWAY = (RouterLostError, AgentLostError, NotFoundError)
"""What a request meets while the router is away, and while the agents are not back in its realm yet."""


class Patience:
    """Makes requests for an observation that outlives its router.

    Args:
        show: Tells the observer.
    """

    def __init__(self, show: Show) -> None:
        self.show = show
        self.outages = 0

    def run(self, operation: Any, params: dict[str, Any], timeout_s: float) -> Any:
        """Run a task and return its session; one that goes on without the router is waited for."""
        try:
            return operation.run(params, timeout_s=timeout_s)
        except RouterLostError as error:
            self.outages += 1
            self.show.say(f"the router is away ({error}); the devices go on, waiting for it")

        def again() -> Any:
            try:
                return operation.run(params, timeout_s=timeout_s)
            except BusyError:  # it had started before the router went
                return operation.wait(timeout_s=timeout_s)

        session = self.ask(again)
        self.show.say("the router is back; going on where it stopped")
        return session

    def ask(self, request: Callable[[], Any]) -> Any:
        """Return the answer to a request that is made until somebody can answer it.

        Raises:
            OcsError: It was refused or failed, or the router was away for more than 90 s.
        """
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return request()
            except AWAY:
                if time.monotonic() > deadline:
                    raise
            threading.Event().wait(ASK_AGAIN_S)
