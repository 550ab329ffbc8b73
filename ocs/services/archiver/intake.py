"""Takes puts: hands each to the archive as it came, and answers when its rows are on the disk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.calling.timing import Timing
from ocs.model.errors import ParameterError, RetryAfterError
from ocs.services.archiver.disk_watch import DiskWatch
from ocs.store.archive.archive import Archive

MOST_WAITING = 256
"""So many puts, of up to 400 kB each, may wait for the disk; whoever comes then is to try again."""

BUSY_S = 2.0
"""After so many seconds."""


class Intake:
    """Puts under way; all of it happens in the loop.

    Args:
        archive: The archive, open.
        disk: Its disk.
        timing: The loop.

    Attributes:
        waiting: Puts that wait for the disk now.
    """

    def __init__(self, archive: Archive, disk: DiskWatch, timing: Timing) -> None:
        self.waiting = 0
        self._archive = archive
        self._disk = disk
        self._timing = timing
        self._longest_s = 0.0
        self._writer = threading.Thread(name="the archive's writer")  # stands for it where the loop counts who works

    def put(self, parts: Any) -> Deferred[dict[str, Any]]:
        """Fire with how many rows were stored, known, skipped and refused, when all of it is on the disk.

        Raises:
            ParameterError: It is no list of parts.
            RetryAfterError: The archive takes nothing now; `limit` says when to try again.
        """
        if not isinstance(parts, Sequence) or isinstance(parts, (str, bytes)):
            raise ParameterError(
                f"a put carries a list of parts, each a map, not {type(parts).__name__}", field="parts"
            )
        self._disk.check_room()
        if self.waiting >= MOST_WAITING:
            raise RetryAfterError(
                f"{self.waiting} puts wait for the archive's disk, which does not keep up; the spools keep the data",
                field="parts", limit=BUSY_S,
            )  # fmt: skip
        began = self._timing.seconds()
        answer: Deferred[dict[str, Any]] = Deferred()
        self.waiting += 1
        self._timing.working.add(self._writer)
        stored = self._archive.put(parts)
        stored.add_done_callback(lambda done: self._timing.soon(self._answer, done, answer, began))
        return answer

    def take_longest_s(self) -> float:
        """Return the longest time that a put waited for its answer since this was last asked, in s."""
        longest, self._longest_s = self._longest_s, 0.0
        return longest

    def _answer(self, done: Future[Any], answer: Deferred[dict[str, Any]], began: float) -> None:
        self.waiting -= 1
        if not self.waiting:
            self._timing.working.discard(self._writer)
        self._longest_s = max(self._longest_s, self._timing.seconds() - began)
        if answer.called:  # whoever called has given up
            return
        error = done.exception()
        if error is not None:
            answer.errback(error)
        else:
            answer.callback(done.result())
