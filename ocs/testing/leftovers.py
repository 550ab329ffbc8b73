"""What a test leaves behind and must not: failures that nobody saw, threads, timers."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from zope.interface import implementer

PATIENCE_S = 5.0
"""Real seconds that a thread has to end after it was told to."""


@implementer(ILogObserver)
class LostFailures:
    """Critical events of Twisted's log: errors in handlers, and failures of Deferreds that nobody handled."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __call__(self, event: LogEvent) -> None:
        """Take note of an event."""
        if event.get("log_level") is LogLevel.critical:
            failure = event.get("log_failure")
            self.told.append(f"{formatEvent(event)} {failure.getErrorMessage() if failure else ''}".strip())

    def take(self) -> list[str]:
        """Return what was told so far, and forget it: for a test that provokes it."""
        told, self.told = self.told, []
        return told


@contextmanager
def lost_failures() -> Iterator[LostFailures]:
    """Watch for failures that nobody sees; the block fails when some are left in the end."""
    lost = LostFailures()
    globalLogPublisher.addObserver(lost)
    gc.freeze()  # only what the block makes is searched for forgotten Deferreds
    try:
        yield lost
        gc.collect()
    finally:
        gc.unfreeze()
        globalLogPublisher.removeObserver(lost)
    assert not lost.told, f"failures that nobody saw: {'; '.join(lost.told)}"


@contextmanager
def no_new_threads() -> Iterator[None]:
    """Fail when threads that began in the block do not end with it."""
    before = set(threading.enumerate())
    yield
    patience = time.monotonic() + PATIENCE_S
    started = [thread for thread in threading.enumerate() if thread not in before]
    for thread in started:
        thread.join(max(0.0, patience - time.monotonic()))
    left = sorted(thread.name for thread in started if thread.is_alive())
    assert not left, f"threads that did not end: {', '.join(left)}"
