"""The calibration curve that an input keeps: up to 200 breakpoints, written, read back, compared.

Source: the commands CRVHDR, CRVPT and CRVDEL and the `.340` curve file, from general knowledge of what
Lake Shore publishes. The manual was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from agents.lakeshore240.reply import NAME_LENGTH, Query, checked_input, checked_name, fields, number, whole
from ocs.model.errors import DeviceError, OutOfRangeError, ParameterError

MAX_POINTS = 200
SERIAL_LENGTH = 10
"""Characters that the serial number of a curve may have."""


class CurveFormat(Enum):
    """Units of the breakpoints."""

    VOLT = 2
    OHM = 3
    LOG_OHM = 4


class Coefficient(Enum):
    """Sign of the slope of temperature over sensor units."""

    NEGATIVE = 1
    POSITIVE = 2


@dataclass(frozen=True)
class CurveHeader:
    """What a curve is called and how its breakpoints are to be read; `limit` is in K."""

    name: str
    serial: str
    format: CurveFormat
    limit: float
    coefficient: Coefficient


@dataclass(frozen=True)
class CurvePoint:
    """One breakpoint: sensor units by the curve's format, and the temperature in K."""

    sensor: float
    kelvin: float


NEVER_WRITTEN = CurvePoint(0.0, 0.0)
"""What the module tells of a breakpoint beyond the last."""


@dataclass(frozen=True)
class Curve:
    """A header with 2 to 200 breakpoints, sensor units rising, temperature as the coefficient says.

    Raises:
        OutOfRangeError: There are too few or too many breakpoints.
        ParameterError: The breakpoints do not follow each other as they must, or a name cannot be kept.
    """

    header: CurveHeader
    points: tuple[CurvePoint, ...]

    def __post_init__(self) -> None:
        checked_name(self.header.name)
        checked_name(self.header.serial, SERIAL_LENGTH)
        count = len(self.points)
        if not 2 <= count <= MAX_POINTS:  # noqa: PLR2004 - a line needs two points
            raise OutOfRangeError(
                f"the curve has {count} breakpoints; allowed are 2 to {MAX_POINTS}",
                field="points",
                given=count,
                limit=MAX_POINTS,
            )
        rises = self.header.coefficient is Coefficient.POSITIVE
        rounded = [CurvePoint(_as_kept(p.sensor), _as_kept(p.kelvin)) for p in self.points]
        for index, (a, b) in enumerate(pairwise(rounded), start=2):
            if b.sensor <= a.sensor or (b.kelvin > a.kelvin) is not rises or a.kelvin == b.kelvin:
                raise ParameterError(
                    f"breakpoint {index} ({b.sensor:g}, {b.kelvin:g} K) cannot follow"
                    f" ({a.sensor:g}, {a.kelvin:g} K): with six digits, sensor units must rise and"
                    f" the temperature must {'rise' if rises else 'fall'} from point to point",
                    field="points",
                    given=b,
                )


def delete(input_number: int) -> str:
    """Delete the curve of an input. Source: CRVDEL, manual not seen."""
    return f"CRVDEL {checked_input(input_number)}"


def header(input_number: int) -> Query[CurveHeader]:
    """Ask for the header of the curve of an input. Source: CRVHDR?, manual not seen."""
    return Query(f"CRVHDR? {checked_input(input_number)}", _header, "name,serial,format,limit,coefficient")


def set_header(input_number: int, header: CurveHeader) -> str:
    """Write the header of the curve of an input. Source: CRVHDR, manual not seen."""
    name, serial = checked_name(header.name), checked_name(header.serial, SERIAL_LENGTH)
    return (
        f"CRVHDR {checked_input(input_number)},{name},{serial},{header.format.value},"
        f"{_digits(header.limit)},{header.coefficient.value}"
    )


def point(input_number: int, index: int) -> Query[CurvePoint]:
    """Ask for one breakpoint, 1 to 200; one that was never written is 0, 0.

    Source: CRVPT?, manual not seen.
    """
    return Query(f"CRVPT? {checked_input(input_number)},{_checked_index(index)}", _point, "units,kelvin")


def set_point(input_number: int, index: int, point: CurvePoint) -> str:
    """Write one breakpoint, 1 to 200, with six digits. Source: CRVPT, manual not seen."""
    where = f"{checked_input(input_number)},{_checked_index(index)}"
    return f"CRVPT {where},{_digits(point.sensor)},{_digits(point.kelvin)}"


def upload(input_number: int, curve: Curve) -> tuple[str, ...]:
    """List the settings that give an input this curve: delete, header, every breakpoint."""
    points = (set_point(input_number, i, p) for i, p in enumerate(curve.points, start=1))
    return (delete(input_number), set_header(input_number, curve.header), *points)


def read_back(input_number: int, count: int) -> tuple[Query[CurvePoint], ...]:
    """List the questions for `count` breakpoints, and for the one after them, which must be empty."""
    last = min(count + 1, MAX_POINTS)
    return tuple(point(input_number, index) for index in range(1, last + 1))


def verify(wanted: Curve, found: CurveHeader, points: tuple[CurvePoint, ...]) -> None:
    """Compare a curve with what `header` and `read_back` brought, to six digits.

    Raises:
        DeviceError: The module does not hold this curve; the sentence names the first difference.
    """
    if _kept_header(found) != _kept_header(wanted.header):
        raise DeviceError(f"the module holds the curve header {found}, not {wanted.header}")
    expected = [*wanted.points, NEVER_WRITTEN][:MAX_POINTS]
    if len(points) != len(expected):
        raise DeviceError(f"{len(points)} breakpoints were read back; needed are {len(expected)}")
    for index, (want, have) in enumerate(zip(expected, points, strict=True), start=1):
        if (_as_kept(want.sensor), _as_kept(want.kelvin)) != (
            _as_kept(have.sensor),
            _as_kept(have.kelvin),
        ):
            raise DeviceError(
                f"breakpoint {index} is ({have.sensor:g}, {have.kelvin:g} K) in the module and"
                f" ({want.sensor:g}, {want.kelvin:g} K) in the curve; upload it again"
            )


def parse_file(text: str) -> Curve:
    """Read a `.340` curve file: six lines `Key: value (remark)`, then `number units kelvin` rows.

    A sensor model longer than 15 characters is cut, as the module would cut it.

    Raises:
        ParameterError: The text is no such file; the sentence names the line or value.
        OutOfRangeError: There are too few or too many breakpoints.
    """
    lines = [line.partition(":") for line in text.splitlines()]
    values = {key.strip(): value.partition("(")[0].strip() for key, colon, value in lines if colon}
    rows = [row for line in text.splitlines() if (row := line.split()) and _is_row(row)]
    try:
        found = CurveHeader(
            values["Sensor Model"][:NAME_LENGTH],
            values["Serial Number"],
            CurveFormat(whole(values["Data Format"])),
            number(values["SetPoint Limit"]),
            Coefficient(whole(values["Temperature coefficient"])),
        )
        count = whole(values["Number of Breakpoints"])
        points = tuple(CurvePoint(number(row[1]), number(row[2])) for row in rows)
    except KeyError as error:
        raise ParameterError(f"the curve file has no line {error}", field="curve") from error
    except ValueError as error:
        raise ParameterError(
            f"the curve file cannot be read: {error} is not a number that is allowed there",
            field="curve",
        ) from error
    if count != len(points):
        raise ParameterError(f"the curve file announces {count} breakpoints and has {len(points)}", field="curve")
    return Curve(found, points)


def _is_row(row: list[str]) -> bool:
    return len(row) == 3 and row[0].isdigit()  # noqa: PLR2004 - number, units, kelvin


def _checked_index(index: int) -> int:
    if not 1 <= index <= MAX_POINTS:
        raise OutOfRangeError(
            f"there is no breakpoint {index}; allowed are 1 to {MAX_POINTS}",
            field="index",
            given=index,
            limit=MAX_POINTS,
        )
    return index


def _digits(value: float) -> str:
    # Six significant digits, never an exponent: the module does not read one here.
    text = f"{float(f'{value:.6g}'):.10f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _as_kept(value: float) -> float:
    return float(_digits(value))


def _kept_header(header: CurveHeader) -> CurveHeader:
    return CurveHeader(
        header.name.strip(),
        header.serial.strip(),
        header.format,
        _as_kept(header.limit),
        header.coefficient,
    )


def _header(text: str) -> CurveHeader:
    name, serial, form, limit, coefficient = fields(text, 5)
    return CurveHeader(name, serial, CurveFormat(whole(form)), number(limit), Coefficient(whole(coefficient)))


def _point(text: str) -> CurvePoint:
    units, kelvin = fields(text, 2)
    return CurvePoint(number(units), number(kelvin))
