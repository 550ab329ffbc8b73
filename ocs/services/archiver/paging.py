"""Hands the answers to `history` out in pages: read in threads of their own, a bounded number at a time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred

from ocs.agent.execution import Worker
from ocs.agent.timing import Timing
from ocs.model.errors import BusyError, NotFoundError, OutOfRangeError, ParameterError
from ocs.model.name_pattern import Pattern
from ocs.model.series import SeriesKey
from ocs.model.time_span import NS_PER_S, read_time
from ocs.wire.archive import encode_gap

THREADS = 2
"""So many pages are made at a time."""

MOST_WAITING = 16
"""So many pages may wait or be made; who asks for more is told to come back."""

MOST_CURSORS = 16
UNUSED_S = 60.0
"""A cursor is forgotten after so many seconds without use."""

PAGE_BYTES = 800_000
PIECE_BYTES = 300_000
PAGE_S = 2.0
"""After so many seconds a page goes out with what it has."""

MOST_GAPS = 1000
"""So many gaps go with a page; more follow with the next ones."""

GAP_BYTES = 300

MOST_POINTS = 10_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to see.

    Attributes:
        channels: Names and patterns.
        start: ns since 1970, UTC.
        end: ns, no part of it.
        max_points: Points of each channel at most; None for every row.
    """

    channels: tuple[str, ...]
    start: int
    end: int
    max_points: int | None = None


def read_request(channels: Any, start: Any, end: Any, max_points: Any, now: int) -> Request:
    """Return a request in the words of a caller.

    Args:
        channels: A pattern or several.
        start: Whole numbers are ns since 1970 UTC; else as `read_time`. An hour before the end, if left out.
        end: The same; now, if left out.
        max_points: A whole number, or None.
        now: ns since 1970, UTC.

    Raises:
        ParameterError: Something is missing or of the wrong type; the sentence says what.
    """
    if not isinstance(max_points, int | None) or isinstance(max_points, bool):
        raise ParameterError(f"max_points is {max_points!r}; it is a whole number", field="max_points")
    if max_points is not None and not 1 <= max_points <= MOST_POINTS:
        raise OutOfRangeError(
            f"max_points is {max_points}; it must be 1 to {MOST_POINTS}", field="max_points", given=max_points
        )
    last = now if end is None else _moment(end, now)
    first = last - 3600 * NS_PER_S if start is None else _moment(start, now)
    if first > last:
        raise OutOfRangeError(
            f"the start lies {(first - last) / NS_PER_S:g} s behind the end; exchange the two", field="start"
        )
    return Request(tuple(word.text for word in Pattern(channels).words), first, last, max_points)


def _moment(given: Any, now: int) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        if not -(2**63) < given < 2**63:
            raise OutOfRangeError(f"{given} is no instant in ns since 1970", field="start", given=str(given))
        return given
    return read_time(given, now)


@dataclass(slots=True)
class _Cursor:
    """One request under way, and where its answer stands."""

    request: Request
    worker: Worker
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    number: int = 0
    at_work: bool = True
    answer: dict[str, Any] = field(default_factory=dict)
    pages: Generator[dict[str, Any]] | None = None
    timer: Any = None

    def next_page(self, open_reader: Callable[[], Any]) -> dict[str, Any]:
        """Make the next page, in the cursor's thread."""
        if self.pages is None:
            self.pages = _pages(self.request, open_reader)
        page = next(self.pages)
        self.number += 1
        page["cursor"] = f"{self.token}.{self.number + 1}" if page.pop("more") else None
        return page


class HistoryDesk:
    """Answers to `history`, from any number of callers.

    Args:
        timing: The loop.
        open_reader: Opens a reader of the archive; called in a thread, which then closes it.
    """

    def __init__(self, timing: Timing, open_reader: Callable[[], Any]) -> None:
        self.answered = 0
        self._timing = timing
        self._open_reader = open_reader
        self._workers = [Worker(f"history {number + 1}", timing) for number in range(THREADS)]
        self._load = dict.fromkeys(self._workers, 0)
        self._cursors: dict[str, _Cursor] = {}
        self._closed = False

    def answer(
        self, channels: Any = None, start: Any = None, end: Any = None, max_points: Any = None, cursor: Any = None
    ) -> Deferred[dict[str, Any]]:
        """Fire with a page: `chunks`, `gaps`, `fraction` and the `cursor` of the next page, None after the last.

        Raises:
            ParameterError: A parameter is wrong.
            NotFoundError: There is no such cursor any more.
            BusyError: Too many ask at a time.
        """
        if self._closed:
            raise BusyError("the archiver ends; ask again when it is back")
        if cursor is not None:
            return self._go_on(str(cursor))
        now = round(self._timing.now() * NS_PER_S)
        request = read_request(channels, start, end, max_points, now)
        if len(self._cursors) >= MOST_CURSORS:
            raise BusyError(f"{MOST_CURSORS} requests for history are under way; ask again soon", limit=MOST_CURSORS)
        self._check_load()
        made = _Cursor(request, min(self._workers, key=lambda worker: self._load[worker]))
        self._cursors[made.token] = made
        return self._make_page(made)

    def close(self) -> None:
        """Forget all cursors and let the threads end; from the loop."""
        self._closed = True
        for cursor in list(self._cursors.values()):
            self._forget(cursor)
        for worker in self._workers:
            worker.close()

    @property
    def cursors(self) -> int:
        """How many requests are under way."""
        return len(self._cursors)

    def _check_load(self) -> None:
        if sum(self._load.values()) >= MOST_WAITING:
            raise BusyError(f"{MOST_WAITING} pages of history are being read; ask again soon", limit=MOST_WAITING)

    def _go_on(self, text: str) -> Deferred[dict[str, Any]]:
        token, _, number = text.partition(".")
        cursor = self._cursors.get(token)
        asked = int(number) if number.isdecimal() and len(number) < 20 else 0  # noqa: PLR2004 - whatever is sent
        if cursor is None or asked not in {cursor.number, cursor.number + 1}:
            raise NotFoundError(
                f"cursor {text[:40]} is not known; after {UNUSED_S:g} s without use one is forgotten: ask anew",
                field="cursor", given=text[:40],
            )  # fmt: skip
        if cursor.at_work:
            raise BusyError("this cursor's page is being read; wait for its answer", field="cursor")
        self._rest(cursor)
        if asked == cursor.number:  # its answer was lost on the way
            self._wait(cursor)
            answered: Deferred[dict[str, Any]] = Deferred()
            answered.callback(cursor.answer)
            return answered
        self._check_load()
        return self._make_page(cursor)

    def _make_page(self, cursor: _Cursor) -> Deferred[dict[str, Any]]:
        answer: Deferred[dict[str, Any]] = Deferred()
        cursor.at_work = True
        self._load[cursor.worker] += 1

        def made(page: dict[str, Any], error: BaseException | None) -> None:
            self._load[cursor.worker] -= 1
            cursor.at_work = False
            if error is not None or self._closed:
                self._forget(cursor)
                answer.errback(error or BusyError("the archiver ends; ask again when it is back"))
                return
            self.answered += 1
            cursor.answer = page
            if page["cursor"] is None:
                self._forget(cursor)
            else:
                self._wait(cursor)
            answer.callback(page)

        cursor.worker.run(None, lambda: cursor.next_page(self._open_reader), made)
        return answer

    def _wait(self, cursor: _Cursor) -> None:
        cursor.timer = self._timing.later(UNUSED_S, self._forget, cursor)

    def _rest(self, cursor: _Cursor) -> None:
        if cursor.timer is not None and cursor.timer.active():
            cursor.timer.cancel()
        cursor.timer = None

    def _forget(self, cursor: _Cursor) -> None:
        self._rest(cursor)
        self._cursors.pop(cursor.token, None)
        if not cursor.at_work and cursor.pages is not None:
            # What it has open is closed in the thread that opened it.
            cursor.worker.run(None, cursor.pages.close, lambda _result, _error: None)
            if self._closed:
                cursor.worker.close()


def _pages(request: Request, open_reader: Callable[[], Any]) -> Generator[dict[str, Any]]:
    """Yield pages, each with `more` for whether another one follows."""
    with open_reader() as reader:
        gaps = [encode_gap(gap) for gap in reader.gaps(request.channels, request.start, request.end)]
        page = _Page(gaps)
        for chunk in reader.chunks(request.channels, request.start, request.end, max_points=request.max_points):
            for piece in chunk.split(PIECE_BYTES):
                data = piece.to_bytes()
                if not page.takes(len(data)):
                    yield page.told(more=True)
                    page = _Page(gaps)
                page.add(piece.series, data, piece.fraction)
        while gaps:
            yield page.told(more=True)
            page = _Page(gaps)
        page.fraction = 1.0
        yield page.told(more=False)


class _Page:
    """One answer while it fills.

    Args:
        gaps: The gaps that are still to be told; as many as have room are taken out.
    """

    def __init__(self, gaps: list[dict[str, Any]]) -> None:
        self.gaps, gaps[:] = gaps[:MOST_GAPS], gaps[MOST_GAPS:]
        self.chunks: list[dict[str, Any]] = []
        self.fraction = 0.0
        self._left = PAGE_BYTES - GAP_BYTES * len(self.gaps)
        self._began = time.monotonic()

    def takes(self, size: int) -> bool:
        """Whether so many bytes have room; the first ones always have."""
        return not self.chunks or (size <= self._left and time.monotonic() - self._began < PAGE_S)

    def add(self, series: SeriesKey, data: bytes, fraction: float) -> None:
        """Add some rows of a series."""
        self.chunks.append({"device": series.device, "feed": series.feed, "block": series.block, "data": data})
        self.fraction = fraction
        self._left -= len(data)

    def told(self, *, more: bool) -> dict[str, Any]:
        """Return it as a map."""
        return {"chunks": self.chunks, "gaps": self.gaps, "fraction": self.fraction, "more": more}
