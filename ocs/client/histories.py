"""What can be asked of the archiver, as conversations: rows, gaps, the archived series, the policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ocs.client.steps import Call, Conversation, Item
from ocs.model.errors import NotFoundError
from ocs.model.gap import Gap
from ocs.model.name_pattern import Pattern
from ocs.model.time_span import Moment, read_span
from ocs.wire import uris
from ocs.wire.archive import decode_gap

if TYPE_CHECKING:
    from ocs.store.archive.reading.chunk import Chunk
    from ocs.store.archive.reading.history import History

ARCHIVER = "archiver"
"""Name of the archiver."""

PAGE_TIMEOUT_S = 60.0
"""A page is there within seconds, unless many ask."""

Channels = str | Sequence[str]
Progress = Callable[[float], object]


class Histories:
    """The conversations with the archiver of a realm.

    Args:
        root: The address root.
        archiver: Name of the archiver.
        now: Returns the present, ns since 1970 UTC.
    """

    def __init__(self, root: str, archiver: str = ARCHIVER, now: Callable[[], int] = time.time_ns) -> None:
        self.archiver = archiver
        self._history = uris.history(root, archiver)
        self._command = uris.command(root, archiver)
        self._now = now

    def history(
        self,
        channels: Channels,
        start: Moment,
        end: Moment,
        max_points: int | None = None,
        on_progress: Progress | None = None,
    ) -> Conversation[History]:
        """Return all of an answer, fetched page by page.

        Raises:
            NotFoundError: No archiver is there, or a name without wildcards is not archived.
            ParameterError: A pattern or a time cannot be read.
        """
        from ocs.store.archive.reading.history import History

        first, last = read_span(start, end, self._now())
        asked: dict[str, Any] | None = self._request(channels, first, last, max_points)
        chunks: list[Chunk] = []
        gaps: list[Gap] = []
        while asked is not None:
            page = yield from self._page(asked)
            chunks += _chunks(page)
            gaps += [decode_gap(told) for told in page["gaps"]]
            if on_progress is not None:
                on_progress(page["fraction"])
            asked = _next(page)
        return History.from_chunks(chunks, gaps, first, last)

    def chunks(
        self, channels: Channels, start: Moment, end: Moment, max_points: int | None = None
    ) -> Conversation[None]:
        """Hand out an answer chunk by chunk, the next page being asked for when all of one are taken."""
        first, last = read_span(start, end, self._now())
        asked: dict[str, Any] | None = self._request(channels, first, last, max_points)
        while asked is not None:
            page = yield from self._page(asked)
            for chunk in _chunks(page):
                yield Item(chunk)
            asked = _next(page)

    def gaps(self, pattern: Channels, start: Moment | None, end: Moment | None) -> Conversation[list[Gap]]:
        """Return the gaps that touch a span of time, the earliest first."""
        first, last = read_span(0.0 if start is None else start, "now" if end is None else end, self._now())
        told = yield from self.command("gaps", pattern=str(Pattern(pattern)), start=first, end=last)
        return sorted(decode_gap(gap) for gap in told)

    def command(self, name: str, **params: Any) -> Conversation[Any]:
        """Have the archiver carry a command out, and return its result.

        Raises:
            NotFoundError: No archiver is there.
        """
        return (yield from self._ask(Call(self._command, (name, params) if params else (name,), {}, PAGE_TIMEOUT_S)))

    def _request(self, channels: Channels, start: int, end: int, max_points: int | None) -> dict[str, Any]:
        asked: dict[str, Any] = {"channels": [word.text for word in Pattern(channels).words]}
        asked |= {"start": start, "end": end}
        return asked if max_points is None else asked | {"max_points": max_points}

    def _page(self, asked: Mapping[str, Any]) -> Conversation[Mapping[str, Any]]:
        page: Mapping[str, Any] = yield from self._ask(Call(self._history, (), asked, PAGE_TIMEOUT_S))
        return page

    def _ask(self, call: Call) -> Conversation[Any]:
        try:
            return (yield call)
        except NotFoundError as error:
            if error.field != call.procedure:
                raise
            raise NotFoundError(
                f"there is no archiver called {self.archiver} now; `ocs up` starts it if the site file names it "
                f"(agent-class: ArchiverAgent, instance-id: {self.archiver}), the agents keep their data until then, "
                "and its files can be read without it (--archive FOLDER, ocs.store.open)",
                field=self.archiver,
            ) from None


def _chunks(page: Mapping[str, Any]) -> Iterator[Chunk]:
    from ocs.store.archive.reading.chunk import Chunk

    return (Chunk.from_bytes(told["data"], page["fraction"]) for told in page["chunks"])


def _next(page: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"cursor": page["cursor"]} if page["cursor"] else None
