"""From an agent's spool to the archiver: acknowledged calls, a few in flight, for as long as anything waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack
from twisted.internet.defer import Deferred

from ocs.agent.calling.timing import Timing
from ocs.model.errors import DeadlineError, ErrorCode, NotFoundError, OcsError, RouterLostError
from ocs.realm.connection import RealmConnection
from ocs.store.spool.spool import Spool, Taken

PUT_BYTES = 400_000
WINDOW = 8
"""Calls in flight at most (spikes page, 7)."""

PUT_TIMEOUT_S = 30.0
BACK_OFF_S = (0.5, 2.0, 5.0)
"""First pause after a failed call, factor, longest pause, in s; the archiver is asked again that often."""


class Forwarder:
    """Sends what the spool has; everything happens in the loop.

    Args:
        spool: The spool.
        connection: The membership in the realm.
        uri: The archiver's procedure.
        timing: The loop.
        on_trouble: Told in one sentence when the archiver begins to fail, refuses rows, or is back.
    """

    def __init__(
        self, spool: Spool, connection: RealmConnection, uri: str, timing: Timing, on_trouble: Callable[[str], None]
    ) -> None:
        self.refused = 0
        self.trouble = ""
        self.trouble_since = 0.0
        self._spool = spool
        self._connection = connection
        self._uri = uri
        self._timing = timing
        self._on_trouble = on_trouble
        self._in_flight = 0
        self._failures = 0
        self._pause: Any = None
        self._drained: list[Deferred[None]] = []
        connection.on_room = self.wake

    def wake(self) -> None:
        """Send what waits, unless the archiver is not to be asked now."""
        # A call is handed over when the one before has gone out: what is published meanwhile waits for one, not eight.
        connection = self._connection
        while connection.joined and not connection.full and self._pause is None and self._in_flight < self._window:
            taken = self._spool.take(PUT_BYTES)
            if taken is None:
                break
            self._put(taken)
        if not self._in_flight and (self._pause is not None or not self._spool.depth_rows):
            self._tell_drained()

    def joined(self) -> None:
        """Begin anew after a join: whoever answers now has not failed yet."""
        self._stop_pause()
        self.wake()

    def drained(self) -> Deferred[None]:
        """Return what fires when nothing waits any more, or the archiver cannot be asked."""
        done: Deferred[None] = Deferred()
        self._drained.append(done)
        self.wake()
        if not self._connection.joined:
            self._tell_drained()
        return done

    def close(self) -> None:
        """Send nothing more."""
        self._stop_pause()
        self._pause = False  # wake does nothing from here on

    @property
    def _window(self) -> int:
        # One call finds out whether the archiver is back; there is no need for more.
        return 1 if self._failures else WINDOW

    def _put(self, taken: Taken) -> None:
        self._in_flight += 1
        parts = [msgpack.unpackb(body) for body in taken.bodies]
        asked = self._connection.call(self._uri, parts, timeout_s=PUT_TIMEOUT_S)
        asked.addCallbacks(
            lambda answer: self._answered(taken, answer), lambda failure: self._failed(taken, failure.value)
        )

    def _answered(self, taken: Taken, answer: Any) -> None:
        self._in_flight -= 1
        self._spool.acknowledge(taken.tickets)
        self._failures = 0
        if self.trouble:
            self.trouble = ""
            self._on_trouble("the archiver takes data again; what waited in the spool follows")
        refused = answer.get("refused", []) if isinstance(answer, dict) else []
        if refused:
            first = not self.refused
            self.refused += len(refused)
            if first:
                self._on_trouble(f"the archiver refused data, they are in its quarantine: {refused[0].get('message')}")
        self.wake()

    def _failed(self, taken: Taken, error: Exception) -> None:
        self._in_flight -= 1
        self._spool.give_back(taken.tickets)
        if not self._connection.joined or isinstance(error, RouterLostError):
            self._tell_drained()
            return  # joined() goes on
        self._failures += 1
        if not self.trouble:
            self.trouble_since = self._timing.now()
            self._on_trouble(f"{_why(error, self._uri)}; data wait in the spool")
        self.trouble = _why(error, self._uri)
        if self._pause is None:
            self._pause = self._timing.later(self._pause_s(error), self._resume)
        self._tell_drained()

    def _pause_s(self, error: Exception) -> float:
        asked = error.limit if isinstance(error, OcsError) and error.code is ErrorCode.RETRY_AFTER else None
        if isinstance(asked, (int, float)) and asked > 0:
            return float(asked)
        first, factor, longest = BACK_OFF_S
        return min(longest, first * factor ** min(self._failures - 1, 20))

    def _resume(self) -> None:
        self._pause = None
        self.wake()

    def _stop_pause(self) -> None:
        if self._pause:
            self._pause.cancel()
        self._pause = None

    def _tell_drained(self) -> None:
        waiting, self._drained = self._drained, []
        for done in waiting:
            done.callback(None)


def _why(error: Exception, uri: str) -> str:
    if isinstance(error, NotFoundError):
        return f"there is no archiver at {uri}"
    if isinstance(error, DeadlineError):
        return f"the archiver did not answer within {PUT_TIMEOUT_S:g} s"
    return f"the archiver takes nothing now: {error}"
