"""Something that is reached, and perhaps left again, and that threads and coroutines wait for."""

from __future__ import annotations

import threading

from twisted.internet.defer import Deferred

from ocs.agent.calling.timing import Timing
from ocs.model import cancellation


class Milestone:
    """A fact that becomes true, such as "the device is set up" or "the link is there"."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reached = False
        self._threads: list[threading.Event] = []
        self._waiting: list[Deferred[None]] = []

    @property
    def reached(self) -> bool:
        """Whether it is true now."""
        return self._reached

    def reach(self, timing: Timing) -> None:
        """Make it true and wake everybody; from any thread."""
        with self._lock:
            self._reached = True
            threads, self._threads = self._threads, []
        for event in threads:
            event.set()
        timing.soon(self._tell)

    def leave(self) -> None:
        """Make it false again."""
        self._reached = False

    def wait(self) -> None:
        """Wait in a thread until it is true; a cancel point.

        Raises:
            Cancelled: The run that waits was asked to end.
        """
        mine = threading.Event()  # a cancellation sets it too, so it is nobody else's
        with self._lock:
            if self._reached:
                return
            self._threads.append(mine)
        cancellation.wait(mine, None)

    def when_reached(self) -> Deferred[None]:
        """Return what fires when it is true; from the loop's thread."""
        waiting: Deferred[None] = Deferred()
        if self._reached:
            waiting.callback(None)
        else:
            self._waiting.append(waiting)
        return waiting

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            if not deferred.called:
                deferred.callback(None)
