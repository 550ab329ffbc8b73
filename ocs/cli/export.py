"""`ocs export`: what was archived of channels, as a file for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from ocs.cli.archived import Span, archive_option, archived, span_options
from ocs.cli.completing import complete_target
from ocs.cli.options import Where, json_option, where_options
from ocs.cli.printing import emit, emit_json
from ocs.cli.progress import working
from ocs.model.errors import ExitCode

FORMS = ("csv", "parquet")
EPILOG = """\b
Examples:
  ocs export thermo-1 -o thermo.csv                      the last hour of a device
  ocs export '*' --start 2026-03-01 --end 2026-03-02 -o day.parquet
  ocs export thermo-1.temperature --last 30d --max-points 5000 -o month.csv
  ocs export thermo-1 --format csv -o - | head           CSV on the standard output
  ocs export '*' --archive build/archive -o all.parquet  from the files, with no service running

All channels are on one time base, in UTC; a cell is empty where a channel has no value at that time. A column
NAME:quality is there where something was not VALID. In CSV the lines that begin with # tell units and gaps
(pandas: read_csv(..., comment="#")); in Parquet the units are metadata of the columns."""


@click.command("export", epilog=EPILOG)
@click.argument("patterns", nargs=-1, required=True, metavar="CHANNEL|PATTERN...", shell_complete=complete_target)
@span_options("1h")
@click.option("-o", "--output", "path", required=True, metavar="FILE", help="The file; - for CSV on stdout.",
              type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMS), help="Kind of file; else as the file's ending says.")
@click.option("--max-points", type=click.IntRange(min=1), help="So many points of each channel; else every row.")
@archive_option
@where_options
@json_option
def command(
    where: Where, *, patterns: tuple[str, ...], span: Span, path: Path, form: str | None, max_points: int | None,
    folder: Path | None, as_json: bool,
) -> ExitCode:  # fmt: skip
    """Write what was archived of channels into a CSV or Parquet file, however much it is."""
    from ocs.store.archive.reading.export import STANDARD_OUTPUT, About, Form, export

    kind = Form(_form(path, form))
    if path == STANDARD_OUTPUT and (kind is Form.PARQUET or as_json):
        raise click.UsageError("the standard output takes CSV only; name a file with -o")
    with archived(where, folder) as source, working(f"writing {path}") as told:
        gaps = source.gaps(patterns, span.start, span.end)
        chunks = source.chunks(patterns, span.start, span.end, max_points=max_points)
        done = export(chunks, path, kind, About(span.first, span.last, gaps), told)
    if as_json:
        emit_json({"file": str(path), "rows": done.rows, "channels": list(done.names), "bytes": done.size})
    elif path != STANDARD_OUTPUT:
        emit(f"{path}: {done.rows} rows of {len(done.names)} columns, {done.size / 1e6:.2f} MB")
    return ExitCode.OK


def _form(path: Path, form: str | None) -> str:
    if form is not None:
        return form
    ending = path.suffix.lstrip(".").lower()
    if path.name == "-":
        return FORMS[0]
    if ending in FORMS:
        return ending
    raise click.UsageError(f"{path} does not say which kind of file it is; add --format csv or --format parquet")
