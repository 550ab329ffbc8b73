"""The inputs that a module has, as channels: temperature, signal of the sensor, name, calibration curve."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from agents.lakeshore240 import driver
from agents.lakeshore240.curve import CurveHeader, CurvePoint
from agents.lakeshore240.curve_record import CurveRecord, record_of
from agents.lakeshore240.driver import InputSetup, ReadingStatus, SensorType
from ocs.agent import Channel, DeviceError, OcsError, Quality, Sample

if TYPE_CHECKING:
    from agents.lakeshore240.agent import Lakeshore240

POLL_S = 1.0
STALE_S = 5.0

NO_READING = ReadingStatus.INVALID_READING | ReadingStatus.SENSOR_OVER_RANGE
NO_TEMPERATURE = NO_READING | ReadingStatus.SENSOR_ZERO
BEYOND_CURVE = ReadingStatus.TEMPERATURE_UNDER_RANGE | ReadingStatus.TEMPERATURE_OVER_RANGE

KINDS = ("temperature", "sensor", "name", "curve")


class InputChannels:
    """Offers and reads the channels of a module's inputs: `temperature_1`, `sensor_1`, `name_1`, `curve_1`, ...

    The command set has no question for several inputs at once: a look takes three exchanges for each, one of them
    for the status, which serves temperature and signal.

    Args:
        module: The device.
    """

    def __init__(self, module: Lakeshore240) -> None:
        self._module = module
        self._units: dict[int, str] = {}
        self._statuses: dict[int, ReadingStatus | OcsError] = {}
        self._told = ""

    # -- which there are -------------------------------------------------------------------------

    def offer(self, setups: Mapping[int, InputSetup]) -> bool:
        """Have the channels of these inputs and no others; tells whether some are new.

        An input that is switched off has a name and a curve only.

        Args:
            setups: How each input that the module has measures.
        """
        units = {number: signal_unit(setup) for number, setup in setups.items()}
        for number in [known for known, unit in self._units.items() if units.get(known) != unit]:
            self._withdraw(number)
        new = [number for number in units if number not in self._units]
        for number in new:
            self._add(number, units[number])
        return bool(new)

    def _add(self, number: int, unit: str) -> None:
        module = self._module
        if unit:
            temperature = Channel(
                float, unit="K", doc=f"temperature of input {number}, by its curve", format="%9.4f",
                period_s=POLL_S, stale_after_s=STALE_S, abs_change=0.1, archive_period_s=10.0,
            )  # fmt: skip
            signal = Channel(
                float, unit=unit, doc=f"signal of the sensor at input {number}", format="%10.6g", level="expert",
                period_s=POLL_S, stale_after_s=STALE_S, rel_change=0.1, archive_period_s=10.0,
            )  # fmt: skip
            module.add_channel(f"temperature_{number}", temperature, read=lambda: self.temperature(number))
            module.add_channel(f"sensor_{number}", signal, read=lambda: self.signal(number))
        module.add_channel(
            f"name_{number}",
            Channel(str, doc=f"name of input {number}, kept by the module: at most 15 signs"),
            read=lambda: module.ask(driver.input_name(number)),
            write=lambda name: module.link.tell(driver.set_input_name(number, name)),
        )
        # An upload takes seconds, tells its progress and can be aborted: it is a task, this shows what it made.
        curve = Channel(CurveRecord, doc=f"calibration curve of input {number}", level="expert", depth=1)
        module.add_channel(f"curve_{number}", curve)
        self._units[number] = unit

    def _withdraw(self, number: int) -> None:
        for name in (f"{kind}_{number}" for kind in KINDS):
            if name in self._module.channels:
                self._module.remove_channel(name)
        self._statuses.pop(number, None)
        del self._units[number]

    # -- reading ---------------------------------------------------------------------------------

    def look(self, names: Collection[str]) -> None:
        """Ask for the status of each input whose temperature or signal is about to be read, and tell the faults."""
        for number in list(self._units):  # a module that is found meanwhile changes them
            if f"temperature_{number}" in names or f"sensor_{number}" in names:
                self._statuses[number] = self._look_at(number)
        faults = {number: status for number, status in self._statuses.items() if isinstance(status, ReadingStatus)}
        told = "; ".join(f"input {number}: {fault}" for number, status in faults.items() for fault in status.sentences)
        if told or self._told:
            self._module.set_status(told and f"The module reports {told}.")
            self._told = told

    def _look_at(self, number: int) -> ReadingStatus | OcsError:
        try:
            return self._module.ask(driver.reading_status(number))
        except OcsError as error:  # this input's readings fail by it, the others are read
            return error

    def temperature(self, number: int) -> float | Sample:
        """Read the temperature of an input in K.

        Raises:
            DeviceError: The module says that there is none, in its words.
        """
        status = self._status(number)
        _refuse(status, NO_TEMPERATURE, number)
        kelvin = self._module.ask(driver.kelvin(number))
        if not status:
            return kelvin
        quality = Quality.ALARM if status & BEYOND_CURVE else Quality.WARNING
        return Sample(kelvin, quality=quality, reason="; ".join(status.sentences))

    def signal(self, number: int) -> float | Sample:
        """Read the signal of the sensor at an input, in V or ohm.

        Raises:
            DeviceError: The module says that there is none, in its words.
        """
        status = self._status(number)
        _refuse(status, NO_READING, number)
        value = self._module.ask(driver.sensor(number))
        if not status & ReadingStatus.SENSOR_ZERO:
            return value
        return Sample(value, quality=Quality.ALARM, reason="; ".join(status.sentences))

    def _status(self, number: int) -> ReadingStatus:
        status = self._statuses[number]
        if isinstance(status, OcsError):
            raise status
        return status

    # -- curves ----------------------------------------------------------------------------------

    def show_curve(self, number: int, header: CurveHeader, points: Iterable[CurvePoint]) -> None:
        """Say which curve an input holds."""
        self._module.channels[f"curve_{number}"].set(record_of(header, points))

    def no_curve(self, number: int, why: OcsError | str) -> None:
        """Say that the curve of an input is not known, or not whole."""
        self._module.channels[f"curve_{number}"].fail(why)


def signal_unit(setup: InputSetup) -> str:
    """Return the unit in which an input measures its sensor; empty for an input that is switched off."""
    if not setup.enabled:
        return ""
    return "V" if setup.sensor is SensorType.DIODE else "ohm"


def _refuse(status: ReadingStatus, faults: ReadingStatus, number: int) -> None:
    found = status & faults
    if found:
        raise DeviceError(f"input {number} has no reading: {'; '.join(found.sentences)}", given=status.value)
