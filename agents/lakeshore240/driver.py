"""What a Lake Shore 240 series module is asked, and what its answers mean. Text only, no I/O.

A question is a `Query`: its `text` goes out, its `parse` takes the reply. A setting is plain text
that gets no reply. Lines end with CR LF both ways, on USB serial at 115200 baud, 8N1.

Source of everything here: the command set that Lake Shore publishes for the 240 series, from general
knowledge. The manual was not seen, therefore no section is cited; "manual not seen" below says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import KEEP, Enum, Flag

from agents.lakeshore240.reply import Query, checked_input, checked_name, fields, number, whole
from ocs.model.errors import DeviceError, OutOfRangeError

BAUD_RATE = 115200
TERMINATOR = b"\r\n"
_MODEL = re.compile(r"240-([28])P", re.ASCII)


@dataclass(frozen=True)
class Identity:
    """Who answers on the port."""

    manufacturer: str
    model: str
    serial: str
    firmware: str

    @property
    def inputs(self) -> int:
        """Number of inputs, 2 or 8, as the model's name tells.

        Raises:
            DeviceError: The model is none of the 240 series.
        """
        found = _MODEL.search(self.model)
        if found is None:
            raise DeviceError(f"the instrument calls itself {self.model!r}; this driver knows 240-2P and 240-8P")
        return int(found[1])


class ReadingStatus(Flag, boundary=KEEP):
    """Why a reading must not be trusted; no flag means that it may.

    Source: RDGST?, manual not seen. Bits without a name here are kept, and told by number.
    """

    INVALID_READING = 1
    TEMPERATURE_UNDER_RANGE = 16
    TEMPERATURE_OVER_RANGE = 32
    SENSOR_ZERO = 64
    SENSOR_OVER_RANGE = 128

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each bit that is set."""
        known = [_STATUS_SENTENCES[flag] for flag in self]
        unknown = [
            f"status bit {bit} is set, whose meaning is not known here"
            for bit in range(8)
            if self.value & (1 << bit) and 1 << bit not in _KNOWN_BITS
        ]
        return tuple(known + unknown)


_STATUS_SENTENCES: dict[ReadingStatus, str] = {
    ReadingStatus.INVALID_READING: "the reading is invalid",
    ReadingStatus.TEMPERATURE_UNDER_RANGE: "the temperature is below the curve of this input",
    ReadingStatus.TEMPERATURE_OVER_RANGE: "the temperature is above the curve of this input",
    ReadingStatus.SENSOR_ZERO: "the sensor gives zero: it may be shorted",
    ReadingStatus.SENSOR_OVER_RANGE: "the sensor is over range: it may be open or not connected",
}
_KNOWN_BITS = frozenset(flag.value for flag in ReadingStatus)
_ALL_BITS = 255


class SensorType(Enum):
    """Kind of sensor that an input is set up for."""

    DIODE = 1
    PLATINUM = 2
    NTC = 3


RANGES: dict[SensorType, tuple[str, ...]] = {
    SensorType.DIODE: ("7.5 V",),
    SensorType.PLATINUM: ("1 kohm",),
    SensorType.NTC: (
        "10 ohm",
        "30 ohm",
        "100 ohm",
        "300 ohm",
        "1 kohm",
        "3 kohm",
        "10 kohm",
        "30 kohm",
        "100 kohm",
    ),
}
"""Full scale of each range number, by kind of sensor. Source: INTYPE, manual not seen."""


class DisplayUnit(Enum):
    """Unit in which the module shows an input on its own display, and on the field bus."""

    KELVIN = 1
    CELSIUS = 2
    SENSOR = 3
    FAHRENHEIT = 4


@dataclass(frozen=True)
class InputSetup:
    """How one input measures."""

    sensor: SensorType
    autorange: bool
    range: int
    current_reversal: bool
    unit: DisplayUnit
    enabled: bool

    def __post_init__(self) -> None:
        ranges = RANGES[self.sensor]
        if not 0 <= self.range < len(ranges):
            raise OutOfRangeError(
                f"range {self.range} does not exist for a sensor of type {self.sensor.name};"
                f" allowed are 0 to {len(ranges) - 1} ({', '.join(ranges)})",
                field="range",
                given=self.range,
                limit=len(ranges) - 1,
            )


@dataclass(frozen=True)
class ProfibusSlot:
    """What one slot of the PROFIBUS telegram carries."""

    input: int
    unit: DisplayUnit


def _bit(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(text)
    return text == "1"


def _identity(text: str) -> Identity:
    return Identity(*fields(text, 4))


def _status(text: str) -> ReadingStatus:
    bits = whole(text)
    if not 0 <= bits <= _ALL_BITS:
        raise ValueError(text)
    return ReadingStatus(bits)


def _setup(text: str) -> InputSetup:
    sensor, autorange, span, reversal, unit, enabled = fields(text, 6)
    try:
        return InputSetup(
            SensorType(whole(sensor)),
            _bit(autorange),
            whole(span),
            _bit(reversal),
            DisplayUnit(whole(unit)),
            _bit(enabled),
        )
    except OutOfRangeError as error:
        raise ValueError(text) from error


def _slot(text: str) -> ProfibusSlot:
    source, unit = fields(text, 2)
    return ProfibusSlot(whole(source), DisplayUnit(whole(unit)))


def identity() -> Query[Identity]:
    """Ask who is there. Source: *IDN?, manual not seen."""
    return Query("*IDN?", _identity, "maker,model,serial,firmware")


def kelvin(input_number: int) -> Query[float]:
    """Ask for the temperature of an input in K, by its curve. Source: KRDG?, manual not seen."""
    return Query(f"KRDG? {checked_input(input_number)}", number, "a number in K")


def celsius(input_number: int) -> Query[float]:
    """Ask for the temperature of an input in degC. Source: CRDG?, manual not seen."""
    return Query(f"CRDG? {checked_input(input_number)}", number, "a number in degC")


def fahrenheit(input_number: int) -> Query[float]:
    """Ask for the temperature of an input in degF. Source: FRDG?, manual not seen."""
    return Query(f"FRDG? {checked_input(input_number)}", number, "a number in degF")


def sensor(input_number: int) -> Query[float]:
    """Ask for the signal of an input: V of a diode, ohm of others. Source: SRDG?, manual not seen."""
    return Query(f"SRDG? {checked_input(input_number)}", number, "a number in V or ohm")


def reading_status(input_number: int) -> Query[ReadingStatus]:
    """Ask whether the reading of an input may be trusted. Source: RDGST?, manual not seen."""
    return Query(f"RDGST? {checked_input(input_number)}", _status, "the sum of status bits, 0 to 255")


def input_name(input_number: int) -> Query[str]:
    """Ask for the name of an input. Source: INNAME?, manual not seen."""
    return Query(f"INNAME? {checked_input(input_number)}", str, "a name")


def set_input_name(input_number: int, name: str) -> str:
    """Name an input, at most 15 characters. Source: INNAME, manual not seen."""
    return f"INNAME {checked_input(input_number)},{checked_name(name)}"


def input_setup(input_number: int) -> Query[InputSetup]:
    """Ask how an input measures. Source: INTYPE?, manual not seen."""
    return Query(
        f"INTYPE? {checked_input(input_number)}",
        _setup,
        "sensor,autorange,range,current reversal,unit,enabled",
    )


def set_input_setup(input_number: int, setup: InputSetup) -> str:
    """Set how an input measures. Source: INTYPE, manual not seen."""
    values = (
        setup.sensor.value,
        int(setup.autorange),
        setup.range,
        int(setup.current_reversal),
        setup.unit.value,
        int(setup.enabled),
    )
    return f"INTYPE {checked_input(input_number)}," + ",".join(map(str, values))


def module_name() -> Query[str]:
    """Ask for the name of the module. Source: MODNAME?, manual not seen."""
    return Query("MODNAME?", str, "a name")


def set_module_name(name: str) -> str:
    """Name the module, at most 15 characters. Source: MODNAME, manual not seen."""
    return f"MODNAME {checked_name(name)}"


def profibus_slots() -> Query[int]:
    """Ask how many slots the PROFIBUS telegram has. Source: PROFINUM?, manual not seen."""
    return Query("PROFINUM?", whole, "a count")


def set_profibus_slots(count: int) -> str:
    """Set how many slots the PROFIBUS telegram has, 1 to 8. Source: PROFINUM, manual not seen."""
    return f"PROFINUM {checked_input(count)}"


def profibus_slot(slot: int) -> Query[ProfibusSlot]:
    """Ask what a PROFIBUS slot, 1 to 8, carries. Source: PROFISLOT?, manual not seen."""
    return Query(f"PROFISLOT? {checked_input(slot)}", _slot, "input,unit")


def set_profibus_slot(slot: int, content: ProfibusSlot) -> str:
    """Choose what a PROFIBUS slot, 1 to 8, carries. Source: PROFISLOT, manual not seen."""
    source = checked_input(content.input)
    return f"PROFISLOT {checked_input(slot)},{source},{content.unit.value}"
