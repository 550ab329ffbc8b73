"""What an observation leaves behind: a table, a picture, a summary."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients.fit import Peak
from clients.thermometer import Sample


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


def draw(path: Path, points: Sequence[Point], peak: Peak, samples: Sequence[Sample]) -> None:
    """Draw temperature against position with the fit, and against time."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (over_position, over_time) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    positions = [point.position for point in points]
    low, high = min(positions), max(positions)
    fine = [low + (high - low) * step / 400 for step in range(401)]
    over_position.errorbar(
        positions, [point.kelvin for point in points], [point.scatter for point in points],
        fmt="o", ms=4, lw=1, color="C0", label="measured",
    )  # fmt: skip
    over_position.plot(fine, peak.model(fine), color="C3", lw=1.5, label="Gaussian fit")
    over_position.axvline(peak.position, color="C3", lw=0.8, ls=":")
    over_position.set_xlabel("stage position (mm)")
    over_position.set_ylabel("temperature (K)")
    over_position.set_title(f"peak at {peak.position:.3f} ± {peak.error:.3f} mm")
    over_position.legend(frameon=False)
    began = samples[0].time
    over_time.plot([sample.time - began for sample in samples], [sample.kelvin for sample in samples], lw=0.9)
    over_time.set_xlabel("time since the first sample (s)")
    over_time.set_ylabel("temperature (K)")
    over_time.set_title(f"{len(samples)} samples")
    for axes in (over_position, over_time):
        axes.grid(visible=True, alpha=0.25)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """Write the summary as JSON."""
    path.write_text(json.dumps(summary, indent=2) + "\n")
