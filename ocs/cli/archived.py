"""What was archived, as commands ask for it: of the realm's archiver, or of the archive's files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click
import numpy as np

from ocs.cli.options import Where
from ocs.cli.realm import realm
from ocs.model.errors import ParameterError
from ocs.model.gap import Gap
from ocs.model.time_span import NS_PER_S, read_duration, read_span, read_time, span_text

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time.

    Attributes:
        first: Its start, ns since 1970 UTC.
        last: Its end, ns, no part of it.
    """

    first: int
    last: int

    @property
    def start(self) -> np.datetime64:
        """Its start, exact to the nanosecond."""
        return np.datetime64(self.first, "ns")

    @property
    def end(self) -> np.datetime64:
        """Its end, exact to the nanosecond."""
        return np.datetime64(self.last, "ns")

    @property
    def seconds(self) -> float:
        """Its length in s."""
        return (self.last - self.first) / NS_PER_S

    def __str__(self) -> str:
        return span_text(self.first, self.last)


class Archived(Protocol):
    """Who answers what was archived: `Realm` and `ArchiveReader` do so in the same words."""

    def history(self, channels: Any, start: Any, end: Any, *, max_points: Any = None, on_progress: Any = None) -> Any:
        """Return the rows of channels as a `History`."""

    def chunks(self, channels: Any, start: Any, end: Any, *, max_points: Any = None) -> Iterator[Any]:
        """Return them piece by piece."""

    def gaps(self, pattern: Any, start: Any, end: Any) -> list[Gap]:
        """Return the gaps that touch a span."""


@contextmanager
def archived(where: Where, folder: Path | None) -> Iterator[Archived]:
    """Give who answers: the archiver of the realm, or without any service the files in a folder.

    Raises:
        RouterLostError: No folder is given, and the router is not there.
    """
    if folder is None:
        with realm(where) as observatory:
            yield observatory.realm
    else:
        import ocs.store

        with ocs.store.open(folder) as reader:
            yield reader


def span_options(default: str) -> Callable[[Function], Function]:
    """Return what adds the options of a span; the command gets it as `span`.

    Args:
        default: How long the span is without any of them, as `1h`.
    """

    def decorate(function: Function) -> Function:
        def taken(last: str | None, start: str | None, end: str, **others: Any) -> Any:
            if last is not None and start is not None:
                raise click.UsageError("--last and --start both say where the span begins; leave one of them out")
            return function(span=_read_span(last or default, start, end), **others)

        taken.__doc__ = function.__doc__
        taken.__name__ = function.__name__
        taken.__click_params__ = list(getattr(function, "__click_params__", []))  # type: ignore[attr-defined] # click's own
        decorated: Any = click.option(
            "--end", default="now", show_default=True, metavar="TIME", help="Where it ends; written as --start."
        )(taken)
        decorated = click.option(
            "--start", metavar="TIME", help="Where the span begins: 2026-03-01T12:00 (UTC), today, -2d, POSIX seconds."
        )(decorated)
        return click.option(  # type: ignore[no-any-return] # click's decorators are of any type
            "--last",
            metavar="DURATION",
            help=f"How long the span is, up to --end: 90s, 10m, 1h30m, 2d.  [default: {default}]",
        )(decorated)

    return decorate


def _read_span(last: str, start: str | None, end: str) -> Span:
    now = time.time_ns()
    try:
        if start is not None:
            return Span(*read_span(start, end, now))
        read_duration(last)
        latest = read_time(end, now)
        return Span(read_time(f"-{last.strip()}", latest), latest)
    except ParameterError as error:
        raise click.UsageError(error.message) from None


archive_option = click.option(
    "--archive", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
    help="Read the archive's files in this folder; no router and no archiver is needed.",
)  # fmt: skip
