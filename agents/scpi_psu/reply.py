"""What a supply of this kind has and answers: outputs, ratings, typed replies, and how they are read.

Ratings and replies of the 2230G-30-1, from general knowledge; the manual was not seen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import ClassVar, TypeVar

from agents.scpi_psu.status import ErrorReport
from ocs.model import query

T = TypeVar("T")

MODELS = ("2230-30-1", "2230G-30-1")
"""The models that speak this; the G has GPIB besides USB."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_SWITCHES = {"0": False, "1": True, "OFF": False, "ON": True}
_ERROR = re.compile(r'([+-]?\d+)\s*,\s*"?([^"]*)"?', re.ASCII)


class Output(Enum):
    """One of the three outputs, by the name that the supply gives it."""

    CH1 = 1
    CH2 = 2
    CH3 = 3


@dataclass(frozen=True)
class Rating:
    """The most that one output gives, in V and A; settings resolve 1 mV and 1 mA."""

    volts: float
    amperes: float


RATINGS: Mapping[Output, Rating] = MappingProxyType(
    {Output.CH1: Rating(30.0, 1.5), Output.CH2: Rating(30.0, 1.5), Output.CH3: Rating(6.0, 5.0)}
)
"""Ratings of the 2230G-30-1, from general knowledge, manual not seen."""


@dataclass(frozen=True)
class Identity:
    """Who answers, as *IDN? tells."""

    manufacturer: str
    model: str
    serial: str
    firmware: str


@dataclass(frozen=True)
class SetPoint:
    """What one output shall hold: voltage in V, limit of the current in A."""

    volts: float
    amperes: float


@dataclass(frozen=True)
class Readings:
    """What the terminals show at one moment, by output.

    Attributes:
        volts: Voltages, in V.
        amperes: Currents, in A.
        on: Whether any output is on.
        tripped: The outputs that a protection has switched off.
    """

    volts: Mapping[Output, float]
    amperes: Mapping[Output, float]
    on: bool
    tripped: frozenset[Output]

    def watts(self, output: Output) -> float:
        """The power that leaves one output, in W."""
        return self.volts[output] * self.amperes[output]


class Query(query.Query[T]):
    """One question to the supply and the reader of its answer."""

    who: ClassVar[str] = "the supply"


def read_number(text: str) -> float:
    """Read a finite decimal number; raises ValueError for anything else, `nan` and `inf` too."""
    if not _NUMBER.fullmatch(text.strip()) or not math.isfinite(float(text)):
        raise ValueError(text)
    return float(text)


def read_bits(text: str) -> int:
    """Read a sum of bits; raises ValueError for anything else."""
    if not _WHOLE.fullmatch(text) or int(text) < 0:
        raise ValueError(text)
    return int(text)


def read_switch(text: str) -> bool:
    """Read 0, 1, OFF or ON; raises ValueError for anything else."""
    if text.upper() not in _SWITCHES:
        raise ValueError(text)
    return _SWITCHES[text.upper()]


def _pieces(text: str, separator: str, count: int) -> list[str]:
    found = [piece.strip() for piece in text.split(separator)]
    if len(found) != count:
        raise ValueError(text)
    return found


def read_identity(text: str) -> Identity:
    """Read who answers; raises ValueError for anything else, and for another model."""
    found = Identity(*_pieces(text, ",", 4))
    if found.model.upper().removeprefix("MODEL").strip() not in MODELS:
        raise ValueError(text)
    return found


def read_error(text: str) -> ErrorReport:
    """Read one entry of the error queue; raises ValueError for anything else."""
    found = _ERROR.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return ErrorReport(int(found[1]), found[2].strip())


def read_readings(text: str) -> Readings:
    """Read what `driver.readings` asks for; raises ValueError for anything else."""
    volts, amperes, on, tripped = _pieces(text, ";", 4)
    bits = read_bits(tripped)
    # Bit 0 of this register is a summary of other things; output n has bit n.
    return Readings(
        _by_output(volts),
        _by_output(amperes),
        read_switch(on),
        frozenset(output for output in Output if bits & (1 << output.value)),
    )


def _by_output(text: str) -> Mapping[Output, float]:
    return MappingProxyType(dict(zip(Output, map(read_number, _pieces(text, ",", len(Output))), strict=True)))


def read_set_points(text: str) -> Mapping[Output, SetPoint]:
    """Read voltage and current of each output in turn; raises ValueError for anything else."""
    numbers = [read_number(piece) for piece in _pieces(text, ";", 2 * len(Output))]
    points = map(SetPoint, numbers[::2], numbers[1::2])
    return MappingProxyType(dict(zip(Output, points, strict=True)))


def read_limit(text: str) -> float:
    """Read the state of a limit and its value, infinite when it is off; raises ValueError for anything else."""
    state, volts = _pieces(text, ";", 2)
    limit = read_number(volts)
    return limit if read_switch(state) else math.inf
