"""The peak in a scan: a Gaussian on a constant base, fitted by least squares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import curve_fit


@dataclass(frozen=True, slots=True)
class Peak:
    """A fitted peak; `position`, `error` (one standard deviation) and `width` (sigma) in mm, the rest in K."""

    position: float
    error: float
    width: float
    height: float
    base: float

    def model(self, positions: Sequence[float]) -> list[float]:
        """Return the fitted temperature, in K, at positions in mm."""
        values: list[float] = gaussian(
            np.asarray(positions), self.base, self.height, self.position, self.width
        ).tolist()
        return values


def gaussian(x: np.ndarray, base: float, height: float, centre: float, width: float) -> np.ndarray:
    """Return base + height * exp(-(x - centre)^2 / (2 width^2))."""
    return base + height * np.exp(-((x - centre) ** 2) / (2 * width**2))


def fit_peak(positions: Sequence[float], temperatures: Sequence[float]) -> Peak:
    """Fit a peak.

    Args:
        positions: In mm, shape (n,), at least 5.
        temperatures: In K, shape (n,).

    Raises:
        ValueError: There are too few points, or no peak in them.
    """
    x, y = np.asarray(positions, float), np.asarray(temperatures, float)
    if len(x) < 5:  # noqa: PLR2004 - one more than there are unknowns
        raise ValueError(f"{len(x)} points are too few to fit a peak; at least 5 are needed")
    span = float(x.max() - x.min())
    guess = (float(np.median(y)), float(y.max() - np.median(y)), float(x[y.argmax()]), span / 10)
    try:
        found, covariance = curve_fit(gaussian, x, y, p0=guess, maxfev=5000)
    except RuntimeError as error:
        raise ValueError(f"no peak could be fitted to {len(x)} points: {error}") from error
    base, height, centre, width = (float(value) for value in found)
    deviation = math.sqrt(float(covariance[2][2]))
    if not (x.min() <= centre <= x.max() and math.isfinite(deviation)):
        raise ValueError(f"the fitted peak at {centre:.2f} mm lies outside the scan of {x.min():g} to {x.max():g} mm")
    return Peak(centre, deviation, abs(width), height, base)
