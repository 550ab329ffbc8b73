"""The one thread in which a client's handlers and registered functions run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from ocs.client.wampy.deadline import Deadline

CAPACITY: Final = 20_000
"""Events that may wait for a slow handler; further ones are dropped and counted."""
RETRY_S: Final = 1.0

log = logging.getLogger("ocs.client.wampy")

Work = Callable[[], object]


class Worker:
    """A daemon thread that does one thing after the other, and looks after a lost session when idle.

    Args:
        name: Of the thread.
        mend: Called every `retry_s` seconds from `worry` on, until it returns True.
        capacity: How much may wait in the queue.
        retry_s: See `mend`.
    """

    def __init__(
        self, name: str, mend: Callable[[], bool], *, capacity: int = CAPACITY, retry_s: float = RETRY_S
    ) -> None:
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._mend = mend
        self._capacity = capacity
        self._retry_s = retry_s
        self._worried = False
        self.dropped = 0
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def submit(self, work: Work) -> bool:
        """Put `work` into the queue; False, and counted, when that is full. What it raises is logged."""
        if self._queue.qsize() >= self._capacity:
            self.dropped += 1
            return False
        self._queue.put(work)
        return True

    def worry(self) -> None:
        """Have the session mended, after what waits in the queue."""

        def start() -> None:
            self._worried = True

        self._queue.put(start)

    def stop(self, deadline: Deadline) -> None:
        """End the thread after what it does now; wait for that unless it is this thread itself."""
        self._queue.put(None)
        if threading.current_thread() is not self.thread:
            self.thread.join(deadline.left_s())

    def _run(self) -> None:
        while True:
            try:
                work = self._queue.get(timeout=self._retry_s if self._worried else None)
            except Empty:
                self._worried = not self._mend()
                continue
            if work is None:
                return
            try:
                work()
            except Exception:
                log.exception("what a message asked for could not be done")
