"""What an observation leaves behind: a table, a picture, a summary."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from clients.fit import Peak
from clients.thermometer import Sample

ROOM_FOR_LEGENDS = 0.12
"""Part of the height of a plot that is added above its curves."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the scan: position in mm, mean temperature and its scatter in K, time in POSIX s."""

    position: float
    kelvin: float
    scatter: float
    samples: int
    time: float


@dataclass(slots=True)
class Tally:
    """Operations by how they went, and what went wrong."""

    started: int = 0
    succeeded: int = 0
    aborted: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)


def write_table(path: Path, points: Sequence[Point]) -> None:
    """Write the points as CSV, units in the header."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time_utc_s", "position_mm", "temperature_K", "scatter_K", "samples"])
        for point in points:
            row = (f"{point.time:.3f}", f"{point.position:.4f}", f"{point.kelvin:.4f}", f"{point.scatter:.4f}")
            writer.writerow([*row, point.samples])


def read_table(path: Path) -> list[Point]:
    """Return the points of such a file."""
    with path.open(newline="") as file:
        rows = [[float(word) for word in row] for row in list(csv.reader(file))[1:]]
    return [Point(position, kelvin, scatter, int(samples), time) for time, position, kelvin, scatter, samples in rows]


def draw(
    path: Path,
    points: Sequence[Point],
    peak: Peak,
    samples: Sequence[Sample],
    *,
    title: str = "",
    away: tuple[float, float] | None = None,
) -> None:
    """Draw temperature against position with the fit, and against time.

    Args:
        path: The picture; its ending says its kind.
        points: The scan.
        peak: What was fitted to it.
        samples: All temperatures, in the order of time.
        title: Of the right-hand plot; how many samples there are by default.
        away: When the router went (POSIX s), and for how long it was away (s); None when it was there all the time.
    """
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    over_position, over_time = figure.subplots(1, 2, sharey=True)
    draw_scan(over_position, points, peak)
    draw_course(over_time, samples, away)
    over_time.set_title(title or f"{len(samples)} samples")
    over_position.set_ylabel("temperature (K)")
    low, high = over_position.get_ylim()
    over_position.set_ylim(low, high + ROOM_FOR_LEGENDS * (high - low))
    for axes in (over_position, over_time):
        axes.grid(visible=True, alpha=0.25)
    figure.savefig(path, dpi=120)


def draw_scan(axes: Axes, points: Sequence[Point], peak: Peak) -> None:
    """Draw temperature against position, and the fit."""
    positions = [point.position for point in points]
    fine = np.linspace(min(positions), max(positions), 401).tolist()
    kelvins, scatters = [point.kelvin for point in points], [point.scatter for point in points]
    axes.errorbar(positions, kelvins, scatters, fmt="o", ms=4, lw=1, color="C0", label="measured")
    axes.plot(fine, peak.model(fine), color="C3", lw=1.5, label="Gaussian fit")
    axes.vlines(peak.position, peak.base, peak.base + peak.height, color="C3", lw=0.8, ls=":")
    axes.set_xlabel("stage position (mm)")
    axes.set_title(f"peak at {peak.position:.3f} ± {peak.error:.3f} mm")
    axes.legend(loc="upper center", ncols=2, frameon=False)


def draw_course(axes: Axes, samples: Sequence[Sample], away: tuple[float, float] | None) -> None:
    """Draw temperature against time, the router's absence shaded."""
    began = samples[0].time
    axes.plot([sample.time - began for sample in samples], [sample.kelvin for sample in samples], lw=0.9)
    axes.set_xlabel("time since the first sample (s)")
    if away is not None:
        start, duration_s = away[0] - began, away[1]
        text = f"router away, {duration_s:.1f} s; data came from the spool"
        axes.axvspan(start, start + duration_s, color="C1", alpha=0.25, lw=0, label=text)
        axes.legend(loc="upper center", frameon=False)


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """Write the summary as JSON."""
    path.write_text(json.dumps(summary, indent=2) + "\n")
