"""`ocs plot`: a picture of what was archived of channels."""

from __future__ import annotations

from pathlib import Path

import click

from ocs.cli.archived import Span, archive_option, archived, span_options
from ocs.cli.completing import complete_target
from ocs.cli.drawing import POINTS, draw
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json
from ocs.cli.progress import working
from ocs.model.errors import ExitCode, OperationFailedError

EPILOG = """\b
Examples:
  ocs plot thermo-1.temperature                          the last hour, in thermo-1.temperature.png
  ocs plot thermo-1.temperature psu-1.voltage --last 1d  an axis for each unit
  ocs plot '*.temperature' --start today -o today.png    of every device, since midnight UTC
  ocs plot stage-1.position stage-1.State --last 10m     texts and truth values have axes of their own
  ocs plot thermo-1 --archive build/archive -o all.pdf   from the files, with no service running

Times are UTC. Gaps are shaded, their causes told below. Where there are more rows than the width shows, the line is
their mean, and the band around it reaches from the lowest to the highest. The ending of the file says its kind:
.png, .pdf, .svg."""


@click.command("plot", epilog=EPILOG)
@click.argument(
    "patterns", nargs=-1, required=True, metavar="DEVICE.CHANNEL|PATTERN...", shell_complete=complete_target
)
@span_options("1h")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="The picture.  [default: the first channel's name and .png]")  # fmt: skip
@click.option("--max-points", type=click.IntRange(min=2), default=POINTS, show_default=True,
              help="So many points of each channel at most.")  # fmt: skip
@archive_option
@where_options
@json_option
def command(
    where: Where, *, patterns: tuple[str, ...], span: Span, path: Path | None, max_points: int,
    folder: Path | None, as_json: bool,
) -> ExitCode:  # fmt: skip
    """Draw what was archived of channels into a file: units on the axes, gaps shaded with their cause."""
    with archived(where, folder) as source, working("reading the archive") as told:
        history = source.history(patterns, span.start, span.end, max_points=max_points, on_progress=told)
    target = path or Path(f"{_file_name(history.names[0] if history.names else 'plot')}.png")
    target = target if target.suffix else target.with_suffix(".png")
    with working(f"drawing {target}"):
        try:
            names, left_out = draw(history, target)
        except OSError as error:
            raise OperationFailedError(
                f"{target} cannot be written: {error.strerror or error}", field=str(target)
            ) from None
    if as_json:
        emit_json({"file": str(target), "channels": names, "left_out": [error.message for error in left_out]})
    else:
        for refused in left_out:
            click.echo(f"left out: {refused.message}", err=True)
        emit(f"{target}: {', '.join(names)} {span}")
    return ExitCode.OK


def _file_name(channel: str) -> str:
    return channel.replace("/", "-")
