"""`ocs history`: what was archived of channels, as a table."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from ocs.cli.archived import Span, archive_option, archived, span_options
from ocs.cli.completing import complete_target
from ocs.cli.gaps import gap_document
from ocs.cli.history_table import show_table
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json
from ocs.cli.progress import working
from ocs.model.errors import ExitCode
from ocs.model.time_span import NS_PER_S

if TYPE_CHECKING:
    from ocs.store.archive.reading.history import History

POINTS = 100
EPILOG = """\b
Examples:
  ocs history thermo-1.temperature                  the last hour of a channel
  ocs history thermo-1 psu-1.voltage --last 10m     all of a device, and a channel of another
  ocs history '*.temperature' --start today         of every device, since midnight UTC
  ocs history thermo-1.temperature --all            every row, not an overview
  ocs history thermo-1 --archive build/archive      from the files, with no service running
  ocs history thermo-1 --json                       every row, for programs

The table has at most 100 times of each feed or channel; where there are more rows, each line is the mean of some
(lowest..highest). --json has every row unless --max-points is given. `ocs export` writes files, `ocs plot` draws."""


@click.command("history", epilog=EPILOG)
@click.argument("patterns", nargs=-1, required=True, metavar="CHANNEL|PATTERN...", shell_complete=complete_target)
@span_options("1h")
@click.option("--max-points", type=click.IntRange(min=1), help="So many points of each channel at most.")
@click.option("--all", "every", is_flag=True, help="Every row, however many there are.")
@archive_option
@where_options
@json_option
def command(
    where: Where, *, patterns: tuple[str, ...], span: Span, max_points: int | None, every: bool,
    folder: Path | None, as_json: bool,
) -> ExitCode:  # fmt: skip
    """Show what was archived of channels: values with their units and qualities, and gaps with their cause."""
    if every and max_points is not None:
        raise click.UsageError("--all and --max-points exclude each other")
    points = max_points if max_points or every or as_json else POINTS
    with archived(where, folder) as source, working("reading the archive") as told:
        history = source.history(patterns, span.start, span.end, max_points=points, on_progress=told)
    if as_json:
        emit_json(document(history))
    elif len(history) or history.gaps:
        show_table(history)
    if not as_json and not len(history):
        emit(f"nothing of {', '.join(patterns)} was archived {span}")
    return ExitCode.OK


def document(history: History) -> dict[str, Any]:
    """Return an answer of the archive as JSON carries it: columns on one time base, times as POSIX seconds."""
    arrays = history.to_numpy()
    times = arrays.pop("time").astype(np.int64)
    channels: dict[str, dict[str, Any]] = {
        name: {"unit": history.units[name], "values": _plain(arrays[name])} for name in history.names
    }
    for column, values in arrays.items():
        name, kind, rest = column.partition(":")
        if kind:
            channels[name][rest] = _plain(values)
    return {
        "start": history.start / NS_PER_S, "end": history.end / NS_PER_S,
        "time": [time / NS_PER_S for time in times.tolist()],
        "channels": channels, "gaps": [gap_document(gap) for gap in history.gaps],
    }  # fmt: skip


def _plain(values: Any) -> list[Any]:
    return [_finite(value) for value in values.tolist()]


def _finite(value: Any) -> Any:
    """Return a value with None for what is no number, which JSON cannot carry."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    return [_finite(one) for one in value] if isinstance(value, list) else value
