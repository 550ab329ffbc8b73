"""Hands the answers to `history` out in pages: read in threads of their own, a bounded number at a time."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred

from ocs.agent.calling.execution import Worker
from ocs.agent.calling.timing import Timing
from ocs.model.errors import BusyError, NotFoundError, OperationFailedError
from ocs.model.time_span import NS_PER_S
from ocs.services.archiver.history.pages import Page, Request, make_pages, read_request
from ocs.store.archive.reading.reading import ArchiveReader

THREADS = 2
"""So many pages are made at a time."""

MOST_WAITING = 16
"""So many pages may wait or be made; who asks for more is told to come back."""

MOST_CURSORS = 16
UNUSED_S = 60.0
"""A cursor is forgotten after so many seconds without use."""

PACE_S = 0.05
"""While puts are under way, pages after the first of a request begin so long after each other, of all callers."""

OpenReader = Callable[[], ArchiveReader]


class HistoryDesk:
    """Answers to `history`, for any number of callers; all of it happens in the loop, but for the reading.

    Args:
        timing: The loop.
        open_reader: Opens a reader of the archive; called in the thread that uses it.
        in_use: Whether the archive has puts to take just now, which long answers then leave room for.
    """

    def __init__(self, timing: Timing, open_reader: OpenReader, in_use: Callable[[], bool] = lambda: False) -> None:
        self._timing = timing
        self._in_use = in_use
        self._free_at = 0.0
        self._threads = [_Thread(f"history {number + 1}", timing, open_reader) for number in range(THREADS)]
        self._cursors: dict[str, _Cursor] = {}
        self._closed = False

    @property
    def cursors(self) -> int:
        """How many requests are under way."""
        return len(self._cursors)

    def answer(
        self, channels: Any = None, start: Any = None, end: Any = None, max_points: Any = None, cursor: Any = None
    ) -> Deferred[Page]:
        """Fire with a page: `chunks`, `gaps`, `fraction` and the `cursor` of the next page, None after the last.

        Raises:
            ParameterError: A parameter is wrong.
            NotFoundError: There is no such cursor any more.
            BusyError: Too many ask at a time.
        """
        if self._closed:
            raise _ending()
        if cursor is not None:
            return self._go_on(str(cursor))
        request = read_request(channels, start, end, max_points, round(self._timing.now() * NS_PER_S))
        if len(self._cursors) >= MOST_CURSORS:
            raise BusyError(f"{MOST_CURSORS} requests for history are under way; ask again soon", limit=MOST_CURSORS)
        self._check_load()
        made = _Cursor(request, min(self._threads, key=lambda thread: thread.load))
        self._cursors[made.token] = made
        return self._make_page(made)

    def close(self) -> None:
        """Forget all cursors, and let the threads end; from the loop."""
        self._closed = True
        for cursor in list(self._cursors.values()):
            self._forget(cursor)
            if cursor.begin is not None:
                cursor.begin()
        for thread in self._threads:
            thread.close()

    def _check_load(self) -> None:
        if sum(thread.load for thread in self._threads) >= MOST_WAITING:
            raise BusyError(f"{MOST_WAITING} pages of history are being read; ask again soon", limit=MOST_WAITING)

    def _go_on(self, text: str) -> Deferred[Page]:
        token, _, number = text.partition(".")
        cursor = self._cursors.get(token)
        if cursor is None or number not in {str(cursor.number), str(cursor.number + 1)}:
            raise NotFoundError(
                f"cursor {text[:40]} is not known; after {UNUSED_S:g} s without use one is forgotten: ask anew",
                field="cursor", given=text[:40],
            )  # fmt: skip
        if cursor.at_work:
            raise BusyError("the page of this cursor is being read; wait for its answer", field="cursor")
        if number == str(cursor.number):  # its answer was lost on the way
            self._wait(cursor)
            return defer.succeed(cursor.page)
        self._check_load()
        return self._make_page(cursor)

    def _make_page(self, cursor: _Cursor) -> Deferred[Page]:
        self._rest(cursor)
        cursor.at_work = True
        answer: Deferred[Page] = Deferred()

        def made(page: Page, error: BaseException | None) -> None:
            cursor.at_work = False
            if error is not None or self._closed:
                self._forget(cursor)
                answer.errback(error or _ending())
                return
            cursor.page = page
            if page["cursor"] is None:
                self._forget(cursor)
            else:
                self._wait(cursor)
            answer.callback(page)

        def begin() -> None:
            cursor.begin = None
            if self._closed:
                made({}, _ending())
            else:
                cursor.thread.run(cursor.next_page, made)

        pause = self._pause_s(cursor)
        if pause > 0.0:
            cursor.begin = begin
            cursor.timer = self._timing.later(pause, begin)
        else:
            begin()
        return answer

    def _pause_s(self, cursor: _Cursor) -> float:
        """Return after how many seconds a page may be begun."""
        if not cursor.number or not self._in_use():
            return 0.0
        now = self._timing.seconds()
        begin = max(now, self._free_at)
        self._free_at = begin + PACE_S
        return begin - now

    def _wait(self, cursor: _Cursor) -> None:
        self._rest(cursor)
        cursor.timer = self._timing.later(UNUSED_S, self._forget, cursor)

    def _rest(self, cursor: _Cursor) -> None:
        if cursor.timer is not None and cursor.timer.active():
            cursor.timer.cancel()
        cursor.timer = None

    def _forget(self, cursor: _Cursor) -> None:
        self._rest(cursor)
        self._cursors.pop(cursor.token, None)


def _ending() -> BusyError:
    return BusyError("the archiver ends; ask again when it is back")


@dataclass(slots=True)
class _Cursor:
    """One request under way, and where its answer stands.

    Attributes:
        number: How many pages were made.
        page: The newest of them.
        begin: Begins the page that waits for its turn; None when none does.
    """

    request: Request
    thread: _Thread
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    number: int = 0
    page: Page = field(default_factory=dict)
    at_work: bool = False
    timer: Any = None
    begin: Callable[[], None] | None = None
    pages: Generator[Page] | None = None

    def next_page(self, reader: ArchiveReader) -> Page:
        """Make the next page, in the cursor's thread."""
        if self.pages is None:
            self.pages = make_pages(reader, self.request)
        page = next(self.pages)
        self.number += 1
        page["cursor"] = f"{self.token}.{self.number + 1}" if page.pop("more") else None
        return page


class _Thread:
    """A thread with a reader of its own, which stays open between requests, so that it need not begin anew.

    Args:
        name: Of the thread.
        timing: The loop.
        open_reader: Opens a reader.
    """

    def __init__(self, name: str, timing: Timing, open_reader: OpenReader) -> None:
        self.load = 0
        self._worker = Worker(name, timing)
        self._open_reader = open_reader
        self._reader: ArchiveReader | None = None

    def run(self, body: Callable[[ArchiveReader], Page], done: Callable[[Any, BaseException | None], None]) -> None:
        """Have `body` called with the reader in the thread, then `done` with its result or error in the loop."""
        self.load += 1

        def over(result: Any, error: BaseException | None) -> None:
            self.load -= 1
            done(result, error)

        self._worker.run(None, lambda: self._work(body), over)

    def close(self) -> None:
        """Let the thread close its reader, and end, when it has done its work."""
        self._worker.run(None, self._close_reader, lambda _result, _error: None)
        self._worker.close()

    def _work(self, body: Callable[[ArchiveReader], Page]) -> Page:
        try:
            if self._reader is None:
                self._reader = self._open_reader()
            return body(self._reader)
        except (OSError, sqlite3.Error) as error:
            self._close_reader()
            raise OperationFailedError(f"the archive cannot be read ({error}); ask again") from error

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
