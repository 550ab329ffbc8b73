"""Physical units and limits, written where a parameter, channel or property is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

UNITS: dict[str, str] = {
    "": "no unit",
    "1": "dimensionless",
    "%": "per cent",
    "A": "ampere",
    "mA": "milliampere",
    "uA": "microampere",
    "V": "volt",
    "mV": "millivolt",
    "uV": "microvolt",
    "V/s": "volt per second",
    "W": "watt",
    "mW": "milliwatt",
    "kW": "kilowatt",
    "ohm": "ohm",
    "kohm": "kiloohm",
    "Mohm": "megaohm",
    "F": "farad",
    "H": "henry",
    "T": "tesla",
    "mT": "millitesla",
    "K": "kelvin",
    "mK": "millikelvin",
    "K/s": "kelvin per second",
    "K/min": "kelvin per minute",
    "degC": "degree Celsius",
    "s": "second",
    "ms": "millisecond",
    "us": "microsecond",
    "ns": "nanosecond",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "m": "metre",
    "mm": "millimetre",
    "um": "micrometre",
    "nm": "nanometre",
    "km": "kilometre",
    "m/s": "metre per second",
    "mm/s": "millimetre per second",
    "um/s": "micrometre per second",
    "m/s2": "metre per second squared",
    "mm/s2": "millimetre per second squared",
    "deg": "degree of angle",
    "rad": "radian",
    "arcmin": "arc minute",
    "arcsec": "arc second",
    "deg/s": "degree per second",
    "rad/s": "radian per second",
    "rpm": "revolutions per minute",
    "kg": "kilogram",
    "g": "gram",
    "N": "newton",
    "Pa": "pascal",
    "hPa": "hectopascal",
    "kPa": "kilopascal",
    "mbar": "millibar",
    "bar": "bar",
    "Torr": "torr",
    "J": "joule",
    "eV": "electronvolt",
    "B": "byte",
    "kB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "B/s": "bytes per second",
    "MB/s": "megabytes per second",
    "bit/s": "bits per second",
    "count": "count",
    "count/s": "counts per second",
    "1/s": "per second",
    "mol": "mole",
    "cd": "candela",
    "lx": "lux",
    "l/min": "litre per minute",
    "m3/h": "cubic metre per hour",
    "dB": "decibel",
    "dBm": "decibel relative to one milliwatt",
    "Jy": "jansky",
    "mag": "magnitude",
    "sr": "steradian",
    "px": "pixel",
    "adu": "analogue-to-digital unit",
}
"""The symbols that a declaration may use: ASCII, SI or what the field thinks in, with their names."""


def check_unit(symbol: str) -> str:
    """Return `symbol` if the table has it.

    Raises:
        ValueError: It has not; the message names near ones.
    """
    if symbol not in UNITS:
        near = [known for known in UNITS if known.lower() == symbol.lower()]
        hint = f"; did you mean {' or '.join(near)}?" if near else "; the table is ocs.model.units.UNITS"
        msg = f"the unit {symbol!r} is not known{hint}"
        raise ValueError(msg)
    return symbol


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number, as in `Annotated[float, Unit("K")]`."""

    symbol: str

    def __post_init__(self) -> None:
        check_unit(self.symbol)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        published = handler(schema)
        published["unit"] = self.symbol
        return published


@dataclass(frozen=True, slots=True)
class Limits:
    """The inclusive bounds of a number, as in `Annotated[float, Limits(0, 400)]`; None leaves a side open."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            msg = f"the limits {self.low:g} to {self.high:g} leave no value"
            raise ValueError(msg)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if schema["type"] not in {"int", "float"}:
            msg = f"Limits goes with int and float, not with {schema['type']}"
            raise TypeError(msg)
        bounds = {key: bound for key, bound in (("ge", self.low), ("le", self.high)) if bound is not None}
        make = core_schema.float_schema if schema["type"] == "float" else core_schema.int_schema
        known = {key: value for key, value in schema.items() if key not in {"type", "ge", "le"}}
        return make(**{**known, **bounds})  # the keys are those of either
