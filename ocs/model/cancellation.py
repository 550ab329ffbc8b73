"""How a run is asked to end: a flag, the wake functions of what it waits in, and one exception.

No waiting is polled. Whoever waits on behalf of a run adds a wake function *before* it looks at the
flag; a request calls all of them. The exception is raised once, at the next cancel point; afterwards
the run may wait again, for its clean-up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum

Wake = Callable[[], object]


class CancelReason(Enum):
    """Why a run is asked to end."""

    ABORT = "abort"
    STOP = "stop"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"


class Cancelled(BaseException):
    """Raised at a cancel point of a run that was asked to end; clean up and let it rise."""

    def __init__(self, reason: CancelReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Cancellation:
    """The request to end one run, safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wakes: list[Wake] = []
        self._reason: CancelReason | None = None
        self._delivered = False

    @property
    def reason(self) -> CancelReason | None:
        """Why the run was asked to end; None while nobody asked."""
        return self._reason

    @property
    def delivered(self) -> bool:
        """Whether the exception was raised in the run."""
        return self._delivered

    @property
    def pending(self) -> bool:
        """Whether the run was asked to end and has not been told yet."""
        return self._reason is not None and not self._delivered

    def request(self, reason: CancelReason) -> bool:
        """Ask the run to end and wake whatever it waits in; False when it was asked before."""
        with self._lock:
            if self._reason is not None:
                return False
            self._reason = reason
            wakes = list(self._wakes)
        for wake in wakes:
            wake()
        return True

    def mark_delivered(self) -> CancelReason | None:
        """Take note that the run learns of the request now; return the reason, None if none is pending."""
        with self._lock:
            if self._reason is None or self._delivered:
                return None
            self._delivered = True
            return self._reason

    def check(self) -> None:
        """Be a cancel point.

        Raises:
            Cancelled: The run was asked to end; raised once only.
        """
        reason = self.mark_delivered()
        if reason is not None:
            raise Cancelled(reason)

    @contextmanager
    def waking(self, wake: Wake) -> Iterator[None]:
        """Have `wake` called if the request comes while the block waits; it may be called at once.

        The block decides itself what to do when it wakes: usually `check()`.
        """
        with self._lock:
            self._wakes.append(wake)
            pending = self._reason is not None and not self._delivered
        try:
            if pending:
                wake()
            yield
        finally:
            with self._lock:
                self._wakes.remove(wake)


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


def current() -> Cancellation | None:
    """Return the cancellation of the run that this thread or task works for, if it works for one."""
    return _current.get()


class working_for:  # noqa: N801 - read as a verb: with working_for(cancellation)
    """Makes a cancellation the current one in the block."""

    __slots__ = ("_cancellation", "_token")

    def __init__(self, cancellation: Cancellation) -> None:
        self._cancellation = cancellation

    def __enter__(self) -> None:
        self._token = _current.set(self._cancellation)

    def __exit__(self, *_raised: object) -> None:
        _current.reset(self._token)


_waiting: dict[int, threading.Event] = {}


def waiting_threads() -> dict[int, threading.Event]:
    """Return the event that each thread waits for by `wait`; of an event that is set, the thread is about to go on."""
    return dict(_waiting)


def wait(event: threading.Event, timeout_s: float | None) -> bool:
    """Wait for `event`, or until the current run is asked to end, at most `timeout_s` seconds.

    Returns:
        Whether the event was set.

    Raises:
        Cancelled: The run was asked to end.
    """
    cancellation = current()
    if cancellation is None:
        return _wait(event, timeout_s)
    woken = threading.Event()
    happened = False

    def wake() -> None:
        woken.set()
        event.set()

    with cancellation.waking(wake):
        happened = _wait(event, timeout_s)
    if woken.is_set():
        cancellation.check()
    return happened


def _wait(event: threading.Event, timeout_s: float | None) -> bool:
    me = threading.get_ident()
    _waiting[me] = event
    try:
        return event.wait(timeout_s)
    finally:
        del _waiting[me]
