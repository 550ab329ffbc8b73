"""Calibration curves: written, read back, compared, refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.lakeshore240 import curve
from agents.lakeshore240.curve import Coefficient, Curve, CurveFormat, CurveHeader, CurvePoint
from ocs.model.errors import DeviceError, OutOfRangeError, ParameterError

HEADER = CurveHeader("DT-670", "D1234", CurveFormat.VOLT, 325.0, Coefficient.NEGATIVE)
CURVE = Curve(HEADER, (CurvePoint(0.5, 300.0), CurvePoint(1.02, 77.35), CurvePoint(1.6, 4.2)))
names = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=","), max_size=10)
six_digits = st.builds(lambda digits, power: digits / 10**power, st.integers(-999999, 999999), st.integers(0, 6))


@given(st.builds(CurveHeader, names, names, st.sampled_from(CurveFormat), six_digits, st.sampled_from(Coefficient)))
def test_any_header_survives_its_way_as_text(header: CurveHeader) -> None:
    line = curve.set_header(4, header)

    found = curve.header(4).parse(line.removeprefix("CRVHDR 4,"))

    assert found == replace(header, name=header.name.strip(), serial=header.serial.strip())


@given(st.builds(CurvePoint, six_digits, six_digits), st.integers(1, 8), st.integers(1, 200))
def test_any_breakpoint_survives_its_way_as_text(point: CurvePoint, number: int, index: int) -> None:
    line = curve.set_point(number, index, point)

    assert curve.point(number, index).parse(line.removeprefix(f"CRVPT {number},{index},")) == point
    assert "e" not in line


def test_an_upload_deletes_then_writes_header_and_breakpoints() -> None:
    assert curve.upload(2, CURVE) == (
        "CRVDEL 2",
        "CRVHDR 2,DT-670,D1234,2,325,1",
        "CRVPT 2,1,0.5,300",
        "CRVPT 2,2,1.02,77.35",
        "CRVPT 2,3,1.6,4.2",
    )


def test_a_read_back_asks_for_one_breakpoint_more() -> None:
    asked = [query.text for query in curve.read_back(2, 3)]

    assert asked == ["CRVPT? 2,1", "CRVPT? 2,2", "CRVPT? 2,3", "CRVPT? 2,4"]
    assert len(curve.read_back(2, 200)) == 200


def test_what_was_written_is_verified_to_six_digits() -> None:
    header = replace(HEADER, name="DT-670         ")
    points = (*CURVE.points[:2], CurvePoint(1.6000001, 4.2), CurvePoint(0, 0))

    curve.verify(CURVE, header, points)


@pytest.mark.parametrize(
    ("header", "points", "sentence"),
    [
        (replace(HEADER, serial="D9"), (*CURVE.points, CurvePoint(0, 0)), "header"),
        (HEADER, CURVE.points, "3 breakpoints were read back; needed are 4"),
        (
            HEADER,
            (CURVE.points[0], CurvePoint(1.03, 77.35), CURVE.points[2], CurvePoint(0, 0)),
            "breakpoint 2 is .1.03, 77.35 K. in the module",
        ),
        (HEADER, (*CURVE.points, CurvePoint(1.7, 1.4)), "breakpoint 4"),
    ],
)
def test_a_difference_is_told(header: CurveHeader, points: tuple[CurvePoint, ...], sentence: str) -> None:
    with pytest.raises(DeviceError, match=sentence):
        curve.verify(CURVE, header, points)


@pytest.mark.parametrize("count", [0, 1, 201])
def test_too_few_or_too_many_breakpoints_are_refused(count: int) -> None:
    points = tuple(CurvePoint(1.0 + i, 300.0 - i) for i in range(count))

    with pytest.raises(OutOfRangeError, match=f"has {count} breakpoints; allowed are 2 to 200"):
        Curve(HEADER, points)


@pytest.mark.parametrize("second", [(1.0, 200.0), (0.9, 200.0), (1.1, 300.0), (1.1, 301.0), (1.0000001, 200.0)])
def test_breakpoints_that_the_module_could_not_follow_are_refused(
    second: tuple[float, float],
) -> None:
    with pytest.raises(ParameterError, match="breakpoint 2"):
        Curve(HEADER, (CurvePoint(1.0, 300.0), CurvePoint(*second)))


def test_a_rising_curve_is_a_curve_too() -> None:
    header = replace(HEADER, format=CurveFormat.OHM, coefficient=Coefficient.POSITIVE)

    assert Curve(header, (CurvePoint(20, 30), CurvePoint(100, 273)))
    with pytest.raises(ParameterError, match="must rise"):
        Curve(header, (CurvePoint(20, 273), CurvePoint(100, 30)))


@pytest.mark.parametrize("index", [0, 201])
def test_a_breakpoint_that_does_not_exist_is_refused(index: int) -> None:
    with pytest.raises(OutOfRangeError, match="1 to 200"):
        curve.point(1, index)


FILE = """\
Sensor Model:   CX-1050-SD
Serial Number:  X12345
Data Format:    4      (Log Ohms/Kelvin)
SetPoint Limit: 325.0      (Kelvin)
Temperature coefficient:  1 (Negative)
Number of Breakpoints:   3

No.   Units      Temperature (K)

  1  1.70333       325.0
  2  1.80000       200.0
  3  3.90000         4.2
"""


@pytest.mark.parametrize("text", [FILE, FILE.replace("\n", "\r\n")])
def test_a_curve_file_is_read(text: str) -> None:
    found = curve.parse_file(text)

    assert found.header == CurveHeader("CX-1050-SD", "X12345", CurveFormat.LOG_OHM, 325.0, Coefficient.NEGATIVE)
    assert found.points == (
        CurvePoint(1.70333, 325.0),
        CurvePoint(1.8, 200.0),
        CurvePoint(3.9, 4.2),
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("Data Format", "Format", "no line 'Data Format"),
        ("Breakpoints:   3", "Breakpoints:   4", "announces 4 breakpoints and has 3"),
        ("Format:    4", "Format:    9", "9"),
        ("200.0", "warm", "warm"),
        ("X12345", "X1,2345", "cannot be a name"),
    ],
)
def test_a_wrong_curve_file_is_refused(old: str, new: str, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        curve.parse_file(FILE.replace(old, new))
