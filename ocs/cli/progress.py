"""How a run, or other work, is shown while it goes on: a bar for people, lines for files, nothing for programs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from typing_extensions import override

from ocs.cli.printing import emit
from ocs.cli.sessions import own_messages
from ocs.client.session import Session

STEP = 0.1
"""A line is printed for each such part of the work, 0 to 1."""

PATIENCE_S = 1.0
"""Work shows a bar when it takes longer, in s."""


@contextmanager
def working(what: str, patience_s: float = PATIENCE_S) -> Iterator[Callable[[float], None]]:
    """Show a bar on a terminal while the block works, if it takes long; gives what is called with its part, 0 to 1.

    Args:
        what: What is done, for people.
        patience_s: So long nothing is shown, in s.
    """
    if not sys.stderr.isatty():
        yield lambda _fraction: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TaskProgressColumn(),
        TimeElapsedColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task(what, total=1.0)
    soon = threading.Timer(patience_s, bar.start)
    soon.daemon = True
    soon.start()
    try:
        yield lambda fraction: bar.update(task, completed=fraction)
    finally:
        soon.cancel()
        soon.join()
        bar.stop()


class Silence:
    """Shows nothing; a context manager, as all displays are."""

    def show(self, session: Session) -> None:
        """Show how far the run is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the display."""


class LineDisplay(Silence):
    """Prints each message of the run, and a line for each tenth of the work."""

    def __init__(self) -> None:
        self._told = 0
        self._next = 0.0

    @override
    def show(self, session: Session) -> None:
        lines = own_messages(session)
        for moment, text in lines[self._told :]:
            emit(f"{moment - session.start_time:7.1f} s  {text}")
        self._told = len(lines)
        fraction = session.progress.fraction
        if fraction is not None and fraction >= self._next and not session.ended:
            emit(f"{session.elapsed_s:7.1f} s  {fraction:4.0%}  {session.progress.message}".rstrip())
            self._next = STEP * int(fraction / STEP + 1)


class BarDisplay(Silence):
    """A bar on a terminal, with the run's messages above it."""

    def __init__(self, what: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._console = Console(highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[done]:>4}"),
            TimeElapsedColumn(), TextColumn("{task.fields[message]}", markup=False),
            console=self._console, transient=True,
        )  # fmt: skip
        self._task: Any = self._bar.add_task(what, total=None, done="", message="")
        self._told = 0

    @override
    def show(self, session: Session) -> None:
        lines = own_messages(session)
        for moment, text in lines[self._told :]:
            self._console.print(f"{moment - session.start_time:7.1f} s  {text}", markup=False)
        self._told = len(lines)
        fraction = session.progress.fraction
        if fraction is None:
            self._bar.update(self._task, message=session.progress.message)
        else:
            self._bar.update(
                self._task, total=1.0, completed=fraction, done=f"{fraction:.0%}", message=session.progress.message
            )

    @override
    def __enter__(self) -> Self:
        self._bar.start()
        return self

    @override
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
