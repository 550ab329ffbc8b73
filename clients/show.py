"""What the observer sees: a progress bar and a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table


class Show:
    """Prints to stdout."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)

    def plan(self, text: str) -> None:
        """Tell what will be done."""
        self.console.print(f"[bold]plan:[/] {text}")

    def say(self, text: str) -> None:
        """Tell what was done."""
        self.console.print(f"  {text}")

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[str], None]]:
        """Give a function that tells one more of `total` steps, with a note."""
        if not self.console.is_terminal:
            done = 0

            def line(note: str) -> None:
                nonlocal done
                done += 1
                sys.stdout.write(f"  {what} {done:3d}/{total}  {note}\n")
                sys.stdout.flush()

            yield line
            return
        columns = (
            TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )  # fmt: skip
        with Progress(*columns, console=self.console) as bar:
            task = bar.add_task(what, total=total, note="")

            def step(note: str) -> None:
                bar.update(task, advance=1, note=note)

            yield step

    def table(self, summary: dict[str, Any], folder: Path) -> None:
        """Print what came out, and where it is."""
        peak, operations = summary["peak"], summary["operations"]
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2))
        table.add_row("peak", f"{peak['fitted']:.3f} ± {peak['error']:.3f} mm")
        if peak["true"] is not None:
            table.add_row("  true", f"{peak['true']:.3f} mm (off by {peak['fitted'] - peak['true']:+.3f} mm)")
        counts = ", ".join(f"{number} {word}" for word, number in operations.items())
        table.add_row("operations", counts)
        channels = summary["channels"]
        if channels["read"]:
            counts = ", ".join(f"{number} {word}" for word, number in channels.items())
            table.add_row("channels", f"{counts}; {summary['transitions']} transitions, {summary['alarms']} alarm")
            table.add_row("events", ", ".join(f"{number} {kind}" for kind, number in summary["events"].items()))
        table.add_row("samples", f"{summary['samples']} in {summary['feed_events']} messages")
        table.add_row("elapsed", f"{summary['elapsed_s']:.1f} s")
        table.add_row("results", f"{folder}/observation.csv, .png, summary.json")
        self.console.print(table)
