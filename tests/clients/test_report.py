"""The table and the picture of an observation."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from clients.fit import Peak
from clients.report import Point, draw, draw_course, read_table, write_table
from clients.thermometer import Sample

POINTS = [Point(-1.0 + number / 2, 77.0 + number % 3, 0.01, 3, 1e9 + number) for number in range(5)]
SAMPLES = [Sample(1e9 + number / 10, 77.0 + number / 100) for number in range(600)]
KELVINS = st.floats(0, 400)
TABLES = st.lists(st.builds(Point, st.floats(-50, 50), KELVINS, KELVINS, st.integers(1, 99), st.floats(0, 4e9)))


@given(TABLES)
def test_a_table_is_read_as_it_was_written_to_four_digits(
    tmp_path_factory: pytest.TempPathFactory, points: list[Point]
) -> None:
    path = tmp_path_factory.mktemp("table") / "observation.csv"

    write_table(path, points)

    read = read_table(path)
    assert [point.samples for point in read] == [point.samples for point in points]
    for name in ("position", "kelvin", "scatter"):
        assert [getattr(point, name) for point in read] == pytest.approx(
            [getattr(point, name) for point in points], abs=0.51e-4
        )
    assert [point.time for point in read] == pytest.approx([point.time for point in points], rel=0, abs=0.51e-3)


def test_the_time_without_router_is_shaded_and_named_where_it_was() -> None:
    axes = Figure().subplots()

    draw_course(axes, SAMPLES, (SAMPLES[200].time, 8.7))

    (line,), (shade,) = axes.lines, axes.patches
    assert np.shape(line.get_xydata()) == (len(SAMPLES), 2)
    assert isinstance(shade, Rectangle)
    assert (shade.get_x(), shade.get_width()) == pytest.approx((20.0, 8.7))
    assert shade.get_label() == "router away, 8.7 s; data came from the spool"


def test_without_an_outage_nothing_is_shaded() -> None:
    axes = Figure().subplots()

    draw_course(axes, SAMPLES, None)

    assert not axes.patches
    assert axes.get_legend() is None


def test_the_picture_is_wide_enough_for_a_page(tmp_path: Path) -> None:
    path = tmp_path / "observation.png"

    draw(path, POINTS, Peak(0.0, 0.01, 1.0, 4.0, 77.0), SAMPLES, away=(SAMPLES[200].time, 8.7))

    height, width, _ = imread(path).shape
    assert width >= 1000
    assert math.isclose(width / height, 10 / 4.4, rel_tol=0.05)
