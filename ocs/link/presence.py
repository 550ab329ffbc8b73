"""Whether a device is there: the state of a link, its edges, and the error of those who ask in vain."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from ocs.link.status import LinkState, LinkStatus
from ocs.model.errors import LinkLostError

log = logging.getLogger(__name__)


class Presence:
    """The state of one link; safe to use from any thread.

    CLOSED -> OPEN | LOST needs `wanted`; OPEN <-> LOST as the device goes and comes;
    any -> CLOSED.

    Args:
        name: What is there or not, for people.
        on_change: Called once for each change, in the thread that makes it.
        monotonic: A clock in seconds for durations.
        wall: A clock in POSIX seconds for `status.since`.
    """

    def __init__(
        self,
        name: str,
        on_change: Callable[[LinkStatus], None] | None,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._name = name
        self._on_change = on_change
        self._monotonic = monotonic
        self._wall = wall
        self._lock = threading.Lock()
        self._since = monotonic()
        self.status = LinkStatus(LinkState.CLOSED, wall(), "not opened yet")
        self.wanted = False

    @property
    def state(self) -> LinkState:
        """Whether the device can be asked."""
        return self.status.state

    def change(self, state: LinkState, reason: str = "") -> bool:
        """Set the state and tell it; False when it was that already, or nobody wants the link."""
        with self._lock:
            forbidden = not self.wanted and state is not LinkState.CLOSED
            if forbidden or self.status.state is state:
                return False
            self.status = status = LinkStatus(state, self._wall(), reason)
            self._since = self._monotonic()
        if self._on_change is not None:
            try:
                self._on_change(status)
            except Exception:
                log.exception("the on_change of %s failed", self._name)
        return True

    def note(self, reason: str) -> None:
        """Keep the newest reason why the device is not found."""
        with self._lock:
            if self.status.state is LinkState.LOST:
                self.status = replace(self.status, reason=reason)

    def missing(self, period_s: float) -> LinkLostError:
        """Return the error for those who ask while the device is looked for every `period_s`."""
        status = self.status
        if status.state is not LinkState.LOST:
            return LinkLostError(f"{self._name} is closed; open the link first")
        age_s = self._monotonic() - self._since
        return LinkLostError(
            f"{self._name} is not there since {age_s:.0f} s: {status.reason}; it is looked for every {period_s:.2g} s"
        )
