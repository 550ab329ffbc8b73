"""Fitting the beam."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.fit import fit_peak, gaussian

POSITIONS = [-14.0 + step for step in range(29)]


@settings(deadline=None)
@given(st.floats(-9, 9), st.floats(2, 8), st.floats(1.5, 3.5), st.integers(0, 2**31))
def test_the_peak_is_found_within_its_error_bars(centre: float, height: float, width: float, seed: int) -> None:
    noise = random.Random(seed)
    kelvins = [
        float(kelvin) + noise.gauss(0, 0.01) for kelvin in gaussian(np.asarray(POSITIONS), 77.0, height, centre, width)
    ]

    peak = fit_peak(POSITIONS, kelvins)

    assert peak.position == pytest.approx(centre, abs=max(6 * peak.error, 0.002))
    assert peak.width == pytest.approx(width, rel=0.1)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="3 points are too few"):
        fit_peak([1, 2, 3], [1, 2, 1])


def test_a_peak_outside_the_scan_is_refused() -> None:
    kelvins = [77 + x for x in POSITIONS]

    with pytest.raises(ValueError, match="peak"):
        fit_peak(POSITIONS, kelvins)
