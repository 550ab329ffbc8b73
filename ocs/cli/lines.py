"""What comes from the realm, as lines that wait to be shown."""

from __future__ import annotations

import queue
import time
from typing import Any

from ocs.cli.printing import clock, cut, emit, emit_json, line_width
from ocs.model.errors import DeadlineError, ExitCode

SOURCE_WIDTH = 28


class Lines:
    """Lines for people and documents for programs, filled from any thread."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()

    def put(self, source: str, text: str, document: dict[str, Any]) -> None:
        """Add a line, stamped with the time of now.

        Args:
            source: Where it comes from, as `oven-1 thermal`.
            text: What it tells people.
            document: What it tells programs.
        """
        now = time.time()
        self.put_line(f"{clock(now)}  {source:<{SOURCE_WIDTH}} {text}", {"time": now, **document})

    def put_line(self, text: str, document: dict[str, Any]) -> None:
        """Add a line as it is.

        Args:
            text: What it tells people.
            document: What it tells programs.
        """
        self._waiting.put((text, document))

    def taken(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the lines that wait, and keep none."""
        found = []
        while not self._waiting.empty():
            found.append(self._waiting.get())
        return found

    def show(self, count: int | None, for_s: float | None, *, as_json: bool) -> ExitCode:
        """Print lines as they come.

        Args:
            count: End after so many; None for never.
            for_s: End after so many seconds; None for never.
            as_json: Print the documents, one a line.

        Raises:
            DeadlineError: Fewer than `count` came in time.
        """
        deadline = None if for_s is None else time.monotonic() + for_s
        seen = 0
        while count is None or seen < count:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                text, document = self._waiting.get(timeout=left)
            except queue.Empty:
                if count is not None:
                    raise DeadlineError(f"{seen} of {count} came within {for_s:g} s") from None
                return ExitCode.OK
            seen += 1
            if as_json:
                emit_json(document, one_line=True)
            else:
                emit(cut(text, line_width()))
        return ExitCode.OK
