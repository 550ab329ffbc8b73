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

    def run(self, operation: Any, params: dict[str, Any], timeout_s: float) -> Any:
        """Run a task and return its session; one that goes on without the router is waited for."""

        def start() -> Any:
            return operation.run(params, timeout_s=timeout_s)

        def again() -> Any:
            try:
                return start()
            except BusyError:  # it had started before the router went
                return operation.wait(timeout_s=timeout_s)

        return self.ask(start, again)

    def ask(self, request: Callable[[], Any], again: Callable[[], Any] | None = None) -> Any:
        """Return the answer to a request that is made until somebody can answer it.

        Args:
            request: Makes it.
            again: Makes it after an outage; as the first time by default.

        Raises:
            OcsError: It was refused or failed, or nobody could answer for 90 s.
        """
        try:
            return request()
        except AWAY as error:
            self.show.say(f"no connection ({error}); the devices go on, waiting until they answer")
        began = time.monotonic()
        while True:
            threading.Event().wait(ASK_AGAIN_S)
            try:
                answer = (again or request)()
            except AWAY:
                if time.monotonic() > began + PATIENCE_S:
                    raise
            else:
                self.show.say(f"connected again after {time.monotonic() - began:.1f} s; going on where it stopped")
                return answer
