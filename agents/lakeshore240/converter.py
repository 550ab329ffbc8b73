"""What a simulated input keeps, and what it makes of its sensor's voltage."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from agents.lakeshore240.driver import ReadingStatus

Points = list[tuple[float, float]]
"""Breakpoints (x, y), x rising; of a curve, (V, K)."""

DIODE: Points = [
    (0.1, 475.0),
    (0.56, 300.0),
    (0.79, 200.0),
    (0.975, 100.0),
    (1.02, 77.0),
    (1.11, 30.0),
    (1.21, 20.0),
    (1.42, 10.0),
    (1.58, 4.0),
    (1.644, 1.4),
]
"""What the simulated sensors really are: shaped like a silicon diode, the numbers are ours."""

VOLTS: Points = sorted((kelvin, volt) for volt, kelvin in DIODE)
"""The same, turned round: (K, V)."""


def interpolate(points: Points, x: float) -> float:
    """Return y at `x` by straight lines between points of rising x; the ends are continued flat."""
    if x <= points[0][0]:
        return points[0][1]
    if x >= points[-1][0]:
        return points[-1][1]
    right = bisect_left(points, (x, -1e300))
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


@dataclass
class Input:
    """What the module keeps of one input: name, set-up and curve, through power cycles."""

    name: str
    setup: str = "1,0,0,0,1,1"
    header: str = "SIM DIODE,SIM1,2,475,1"
    curve: dict[int, tuple[float, float]] = field(default_factory=lambda: dict(enumerate(DIODE, start=1)))
    open: bool = False

    @property
    def enabled(self) -> bool:
        """Whether the input is switched on."""
        return self.setup.endswith("1")

    def convert(self, volt: float) -> tuple[float, ReadingStatus]:
        """Return what the module makes of a voltage: kelvin, and why it may be wrong."""
        points = sorted(point for point in self.curve.values() if point != (0.0, 0.0))
        if self.open:
            return 0.0, ReadingStatus.SENSOR_OVER_RANGE
        if not self.enabled or len(points) < 2:  # noqa: PLR2004 - a line needs two points
            return 0.0, ReadingStatus.INVALID_READING
        kelvin = interpolate(points, volt)
        if points[0][0] <= volt <= points[-1][0]:
            return kelvin, ReadingStatus(0)
        if kelvin == min(points[0][1], points[-1][1]):
            return kelvin, ReadingStatus.TEMPERATURE_UNDER_RANGE
        return kelvin, ReadingStatus.TEMPERATURE_OVER_RANGE
