"""`ocs gaps`: the known holes in the archive, and why they are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ocs.cli.archived import Span, archive_option, archived, span_options
from ocs.cli.completing import complete_device
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import date, emit, emit_json, table, took
from ocs.model.errors import ExitCode
from ocs.model.gap import Gap
from ocs.model.series import CHANNELS_FEED
from ocs.model.time_span import NS_PER_S

EPILOG = """\b
Examples:
  ocs gaps thermo-1                     where data of the last day are missing, and why
  ocs gaps '*' --last 7d                of every device
  ocs gaps thermo-1.thermal --start 2026-03-01 --end 2026-03-02
  ocs gaps '*' --archive build/archive  from the files, with no service running
  ocs gaps '*' --json                   for programs

A gap that still lasts has no end. Rows are told where it is known how many are missing."""


@click.command("gaps", epilog=EPILOG)
@click.argument("patterns", nargs=-1, required=True, metavar="DEVICE|PATTERN...", shell_complete=complete_device)
@span_options("1d")
@archive_option
@where_options
@json_option
def command(
    where: Where, *, patterns: tuple[str, ...], span: Span, folder: Path | None, as_json: bool
) -> ExitCode:  # fmt: skip
    """Show where the archive is known to have no data, for how long, and why."""
    with archived(where, folder) as source:
        found = source.gaps(patterns, span.start, span.end)
    if as_json:
        emit_json([gap_document(gap) for gap in found])
    elif found:
        show_gaps(found, span)
    else:
        emit(f"no gap is known of {', '.join(patterns)} {span}")
    return ExitCode.OK


def show_gaps(gaps: Sequence[Gap], span: Span) -> None:
    """Print a table of gaps, the earliest first."""
    rows = [
        (seconds_text(gap.start), "lasts" if gap.end is None else seconds_text(gap.end), took(length(gap, span.last)),
         str(gap.rows or ""), subject(gap), gap.sentence)
        for gap in gaps
    ]  # fmt: skip
    table(("FROM (UTC)", "TO (UTC)", "FOR", "ROWS", "OF", "WHY"), rows)


def subject(gap: Gap) -> str:
    """Return what has a gap: a device, or the feed or channel of it."""
    if not gap.feed:
        return gap.device
    if gap.feed == CHANNELS_FEED:
        return f"{gap.device}.{gap.block}" if gap.block else f"{gap.device} channels"
    return f"{gap.device}.{gap.feed}" + (f".{gap.block}" if gap.block not in {"", gap.feed} else "")


def length(gap: Gap, now: int) -> float:
    """Return how long a gap is in s; one that lasts, until now (ns since 1970 UTC)."""
    return max(0, (now if gap.end is None else gap.end) - gap.start) / NS_PER_S


def seconds_text(moment: int) -> str:
    """Return day and time of ns since 1970, UTC, to the second."""
    return date(moment // NS_PER_S)


def gap_document(gap: Gap) -> dict[str, Any]:
    """Return a gap as JSON carries it: its times are POSIX seconds."""
    return {
        "device": gap.device, "feed": gap.feed, "block": gap.block, "start": gap.start / NS_PER_S,
        "end": None if gap.end is None else gap.end / NS_PER_S, "cause": gap.cause.value, "why": gap.sentence,
        "rows": gap.rows, "epoch": gap.epoch, "first": gap.first, "last": gap.last,
    }  # fmt: skip
