"""Run the benchmarks, print a table, write build/bench.json."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.archive import measure_archive
from benchmarks.calls import measure_calls
from benchmarks.channels import measure_channels
from benchmarks.data import measure_data
from benchmarks.figure import Figure
from benchmarks.place import Place, open_place
from benchmarks.starting import measure_starting

GROUPS: dict[str, Callable[[Place], Iterator[Figure]]] = {
    "starting": measure_starting,
    "data": measure_data,
    "calls": measure_calls,
    "channels": measure_channels,
    "archive": measure_archive,
}
RESULTS = Path("build/bench.json")


def main() -> int:
    """Measure; 1 with --strict when a target is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target is missed")
    options = parser.parse_args()
    begin = time.monotonic()
    figures: list[Figure] = []
    _say(f"{'':62}{'ours':>11}{'reference':>11} {'unit':5}{'ratio':>8}  target\n")
    with open_place() as place:
        for name in options.groups or GROUPS:
            for figure in GROUPS[name](place):
                figures.append(figure)
                _show(figure)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([figure.encode() for figure in figures], indent=1) + "\n")
    missed = sum(not figure.ok for figure in figures)
    load = os.getloadavg()[0]
    _say(f"{len(figures)} figures, {missed} missed, {time.monotonic() - begin:.0f} s, load {load:.1f}; {RESULTS}\n")
    return 1 if options.strict and missed else 0


def _show(figure: Figure) -> None:
    told = figure.encode()
    mark = "" if figure.ok else "  MISSED"
    _say(
        f"{figure.name:62}{figure.value:11.4g}{figure.reference:11.4g} {figure.unit:5}{figure.ratio:8.3f}  "
        f"{told['target']}{mark}\n"
    )
    for key in ("detail", "note"):
        if key in told:
            _say(f"    {told[key]}\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
